"""What the hub remembers about people, apps and logins.

Moments are Unix time in whole seconds, so that SQLite and PostgreSQL keep the same.
"""

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.server.database import Table

ID = String(64)
DIGEST = String(64)


class Organization(Table):
    """A group of people who share their records."""

    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[int] = mapped_column(BigInteger)


class User(Table):
    """A person; one without a password cannot log in on the pages."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(256), unique=True)  # case-folded, so that Ada and ada are one
    password_hash: Mapped[str | None] = mapped_column(String(256))
    created_at: Mapped[int] = mapped_column(BigInteger)


class Membership(Table):
    """What a user is in an organization."""

    __tablename__ = "memberships"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32))


class Client(Table):
    """An app that asked to be let in, or a client that an administrator registered."""

    __tablename__ = "clients"

    client_id: Mapped[str] = mapped_column(ID, primary_key=True)
    manifest_json: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(32))
    redirect_uris: Mapped[str] = mapped_column(Text, server_default="", default="")  # a URI holds no space
    created_at: Mapped[int] = mapped_column(BigInteger)

    @property
    def manifest(self) -> Manifest:
        """What the app says about itself."""
        return Manifest.model_validate_json(self.manifest_json)


class Registration(Table):
    """What an administrator decided about a client."""

    __tablename__ = "registrations"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    secret_digest: Mapped[str | None] = mapped_column(DIGEST)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))  # whom a service acts as


class Mandate(Table):
    """What a program may do by itself: whoever shows its key acts as that user in that organization."""

    __tablename__ = "mandates"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    key_digest: Mapped[str] = mapped_column(DIGEST, unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    app: Mapped[str | None] = mapped_column(String(255))  # the one app that it lets in; any where it is null
    is_service: Mapped[bool] = mapped_column(Boolean)  # the user was made for it, and goes with it
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class MandatedClient(Table):
    """An app that logs in by a mandate; its client ends with the mandate."""

    __tablename__ = "mandated_clients"

    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id", ondelete="CASCADE"), primary_key=True)
    mandate_id: Mapped[str] = mapped_column(ForeignKey("mandates.id", ondelete="CASCADE"), index=True)


class Login(Table):
    """What one user lets one app do in one organization; all tokens of one family belong to it."""

    __tablename__ = "logins"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id", ondelete="CASCADE"), index=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    used_at: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def scopes(self) -> list[str]:
        """What was granted."""
        return self.scope.split()


class DeviceCode(Table):
    """A request of an app that a person answers (RFC 8628)."""

    __tablename__ = "device_codes"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    user_code_digest: Mapped[str] = mapped_column(DIGEST, unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(Text)
    remote: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    interval_s: Mapped[int] = mapped_column(Integer)
    polled_at_ms: Mapped[int | None] = mapped_column(BigInteger)  # polls are a second apart: seconds are too coarse
    approved_at: Mapped[int | None] = mapped_column(BigInteger)
    denied_at: Mapped[int | None] = mapped_column(BigInteger)
    redeemed_at: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[str | None] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    login_id: Mapped[str | None] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"))


class AuthorizationCode(Table):
    """What a person allowed on the consent page, until the app redeems it (RFC 6749, section 4.1)."""

    __tablename__ = "authorization_codes"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.client_id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    redirect_uri: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    code_challenge: Mapped[str] = mapped_column(DIGEST)
    nonce: Mapped[str | None] = mapped_column(Text)
    authenticated_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    redeemed_at: Mapped[int | None] = mapped_column(BigInteger)
    login_id: Mapped[str | None] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"))


class RefreshToken(Table):
    """One link in the chain of a login; used once, remembered until it would have expired."""

    __tablename__ = "refresh_tokens"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    login_id: Mapped[str] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
    used_at: Mapped[int | None] = mapped_column(BigInteger)


class WebSession(Table):
    """A person who is logged in on the pages."""

    __tablename__ = "web_sessions"

    digest: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger, index=True)


class AuditEvent(Table):
    """Something that was done, or tried; it outlives whoever did it, so it refers to no other table."""

    __tablename__ = "audit_events"

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, index=True)
    action: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(64))
    organization_id: Mapped[str | None] = mapped_column(ID, index=True)
    subject: Mapped[str] = mapped_column(String(128))
    remote: Mapped[str] = mapped_column(String(64))
