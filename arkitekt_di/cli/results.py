"""Results of functions as text and as JSON."""

import dataclasses
import json
from datetime import date
from enum import Enum
from typing import Any


def as_json(value: Any) -> str:
    """Return one line of JSON; images and other structures by identifier, choices by name."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def as_text(value: Any) -> str:
    """Return what a person reads: texts as they are, structures as they show themselves, the rest as JSON."""
    if isinstance(value, str):
        return value
    if _is_structure(value):
        return str(value)
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def _is_structure(value: Any) -> bool:
    return isinstance(getattr(value, "id", None), str)


def _plain(value: Any) -> Any:
    if _is_structure(value):
        return {"type": type(value).__name__, "id": value.id, "name": getattr(value, "name", None)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return repr(value)
