"""Frames of the agent socket: what they have in common, and how they are read."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar

from pydantic import Field, SecretStr
from pydantic_core import from_json, to_json

from arkitekt_di.messages.model import Message

FEATURE_STATE_REQUIRES = "state_requires"
"""The agent tests the state that an assignment asks for before it runs."""

FEATURE_ATTEMPTS = "arkitekt_di.attempts"
"""Ours: ``ASSIGN`` says which attempt it is, and reports say to which attempt they belong."""

FEATURE_REDELIVERED = "arkitekt_di.redelivered"
"""Ours: the agent understands ``REDELIVERED_EVENT``."""

FEATURE_CREDITS = "arkitekt_di.credits"
"""Ours: a generator waits when it has yielded as often as ``ASSIGN`` and ``CREDIT`` have allowed."""


FEATURE_TOGETHER = "arkitekt_di.together"
"""Ours: several frames may come as one JSON array, in order."""


def together(texts: Sequence[str]) -> str:
    """Return encoded frames as one message, for a peer that has said that it reads them so."""
    return texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"


def new_frame_id() -> str:
    """Return an identifier for a frame."""
    return str(uuid.uuid4())


class Frame(Message):
    """One JSON object on an agent socket; ``type`` says what it is.

    Attributes
    ----------
    id : str
        Names the frame; an answer repeats it.
    """

    type: str
    id: str = Field(default_factory=new_frame_id)

    def encoded(self) -> str:
        """Return the frame as it is sent: members that may be left out, and are empty, are left out."""
        return to_json(self._sent(), by_alias=False).decode()

    def stamped(self, stamps: Mapping[str, object]) -> str:
        """Return the frame as it is sent, with other values of some of its members."""
        return to_json({**self._sent(), **stamps}, by_alias=False).decode()

    def _sent(self) -> dict[str, Any]:
        optional = _optional_members(type(self))
        return {name: value for name, value in self.__dict__.items() if value is not None or name not in optional}


class SecretFrame(Frame):
    """A frame that carries a token, which only its encoded form shows."""

    def encoded(self) -> str:
        """Return the frame as it is sent, secrets in the clear: for the peer only."""
        sent = self._revealed()
        try:
            return to_json(sent, by_alias=False).decode()
        except ValueError:  # half a surrogate in an argument: it has a JSON form, but none in UTF-8
            return json.dumps(self.model_dump(include=set(sent)), default=_reveal, separators=(",", ":"))

    def _revealed(self) -> dict[str, Any]:
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value
            for name, value in self._sent().items()
        }


class UnknownFrame(Frame):
    """A frame of a kind that this version does not know; it is passed over."""


class FrameReader:
    """Reads frames of one direction.

    Parameters
    ----------
    frames : iterable of type
        Every kind that is understood; each has a default for ``type``.
    """

    UNKNOWN: ClassVar[type[Frame]] = UnknownFrame

    def __init__(self, frames: Iterable[type[Frame]]) -> None:
        self._frames = {str(frame.model_fields["type"].default): frame for frame in frames}

    def read(self, text: str | bytes) -> Frame:
        """Return the frame in *text*.

        Raises
        ------
        json.JSONDecodeError
            Where it is not a JSON object.
        pydantic.ValidationError
            Where members are missing or of another type.
        """
        values = _parsed(text)
        if not isinstance(values, dict):
            raise json.JSONDecodeError("not a JSON object", "", 0)
        return self._frame_of(values)

    def read_all(self, text: str | bytes) -> list[Frame]:
        """Return the frames of a message, which is one or an array of several; raises as `read` does."""
        values = _parsed(text)
        several = values if isinstance(values, list) else [values]
        if not all(isinstance(one, dict) for one in several):
            raise json.JSONDecodeError("not a JSON object, nor several", "", 0)
        return [self._frame_of(one) for one in several]

    def _frame_of(self, values: dict[str, Any]) -> Frame:
        frame: type[Frame] = self._frames.get(_kind_of(values), self.UNKNOWN)
        return frame.model_validate(values)


def _parsed(text: str | bytes) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


@cache
def _optional_members(frame: type[Frame]) -> frozenset[str]:
    return frozenset(name for name, field in frame.model_fields.items() if field.default is None)


def _kind_of(values: dict[str, Any]) -> str:
    kind = values.get("type")
    return kind if isinstance(kind, str) else ""


def _reveal(value: object) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)
