"""Lists, sets, dictionaries and tuples."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.rekuest.ports.codec import ITEM, Codec, Slot, Visit


class ListCodec(Codec):
    """Any number of values of one type, in order; or without order, as a set.

    Parameters
    ----------
    item : Slot
    make : callable
        ``list``, ``tuple``, ``set`` or ``frozenset``.
    """

    kind = PortKind.LIST

    def __init__(self, item: Slot, make: Callable[[Iterable[Any]], Any] = list) -> None:
        self._item = item
        self._make = make
        self.carries_structures = item.codec.carries_structures

    @property
    def name(self) -> str:
        """Such as ``list of int``."""
        return f"list of {self._item.codec.name}"

    def accepts(self, value: object) -> bool:
        """Tell whether *value* holds several; text does not."""
        return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)

    def shrink(self, value: Any, at: str, visit: Visit) -> list[Any]:
        """Return a JSON array."""
        if not self.accepts(value):
            self.refuse(value, at)
        return [self._item.shrink(item, f"{at}[{index}]", visit) for index, item in enumerate(value)]

    def expand(self, value: Any, at: str, visit: Visit) -> Any:
        """Return the items."""
        if not isinstance(value, list):
            self.refuse(value, at)
        items = [self._item.expand(item, f"{at}[{index}]", visit) for index, item in enumerate(value)]
        return items if visit.is_survey else self._make(items)

    def children(self) -> Sequence[Slot]:
        """Return the item."""
        return (self._item,)


class DictCodec(Codec):
    """Values of one type by name.

    Parameters
    ----------
    item : Slot
    """

    kind = PortKind.DICT

    def __init__(self, item: Slot) -> None:
        self._item = item
        self.carries_structures = item.codec.carries_structures

    @property
    def name(self) -> str:
        """Such as ``dictionary of int``."""
        return f"dictionary of {self._item.codec.name}"

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is a mapping."""
        return isinstance(value, Mapping)

    def shrink(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return a JSON object."""
        if not isinstance(value, Mapping):
            self.refuse(value, at)
        for key in value:
            if not isinstance(key, str):
                raise ValueRefusedError(at, f"the key {key!r} is no text")
        return {key: self._item.shrink(item, f"{at}[{key!r}]", visit) for key, item in value.items()}

    def expand(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return a dict."""
        if not isinstance(value, dict):
            self.refuse(value, at)
        return {key: self._item.expand(item, f"{at}[{key!r}]", visit) for key, item in value.items()}

    def children(self) -> Sequence[Slot]:
        """Return the value."""
        return (self._item,)


class TupleCodec(Codec):
    """A fixed number of values, each of its own type; travels as a model with the keys ``0``, ``1``, ...

    Parameters
    ----------
    items : sequence of Slot
    """

    kind = PortKind.MODEL
    identifier = "@python/tuple"

    def __init__(self, items: Sequence[Slot]) -> None:
        self._items = tuple(items)
        self.carries_structures = any(item.codec.carries_structures for item in items)

    @property
    def name(self) -> str:
        """How many."""
        return f"tuple of {len(self._items)}"

    def accepts(self, value: object) -> bool:
        """Tell whether *value* holds as many."""
        return isinstance(value, tuple | list) and len(value) == len(self._items)

    def shrink(self, value: Any, at: str, visit: Visit) -> dict[str, Any]:
        """Return a JSON object."""
        if not self.accepts(value):
            self.refuse(value, at)
        pairs = zip(self._items, value, strict=True)
        return {item.key: item.shrink(one, f"{at}[{item.key}]", visit) for item, one in pairs}

    def expand(self, value: Any, at: str, visit: Visit) -> tuple[Any, ...]:
        """Return a tuple; a JSON array is taken as well."""
        if isinstance(value, list) and len(value) == len(self._items):
            value = {item.key: one for item, one in zip(self._items, value, strict=True)}
        if not isinstance(value, dict):
            self.refuse(value, at)
        return tuple(item.expand(value.get(item.key), f"{at}[{item.key}]", visit) for item in self._items)

    def children(self) -> Sequence[Slot]:
        """Return the items."""
        return self._items


def item_slot(codec: Codec, key: str = ITEM) -> Slot:
    """Return the slot of an item about which nothing else is said."""
    return Slot(key, codec)
