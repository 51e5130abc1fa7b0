"""How agents register at hubs of the generation before: declared over GraphQL, with reports that are not numbered.

Such a hub refuses every member that it does not know, so a frame says nothing more here than it did then.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from arkitekt_di.messages.definitions import Declaration
from arkitekt_di.messages.frames import Frame
from arkitekt_di.messages.orders import ORDERS, EventAck
from arkitekt_di.messages.reports import Register
from arkitekt_di.protocols.rekuest import AgentSocket
from arkitekt_di.protocols.transport import GraphQL

KNOWN_MEMBERS: Final = """query KnownMembers($agent: String!, $implement: String!, $implementation: String!) {
  agent: __type(name: $agent) { inputFields { name } }
  implement: __type(name: $implement) { inputFields { name } }
  implementation: __type(name: $implementation) { inputFields { name } }
}"""

ENSURE_AGENT: Final = """mutation EnsureAgent($input: AgentInput!) {
  ensureAgent(input: $input) { id }
}"""

IMPLEMENT_AGENT: Final = """mutation ImplementAgent($input: ImplementAgentInput!) {
  implementAgent(input: $input) { id }
}"""

_NUMBERING: Final = ("pos", "journal_session", "agent_ts", "task_step", "attempt")
_OURS: Final = frozenset({"ACCEPTED"})
_REFUSAL: Final = re.compile(r"extra (inputs|fields)|extra_forbidden|unexpected (keyword|field)", re.IGNORECASE)


class OlderFormError(Exception):
    """The hub refuses members of ``REGISTER``; caught where the older form is taken instead."""


def refuses_members(fault: str) -> bool:
    """Tell whether a hub has said that it does not take members which it does not know."""
    return _REFUSAL.search(fault) is not None


class OlderForm:
    """Declares an agent over GraphQL.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    async def declare(self, declaration: Declaration) -> None:
        """Make the agent known, and what it offers; members that the hub's schema does not have are left out.

        Raises
        ------
        HubRefusedError
            The hub does not take the declaration.
        """
        known = await self._known_members()
        members = declaration.model_dump(mode="json", by_alias=True, exclude_none=True)
        offered = [_only(known["implementation"], one) for one in members.pop("implementations")]
        await self._graphql.execute(ENSURE_AGENT, {"input": _only(known["agent"], {"name": declaration.name})})
        wanted = _only(known["implement"], members | {"implementations": offered, "hash": declaration.hash})
        await self._graphql.execute(IMPLEMENT_AGENT, {"input": wanted})

    async def _known_members(self) -> dict[str, frozenset[str] | None]:
        names = {"agent": "AgentInput", "implement": "ImplementAgentInput", "implementation": "ImplementationInput"}
        data = await self._graphql.execute(KNOWN_MEMBERS, names)
        return {key: _names_of(data.get(key)) for key in names}


def _names_of(described: Any) -> frozenset[str] | None:
    """Return the members of an input type; None where it is none, so that everything may go in."""
    fields = described.get("inputFields") if isinstance(described, dict) else None
    return frozenset(field["name"] for field in fields) if fields else None


def _only(known: frozenset[str] | None, members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if known is None or name in known}


def bare(frame: Register) -> Register:
    """Return a registration that says no more than who comes."""
    return Register(id=frame.id, token=frame.token, force=frame.force, session_id=frame.session_id)


class OlderSocket:
    """A connection whose reports are counted, not numbered, and confirmed one by one.

    Parameters
    ----------
    socket : AgentSocket
    acknowledge : callable
        Takes session and position up to which the hub has recorded everything.
    """

    def __init__(self, socket: AgentSocket, acknowledge: Callable[[str, int], None]) -> None:
        self._socket = socket
        self._acknowledge = acknowledge
        self._seq = 0
        self._sent: dict[str, tuple[str, int]] = {}

    @property
    def url(self) -> str:
        """The other end."""
        return self._socket.url

    async def send(self, text: str) -> None:
        """Send one frame, in the words that the hub knows."""
        frame: dict[str, Any] = json.loads(text)
        if frame["type"] in _OURS:
            return
        numbering = {name: frame.pop(name) for name in _NUMBERING if name in frame}
        position = (numbering.get("journal_session", ""), numbering.get("pos", 0))
        if "task" in frame and position[1]:
            self._seq += 1
            frame["seq"] = self._seq
            self._sent[frame["id"]] = position
        await self._socket.send(json.dumps(frame, separators=(",", ":")))
        if position[1] and not self._sent:  # nobody confirms what is about no task
            self._acknowledge(*position)

    async def receive(self) -> str:
        """Return the next frame that is no confirmation."""
        while True:
            text = await self._socket.receive()
            order: Frame = ORDERS.read(text)
            if not isinstance(order, EventAck):
                return text
            self._confirm(order.event)

    def _confirm(self, event: str) -> None:
        """Take a report for recorded, and all before it: the hub records them in order."""
        position = self._sent.get(event)
        if position is None:
            return
        session, pos = position
        self._sent = {key: sent for key, sent in self._sent.items() if sent[0] != session or sent[1] > pos}
        self._acknowledge(session, pos)

    async def close(self) -> None:
        """Close the connection."""
        await self._socket.close()
