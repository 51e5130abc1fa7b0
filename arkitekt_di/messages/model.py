"""The two spellings of messages on the wire, and how secrets in them are written out."""

import json

from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic.alias_generators import to_camel


class Message(BaseModel):
    """A frozen message that tolerates members it does not know.

    Peers of other versions may send more than we read, so unknown members are dropped, never an error.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True)

    def revealed(self) -> bytes:
        """Return the message as JSON with its secrets in the clear: for private files and for the peer only."""
        return json.dumps(self.model_dump(by_alias=True), default=_reveal).encode()


class CamelMessage(Message):
    """A message whose members are written in camelCase on the wire, as GraphQL does."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, hide_input_in_errors=True, alias_generator=to_camel
    )


def _reveal(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)
