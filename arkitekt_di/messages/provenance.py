"""What made and changed a record, on the wire."""

from enum import StrEnum
from typing import Any, Final

from arkitekt_di.messages.model import CamelMessage

TASK_HEADER: Final = "Arkitekt-Task"
"""Names the task that a request is made in, which the hub believes where its own books say so."""


class OriginKind(StrEnum):
    """What was done to a record."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    MOVED = "MOVED"
    DELETED = "DELETED"
    RESTORED = "RESTORED"


class TaskOrigin(CamelMessage):
    """The task that did it.

    Attributes
    ----------
    id : str
    function : str
        Name of the function.
    arguments : dict of str to object or None
        As they travelled: images and other structures by their identifiers.  None where they are larger than 32 KiB.
    hidden_arguments : tuple of str
        Names of those that only the caller, the user of the app and the organization's admins are told: texts, and
        whatever else is neither number nor structure.
    code_hash : str or None
        Hash of the function's source, as its agent declared it.
    """

    id: str
    function: str
    arguments: dict[str, Any] | None = None
    hidden_arguments: tuple[str, ...] = ()
    code_hash: str | None = None


class Origin(CamelMessage):
    """One thing that was done to a record.

    Attributes
    ----------
    kind : OriginKind
    user_id, user_name : str
        Whose login the app used.
    client_id : str
        The app's registration at the hub.
    app : str or None
        Identifier of the app, as its manifest said at that time.
    app_version : str or None
    task : TaskOrigin or None
        None where it was done outside of a task of this hub.
    first_at, last_at : str
        ISO 8601, UTC.  They differ where the same was done again and again.
    count : int
        How often it was done in a row.
    """

    kind: OriginKind
    user_id: str
    user_name: str
    client_id: str
    app: str | None = None
    app_version: str | None = None
    task: TaskOrigin | None = None
    first_at: str
    last_at: str
    count: int = 1
