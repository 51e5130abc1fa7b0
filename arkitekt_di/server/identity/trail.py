"""The audit log as one token request writes it, in its own transaction: nothing ends without being written down."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from arkitekt_di.server.identity.audit import NOBODY, Action, AuditLog
from arkitekt_di.server.identity.legible import shown
from arkitekt_di.server.identity.tables import Client, Login, User


@dataclass(frozen=True)
class Trail:
    """Writes down what a program does with the login of a person.

    Attributes
    ----------
    audit : AuditLog
    remote : str
        Who sent the request.
    """

    audit: AuditLog
    remote: str

    def note(self, session: Session, action: Action, login: Login) -> None:
        """Write one event about *login* down: whose it was, and of which app."""
        user, client = session.get(User, login.user_id), session.get(Client, login.client_id)
        self.audit.write(
            session,
            action,
            NOBODY if user is None else user.name,
            organization_id=login.organization_id,
            subject="" if client is None else shown(client.manifest.identifier),
            remote=self.remote,
        )
