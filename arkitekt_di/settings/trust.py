"""What the file of a project may not set: whoever clones a repository runs with it unread."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from arkitekt_di.settings.files import file_layer
from arkitekt_di.settings.layer import Layer
from arkitekt_di.settings.origins import Kind, dotted
from arkitekt_di.settings.tree import leaves

REFUSED_IN_PROJECT_FILES: Mapping[str, str] = MappingProxyType(
    {
        "fakts.url": "it would send the login of whoever clones the project to that hub",
        "fakts.facts": "it would send the token of whoever clones the project to the addresses in it",
        "fakts.facts_file": "it would send the token of whoever clones the project to the addresses in it",
        "fakts.token": "it would run as somebody else whoever clones the project",
        "fakts.mandate_key": "a secret does not belong into a project",
        "fakts.mandate_key_file": "it would send a key file of whoever clones the project to a hub",
        "herre.token": "it would run as somebody else whoever clones the project",
        "herre.issuer": "it would send the login of whoever clones the project to that issuer",
        "herre.client_id": "it would let whoever clones the project in as another app",
        "herre.client_secret": "a secret does not belong into a project",
        "hub.folder": "a data folder names the hub and holds its keys, and could come with the project",
    }
)
"""Each refused key with the reason."""

REMEDY = "Set it in your own config.yaml, in the environment or as an argument"


def project_layer(path: Path, environ: Mapping[str, str]) -> Layer:
    """Read the file of a project; each key that it may not set is a problem."""
    layer = file_layer(path, Kind.PROJECT_FILE, environ)
    return layer.with_problems(
        [
            leaf.origin.problem(key, f"a project file may not set this: {reason}. {REMEDY}")
            for key, leaf in leaves(layer.tree)
            if (reason := REFUSED_IN_PROJECT_FILES.get(dotted(key)))
        ]
    )
