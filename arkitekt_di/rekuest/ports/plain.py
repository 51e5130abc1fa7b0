"""Numbers, text, truth and time."""

import math
import operator
from datetime import date, datetime
from typing import Any, Final

from arkitekt_di.errors import ValueRefusedError
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.rekuest.ports.codec import Codec, Visit

_NOT_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""Words for what JSON has no number for, as in the JSON form of protocol buffers (ProtoJSON)."""


class BoolCodec(Codec):
    """``bool``, and what NumPy calls so."""

    kind = PortKind.BOOL

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is a truth value."""
        return isinstance(value, bool) or type(value).__name__ in {"bool_", "bool"}

    def shrink(self, value: Any, at: str, visit: Visit) -> bool:
        """Return a JSON boolean."""
        return bool(value) if self.accepts(value) else self.refuse(value, at)

    def expand(self, value: Any, at: str, visit: Visit) -> bool:
        """Return a bool."""
        return value if isinstance(value, bool) else self.refuse(value, at)


class IntCodec(Codec):
    """``int``, and whatever counts as one, such as NumPy's integers."""

    kind = PortKind.INT

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is a whole number; a truth value is none."""
        return hasattr(value, "__index__") and not isinstance(value, bool) and not getattr(value, "shape", ())

    def shrink(self, value: Any, at: str, visit: Visit) -> int:
        """Return a JSON number without a fraction."""
        return operator.index(value) if self.accepts(value) else self.refuse(value, at)

    def expand(self, value: Any, at: str, visit: Visit) -> int:
        """Return an int; ``3.0`` is one too, as in JSON Schema."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return self.refuse(value, at)


class FloatCodec(Codec):
    """``float``, and whatever is a number, such as NumPy's scalars."""

    kind = PortKind.FLOAT

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is a number; a truth value is none."""
        has_value = hasattr(value, "__float__") or hasattr(value, "__index__")
        return has_value and not isinstance(value, bool) and not getattr(value, "shape", ())

    def shrink(self, value: Any, at: str, visit: Visit) -> float | str:
        """Return a JSON number, or the word for what is none."""
        if not self.accepts(value):
            self.refuse(value, at)
        number = float(value)
        if math.isfinite(number):
            return number
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")

    def expand(self, value: Any, at: str, visit: Visit) -> float:
        """Return a float."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, str) and value in _NOT_FINITE:
            return _NOT_FINITE[value]
        return self.refuse(value, at)


class StringCodec(Codec):
    """``str``."""

    kind = PortKind.STRING

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is text."""
        return isinstance(value, str)

    def shrink(self, value: Any, at: str, visit: Visit) -> str:
        """Return a JSON string."""
        if not isinstance(value, str):
            self.refuse(value, at)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueRefusedError(at, "the text holds half a surrogate pair, which is no Unicode") from None
        return str(value)

    def expand(self, value: Any, at: str, visit: Visit) -> str:
        """Return a str."""
        return value if isinstance(value, str) else self.refuse(value, at)


class DateTimeCodec(Codec):
    """``datetime``, as ISO 8601 with its time zone where it has one."""

    kind = PortKind.DATE

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is a point in time."""
        return isinstance(value, datetime)

    def shrink(self, value: Any, at: str, visit: Visit) -> str:
        """Return ISO 8601."""
        return value.isoformat() if isinstance(value, datetime) else self.refuse(value, at)

    def expand(self, value: Any, at: str, visit: Visit) -> datetime:
        """Return a datetime."""
        try:
            return datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return self.refuse(value, at)


class DateCodec(Codec):
    """``date``, as ISO 8601."""

    kind = PortKind.DATE

    def accepts(self, value: object) -> bool:
        """Tell whether *value* is a day."""
        return isinstance(value, date) and not isinstance(value, datetime)

    def shrink(self, value: Any, at: str, visit: Visit) -> str:
        """Return ISO 8601."""
        return value.isoformat() if isinstance(value, date) and self.accepts(value) else self.refuse(value, at)

    def expand(self, value: Any, at: str, visit: Visit) -> date:
        """Return a date; user interfaces send midnight of the day."""
        try:
            return datetime.fromisoformat(value).date()
        except (TypeError, ValueError):
            return self.refuse(value, at)
