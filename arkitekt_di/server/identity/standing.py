"""What a user is in an organization: the two always go together."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from arkitekt_di.server.identity.tables import Membership, Organization, User


class Role(StrEnum):
    """What a member may do."""

    ADMIN = "admin"
    MEMBER = "member"


@dataclass(frozen=True)
class Standing:
    """A user as a member of one organization."""

    user_id: str
    user_name: str
    organization_id: str
    organization_slug: str
    organization_name: str
    role: str


def standings_of(session: Session, user_id: str) -> list[Standing]:
    """Return every organization that the user belongs to, by name."""
    rows = session.execute(_memberships(user_id).order_by(Organization.name, Organization.id))
    return [Standing(*row) for row in rows]


def standing_in(session: Session, user_id: str, organization_id: str) -> Standing | None:
    """Return what the user is in the organization, or None for a stranger."""
    row = session.execute(_memberships(user_id).where(Organization.id == organization_id)).one_or_none()
    return None if row is None else Standing(*row)


def _memberships(user_id: str) -> Select[str, str, str, str, str, str]:
    return (
        select(User.id, User.name, Organization.id, Organization.slug, Organization.name, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(User.id == user_id)
    )
