"""Functions: offered to other apps, and called from them.

Everything that this package names is loaded when it is first used.
"""

from typing import Any

from arkitekt_di.loading import load

_HOMES = {
    "ActionRecord": "arkitekt_di.messages.calls",
    "Caller": "arkitekt_di.rekuest.task",
    "Description": "arkitekt_di.rekuest.ports.notes",
    "Effects": "arkitekt_di.messages.definitions",
    "InMemoryTaskHub": "arkitekt_di.rekuest.in_memory",
    "Label": "arkitekt_di.rekuest.ports.notes",
    "Offer": "arkitekt_di.rekuest.offer",
    "OfferOptions": "arkitekt_di.rekuest.offer",
    "Reference": "arkitekt_di.rekuest.ports.told",
    "Registry": "arkitekt_di.rekuest.registry",
    "Rekuest": "arkitekt_di.rekuest.service",
    "RemoteTask": "arkitekt_di.rekuest.caller.remote_task",
    "SearchWidget": "arkitekt_di.messages.definitions",
    "SliderWidget": "arkitekt_di.messages.definitions",
    "StringWidget": "arkitekt_di.messages.definitions",
    "Task": "arkitekt_di.rekuest.task",
    "Unit": "arkitekt_di.rekuest.ports.notes",
    "acall": "arkitekt_di.rekuest.functions",
    "afind": "arkitekt_di.rekuest.functions",
    "aiterate": "arkitekt_di.rekuest.functions",
    "asearch_actions": "arkitekt_di.rekuest.functions",
    "asubmit": "arkitekt_di.rekuest.functions",
    "background": "arkitekt_di.rekuest.registry",
    "call": "arkitekt_di.rekuest.functions",
    "context": "arkitekt_di.rekuest.injection",
    "current_task": "arkitekt_di.rekuest.task",
    "declare": "arkitekt_di.rekuest.declared",
    "find": "arkitekt_di.rekuest.functions",
    "iterate": "arkitekt_di.rekuest.functions",
    "log": "arkitekt_di.rekuest.task",
    "memory_structure": "arkitekt_di.rekuest.ports.structures",
    "progress": "arkitekt_di.rekuest.task",
    "register": "arkitekt_di.rekuest.registry",
    "register_structure": "arkitekt_di.rekuest.ports.structures",
    "search_actions": "arkitekt_di.rekuest.functions",
    "shutdown": "arkitekt_di.rekuest.registry",
    "startup": "arkitekt_di.rekuest.registry",
    "state": "arkitekt_di.rekuest.agent.states",
    "submit": "arkitekt_di.rekuest.functions",
    "tqdm": "arkitekt_di.rekuest.progress_bar",
    "workflow": "arkitekt_di.rekuest.registry",
}

__all__ = [
    "ActionRecord",
    "Caller",
    "Description",
    "Effects",
    "InMemoryTaskHub",
    "Label",
    "Offer",
    "OfferOptions",
    "Reference",
    "Registry",
    "Rekuest",
    "RemoteTask",
    "SearchWidget",
    "SliderWidget",
    "StringWidget",
    "Task",
    "Unit",
    "acall",
    "afind",
    "aiterate",
    "asearch_actions",
    "asubmit",
    "background",
    "call",
    "context",
    "current_task",
    "declare",
    "find",
    "iterate",
    "log",
    "memory_structure",
    "progress",
    "register",
    "register_structure",
    "search_actions",
    "shutdown",
    "startup",
    "state",
    "submit",
    "tqdm",
    "workflow",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(load(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
