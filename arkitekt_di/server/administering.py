"""Who may do in an organization what its other members may not."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from arkitekt_di.server.identity.standing import Role
from arkitekt_di.server.identity.tables import Membership
from arkitekt_di.server.principal import Principal


async def administers(session: AsyncSession, principal: Principal) -> bool:
    """Tell whether *principal* is an admin of the organization that they act in."""
    standing = select(Membership.role).where(
        Membership.user_id == principal.user_id, Membership.organization_id == principal.organization_id
    )
    return await session.scalar(standing) == Role.ADMIN
