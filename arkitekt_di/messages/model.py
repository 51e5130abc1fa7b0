"""The two kinds of message: what we make ourselves, and what comes in from the wire."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Message(BaseModel):
    """A frozen message that tolerates members it does not know.

    Peers of other versions may send more than we read, so unknown members are dropped, never an error.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class CamelMessage(Message):
    """A message whose members are written in camelCase on the wire, as GraphQL does."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel)
