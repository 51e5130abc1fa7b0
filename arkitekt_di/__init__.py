"""Client SDK and hub of the Arkitekt lab platform.

Everything that this module names is loaded when it is first used, so that importing it costs next to nothing.
"""

from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "App": "arkitekt_di.app",
    "ArkitektError": "arkitekt_di.errors",
    "Task": "arkitekt_di.rekuest.task",
    "acall": "arkitekt_di.rekuest.functions",
    "afind": "arkitekt_di.rekuest.functions",
    "aiterate": "arkitekt_di.rekuest.functions",
    "asubmit": "arkitekt_di.rekuest.functions",
    "background": "arkitekt_di.rekuest.registry",
    "builder": "arkitekt_di.builders",
    "call": "arkitekt_di.rekuest.functions",
    "current_app": "arkitekt_di.app",
    "easy": "arkitekt_di.builders",
    "embedded": "arkitekt_di.builders",
    "find": "arkitekt_di.rekuest.functions",
    "iterate": "arkitekt_di.rekuest.functions",
    "jupy": "arkitekt_di.builders",
    "log": "arkitekt_di.rekuest.task",
    "port": "arkitekt_di.builders",
    "progress": "arkitekt_di.rekuest.task",
    "qt": "arkitekt_di.builders",
    "register": "arkitekt_di.rekuest.registry",
    "register_structure": "arkitekt_di.rekuest.ports.structures",
    "scheduler": "arkitekt_di.builders",
    "search_actions": "arkitekt_di.rekuest.functions",
    "shutdown": "arkitekt_di.rekuest.registry",
    "startup": "arkitekt_di.rekuest.registry",
    "submit": "arkitekt_di.rekuest.functions",
    "workflow": "arkitekt_di.rekuest.registry",
}

__all__ = [
    "App",
    "ArkitektError",
    "Task",
    "__version__",
    "acall",
    "afind",
    "aiterate",
    "asubmit",
    "background",
    "builder",
    "call",
    "current_app",
    "easy",
    "embedded",
    "find",
    "iterate",
    "jupy",
    "log",
    "port",
    "progress",
    "qt",
    "register",
    "register_structure",
    "scheduler",
    "search_actions",
    "shutdown",
    "startup",
    "submit",
    "workflow",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from arkitekt_di.loading import load  # this module imports nothing of ours before it is asked for something

    value = globals()[name] = getattr(load(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
