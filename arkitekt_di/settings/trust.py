"""What files may not set: that of a project, which whoever clones it runs with unread, and any file at all."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from arkitekt_di.settings.files import file_layer
from arkitekt_di.settings.layer import Layer
from arkitekt_di.settings.origins import Key, Kind, dotted
from arkitekt_di.settings.tree import Leaf, Listing, leaves

REFUSED_IN_PROJECT_FILES: Mapping[str, str] = MappingProxyType(
    {
        "fakts.url": "it would send the login of whoever clones the project to that hub",
        "fakts.fingerprint": "it would have whoever clones the project trust that hub",
        "fakts.facts": "it would send the token of whoever clones the project to the addresses in it",
        "fakts.facts_file": "it would send the token of whoever clones the project to the addresses in it",
        "fakts.token": "it would run as somebody else whoever clones the project",
        "fakts.mandate_key": "a secret does not belong into a project",
        "fakts.mandate_key_file": "it would send a key file of whoever clones the project to a hub",
        "herre.token": "it would run as somebody else whoever clones the project",
        "herre.issuer": "it would send the login of whoever clones the project to that issuer",
        "herre.client_id": "it would let whoever clones the project in as another app",
        "herre.client_secret": "a secret does not belong into a project",
        "mikro.kind": "what whoever clones the project stores could be forgotten at the end of the process",
        "overrides": "it would run any code of the project as soon as whoever clones it makes an app",
        "hub.folder": "a data folder names the hub and holds its keys, and could come with the project",
    }
)
"""Each refused key with the reason."""

REFUSED_IN_FILES: Mapping[str, str] = MappingProxyType(
    {"transport.insecure": "it would go on sending logins where others can read them, long after it was needed"}
)
"""Each key that no file may set, with the reason; an argument and a variable of the environment may."""

REMEDY = "Set it in your own config.yaml, in the environment or as an argument"
"""What whoever trusts a project does; ``ARKITEKT_CONFIG`` may name its whole file."""


def project_layer(path: Path, environ: Mapping[str, str]) -> Layer:
    """Read the file of a project; each key that it may not set is a problem."""
    return refused_in_projects(file_layer(path, Kind.PROJECT_FILE, environ))


def refused_in_projects(layer: Layer) -> Layer:
    """Return *layer* with a problem for each key that the file of a project may not set."""
    return layer.with_problems(
        [
            leaf.origin.problem(key, f"a project file may not set this: {reason}. {REMEDY}")
            for key, leaf in leaves(layer.tree)
            if (reason := _reason_against(key))
        ]
    )


def _reason_against(key: Key) -> str | None:
    """Return why a project may not set *key*, or a mapping that *key* is in."""
    mappings = (dotted(key[:length]) for length in range(len(key), 0, -1))
    return next((REFUSED_IN_PROJECT_FILES[name] for name in mappings if name in REFUSED_IN_PROJECT_FILES), None)


def without_lasting_insecurity(layer: Layer) -> Layer:
    """Return *layer* with a problem for each key that no file may switch on, where it is one."""
    if not layer.tree.origin.kind.is_file:
        return layer
    return layer.with_problems(
        [
            leaf.origin.problem(key, f"no file may set this: {reason}. Say it for one call, as an argument")
            for key, leaf in leaves(layer.tree)
            if (reason := REFUSED_IN_FILES.get(dotted(key))) and not _is_off(leaf)
        ]
    )


def _is_off(leaf: Leaf | Listing) -> bool:
    return isinstance(leaf, Leaf) and str(leaf.value).lower() == "false"
