"""The identity service of the hub, put together."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from arkitekt_di.errors import AutomaticApprovalError
from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.directory import Directory
from arkitekt_di.server.identity.access_tokens import HUB_AUDIENCE, AccessTokens
from arkitekt_di.server.identity.app_endpoint import AppEndpoint
from arkitekt_di.server.identity.apps_page import AppsPage
from arkitekt_di.server.identity.audit import AuditLog
from arkitekt_di.server.identity.authenticator import TokenAuthenticator
from arkitekt_di.server.identity.authorization_page import AuthorizationPage
from arkitekt_di.server.identity.clients import Clients
from arkitekt_di.server.identity.clock import Clock
from arkitekt_di.server.identity.device_codes import DeviceCodes
from arkitekt_di.server.identity.device_page import DevicePage
from arkitekt_di.server.identity.documents import Documents
from arkitekt_di.server.identity.first_run import FirstRun
from arkitekt_di.server.identity.id_tokens import IdTokens
from arkitekt_di.server.identity.introspection import Introspection
from arkitekt_di.server.identity.keys import SigningKeys
from arkitekt_di.server.identity.keys_page import KeysPage
from arkitekt_di.server.identity.login_page import LoginPage
from arkitekt_di.server.identity.mandates import Mandates
from arkitekt_di.server.identity.oauth_endpoint import OAuthEndpoint
from arkitekt_di.server.identity.organization_page import OrganizationPage
from arkitekt_di.server.identity.pages import Pages
from arkitekt_di.server.identity.passwords import Passwords
from arkitekt_di.server.identity.revocation import Revocation
from arkitekt_di.server.identity.sessions import WebSessions
from arkitekt_di.server.identity.setup_page import SetupPage
from arkitekt_di.server.identity.token_issuer import TokenIssuer
from arkitekt_di.server.identity.users import Users
from arkitekt_di.server.identity.wishes import Wishes
from arkitekt_di.settings.models import IdentitySettings

log = logging.getLogger(__name__)


class Identity:
    """Users, login pages and tokens of one hub.

    Parameters
    ----------
    database : Database
        Started before this service.
    address : Address
    directory : Directory
        The services that apps may ask for.
    settings : IdentitySettings
    keys_folder : Path
        Private folder for signing keys; hubs that share a database must share it.
    mandate_key : pydantic.SecretStr or None
        Key that logs programs in as the user "local"; None has no such user.
    hub_name : str
        Shown to people, and told to apps.
    clock : Clock, default time.time

    Attributes
    ----------
    users : Users
        Creates users and resets passwords.
    clients : Clients
        Registers clients.
    mandates : Mandates
        Makes and removes mandate keys.
    audit : AuditLog
        Who did what.
    pages : Pages
        Shows pages of other parts of the hub, too.
    sessions : WebSessions
        Which browser is whose.
    authenticator : TokenAuthenticator
        Accepts every access token of this hub.

    Raises
    ------
    AutomaticApprovalError
        Logins would be approved without a person on a hub that others can reach.
    """

    def __init__(  # noqa: PLR0913  # the one place where the package meets the rest of the hub
        self,
        database: Database,
        address: Address,
        directory: Directory,
        settings: IdentitySettings,
        keys_folder: Path,
        mandate_key: SecretStr | None,
        hub_name: str,
        clock: Clock = time.time,
    ) -> None:
        self._approves_alone = settings.approval == "automatic"
        if self._approves_alone and not address.is_loopback:
            raise AutomaticApprovalError(address.reachable_at)
        self._database = database
        self._address = address
        self._clock = clock
        self._mandate_key = mandate_key
        self._keys = SigningKeys(keys_folder)
        self._tokens = AccessTokens(self._keys, address, settings.access_token_s, clock)
        self.audit = AuditLog(database, settings, clock)
        self._issuer = TokenIssuer(
            database,
            self._tokens,
            IdTokens(self._keys, address, settings.access_token_s, clock),
            directory,
            refresh_token_s=settings.refresh_token_s,
            hub_name=hub_name,
            audit=self.audit,
            clock=clock,
        )
        self._sessions = WebSessions(database, address, keys_folder / "forms.key", clock)
        self.users = Users(database, Passwords(), clock)
        self.clients = Clients(database, clock)
        self.mandates = Mandates(database, clock)
        self.authenticator = self.authenticator_for(HUB_AUDIENCE)
        self._first_run = FirstRun(self.users)
        self._codes = codes = DeviceCodes(database, settings.device_code_s, clock)
        self.sessions = self._sessions
        self.pages = pages = Pages(self._sessions, self.audit, hub_name)
        wishes = Wishes(directory, address)
        revocation = Revocation(database, self._tokens, self.audit, clock)
        introspection = Introspection(database, self._tokens, clock)
        self._programs = OAuthEndpoint(address, codes, self._issuer, revocation, introspection, clock)
        self._surfaces = (
            self._programs,
            Documents(address, self._keys, directory, hub_name),
            AppEndpoint(database, self.authenticator, clock),
            pages,
            LoginPage(pages, self._sessions, self.users, clock),
            DevicePage(pages, self._sessions, self.users, codes, wishes, clock),
            AuthorizationPage(database, address, pages, self._sessions, self.users, wishes, clock),
            AppsPage(database, pages, self._sessions, wishes, clock),
            KeysPage(pages, self._sessions, self.users, self.mandates),
            OrganizationPage(pages, self._sessions, self.users, self.audit),
            SetupPage(pages, self._sessions, self._first_run),
        )

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes of every endpoint and page."""
        return [route for surface in self._surfaces for route in surface.routes()]

    async def start(self) -> None:
        """Load the keys, and make the local user where programs log in as it."""
        await self._keys.start()
        await self._sessions.start()
        if self._mandate_key is not None:
            await self.mandates.let_in_locally(await self.users.ensure_local(), self._mandate_key)
        else:
            await self.mandates.shut_out_locally()
        if self._approves_alone:
            log.warning("every app is let in without a person: for tests only")
            self._programs.approve_all_as(await self.users.ensure_local())

    async def stop(self) -> None:
        """Close nothing: the database is closed by its owner."""

    async def setup_url(self) -> str | None:
        """Return the one-time link that makes its holder the administrator; None once there is one.

        It is a secret: show it on the console and nowhere else.
        """
        token = await self._first_run.token()
        return None if token is None else f"{self._address.url}/setup/{token}"

    def authenticator_for(self, service: str) -> TokenAuthenticator:
        """Return an authenticator that accepts only tokens of apps which were granted *service*.

        Parameters
        ----------
        service : str
            Reverse-domain name, such as ``live.arkitekt.mikro``.
        """
        return TokenAuthenticator(self._database, self._tokens, service, self._clock)
