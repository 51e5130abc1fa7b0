"""What every record that people see has in common: whose it is, its name, its place, and whether it is in the trash."""

from sqlalchemy import ColumnElement, Float, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.server.identifiers import is_identifier, new_identifier
from arkitekt_di.server.principal import Principal


class Record:
    """Columns of a record; times are seconds since 1970, UTC.

    A record in the trash has a ``deleted_at`` and is seen by nobody.  ``deleted_with`` names the folder whose deletion
    took it along; None where it was deleted by itself.
    """

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_identifier)
    organization_id: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[str] = mapped_column(String(255))
    user_name: Mapped[str] = mapped_column(String(255))
    client_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    folded_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float(53))
    updated_at: Mapped[float] = mapped_column(Float(53))
    deleted_at: Mapped[float | None] = mapped_column(Float(53))
    deleted_with: Mapped[str | None] = mapped_column(String(36))


class Filed(Record):
    """Columns of a record that may lie in a folder."""

    folder_id: Mapped[str | None] = mapped_column(String(36))


def owned(kind: type[Record], principal: Principal) -> ColumnElement[bool]:
    """Return the condition that a record, in the trash or not, belongs to the organization of *principal*."""
    return kind.organization_id == principal.organization_id


def named(kind: type[Record], principal: Principal, record_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the one record that is asked for, where it is not in the trash."""
    return (*named_anywhere(kind, principal, record_id), kind.deleted_at.is_(None))


def named_anywhere(kind: type[Record], principal: Principal, record_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the one record that is asked for, in the trash or not."""
    return owned(kind, principal), kind.id == (record_id if is_identifier(record_id) else "")
