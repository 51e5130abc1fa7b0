"""An order to run a function, as the ledger keeps its arguments."""

from typing import Any

from pydantic import Field
from pydantic_core import to_json

from arkitekt_di.messages.orders import Assign


class WrittenAssign(Assign):
    """An assignment whose arguments are JSON already: they are neither read nor written again.

    Attributes
    ----------
    written_args : str
        What ``args`` is on the wire.
    """

    args: dict[str, Any] = Field(default_factory=dict)
    written_args: str

    def encoded(self) -> str:
        """Return the frame as it is sent: for the peer only."""
        sent = {name: value for name, value in self._revealed().items() if name not in {"args", "written_args"}}
        return f'{to_json(sent, by_alias=False).decode()[:-1]},"args":{self.written_args}}}'
