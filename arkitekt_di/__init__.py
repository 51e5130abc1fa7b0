"""Client SDK and hub of the Arkitekt lab platform.

Everything that this module names is loaded when it is first used, so that importing it costs next to nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "App": "arkitekt_di.app",
    "ArkitektError": "arkitekt_di.errors",
    "builder": "arkitekt_di.builders",
    "current_app": "arkitekt_di.app",
    "easy": "arkitekt_di.builders",
    "embedded": "arkitekt_di.builders",
    "jupy": "arkitekt_di.builders",
    "port": "arkitekt_di.builders",
}

__all__ = ["App", "ArkitektError", "__version__", "builder", "current_app", "easy", "embedded", "jupy", "port"]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
