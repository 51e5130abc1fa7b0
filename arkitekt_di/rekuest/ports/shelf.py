"""Values that stay in the memory of the agent that made them."""

import uuid
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from arkitekt_di.errors import ValueRefusedError

MOST: Final = 1000
"""Values that are kept; the one that was used least recently goes first, and its reference then says so."""


class Shelf:
    """Keeps values under references of its own.

    Parameters
    ----------
    most : int, default 1000
        Most values that are kept.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._values: OrderedDict[str, Any] = OrderedDict()
        self.on_put: Callable[[str, str], None] = _nothing
        """Told reference and identifier of what is put here."""
        self.on_drop: Callable[[str, str], None] = _nothing
        """Told reference and identifier of what is dropped."""
        self._identifiers: dict[str, str] = {}

    def put(self, identifier: str, value: Any) -> str:
        """Keep *value* and return its reference."""
        reference = str(uuid.uuid4())
        self._values[reference] = value
        self._identifiers[reference] = identifier
        self.on_put(reference, identifier)
        if len(self._values) > self._most:
            self.drop(next(iter(self._values)))
        return reference

    def get(self, reference: str, at: str) -> Any:
        """Return a value; raises `ValueRefusedError` where it is not here."""
        if reference not in self._values:
            raise ValueRefusedError(at, f"the value {reference} is not, or no longer, in the memory of this agent")
        self._values.move_to_end(reference)
        return self._values[reference]

    def drop(self, reference: str) -> None:
        """Forget a value, where it is here."""
        if reference in self._values:
            del self._values[reference]
            self.on_drop(reference, self._identifiers.pop(reference))

    def __len__(self) -> int:
        return len(self._values)


def _nothing(reference: str, identifier: str) -> None:
    """Tell nobody."""
