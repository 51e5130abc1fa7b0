"""The way of logging in that fits the settings and the surroundings."""

import logging
import shlex
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from arkitekt_di.errors import LoginExpiredError, LoginRequiredError, LoginWayClosedError
from arkitekt_di.herre.choice import Offer, Surroundings, Way, choose_way
from arkitekt_di.herre.flow import Login, LoginFlow
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import OAuthRefusal, Token
from arkitekt_di.protocols.fakts import ClaimSource
from arkitekt_di.settings.models import HerreSettings

log = logging.getLogger(__name__)


def login_command(url: str, manifest: Manifest) -> str:
    """Return the command that logs in the app of *manifest* at *url*, with a person."""
    known = Manifest(identifier=manifest.identifier)
    options = {
        "--app": manifest.identifier,
        "--app-version": manifest.version if manifest.version != known.version else None,
        "--scopes": " ".join(manifest.scopes) if manifest.scopes != known.scopes else None,
        "--instance-id": manifest.device_id,
        "--logo": manifest.logo,
    }
    given = [part for name, value in options.items() if value is not None for part in (name, value)]
    return shlex.join(["arkitekt-di", "auth", *given, "login", url])


class ChosenFlow:
    """Chooses among flows each time somebody has to log in.

    Parameters
    ----------
    flows : mapping of Way to LoginFlow
        Those for ``token``, ``secret``, ``code``, ``device`` and ``paste`` of a registered app.
    claim : LoginFlow
        Through fakts: for apps that are not registered.
    claims : ClaimSource
    settings : HerreSettings
    look_around : callable
        Tells where the app runs.
    """

    def __init__(
        self,
        flows: Mapping[str, LoginFlow],
        claim: LoginFlow,
        claims: ClaimSource,
        settings: HerreSettings,
        look_around: Callable[[], Surroundings],
    ) -> None:
        self._flows = flows
        self._claim = claim
        self._claims = claims
        self._settings = settings
        self._look_around = look_around

    @property
    def key(self) -> TokenKey:
        """Under which the login is kept."""
        return self._keeper.key

    @property
    def is_repeatable(self) -> bool:
        """Whether no person is needed, now and later."""
        return self._keeper.is_repeatable

    @property
    def asks_person(self) -> bool:
        """Whether a person is needed now."""
        return self._keeper.asks_person

    async def login(self, more: Sequence[str] = ()) -> Login:
        """Log in by the way that fits here.

        Raises
        ------
        LoginRequiredError
            A person is needed, and none can be asked here, or none came in time to a headless app.
        """
        here = self._look_around()
        way = choose_way(self._offer, here)
        if way is Way.NOBODY:
            raise LoginRequiredError(self.key.issuer, self._remedy("nobody can be asked here", more))
        if self._settings.login == "headless":
            return await self._log_in_headless(way, more)
        if way in {Way.CODE, Way.DEVICE} and self._is_registered:
            return await self._ask_person(way, here, more)
        return await self._keeper.login(more)

    async def _log_in_headless(self, way: Way, more: Sequence[str]) -> Login:
        """Log in by *way*, which is done in bounded time; a new code would only wait for nobody again."""
        flow = self._flows[way] if way is Way.DEVICE and self._is_registered else self._keeper
        try:
            return await flow.login(more)
        except (LoginExpiredError, LoginWayClosedError) as error:
            raise LoginRequiredError(self.key.issuer, self._remedy(error.reason, more)) from error

    async def _ask_person(self, way: Way, here: Surroundings, more: Sequence[str]) -> Login:
        """Log in by *way*, or by the next one where that is not open; what a person has decided stays decided."""
        ways = [Way.CODE, Way.DEVICE] if way is Way.CODE else [Way.DEVICE]
        if here.has_terminal:
            ways.append(Way.PASTE)
        for other, following in pairwise(ways):
            try:
                return await self._flows[other].login(more)
            except LoginWayClosedError as error:
                log.info("%s; going on with %s", error.reason, following)
        return await self._flows[ways[-1]].login(more)

    async def renew(self, token: Token) -> Login | OAuthRefusal | None:
        """Renew as the login was made."""
        return await self._keeper.renew(token)

    async def revoke(self, token: Token) -> None:
        """Revoke as the login was made."""
        await self._keeper.revoke(token)

    @property
    def _keeper(self) -> LoginFlow:
        """The flow that renews and ends the login; the device flow of a registered app does for the code flow too."""
        way = choose_way(self._offer, Surroundings())
        if way in {Way.TOKEN, Way.SECRET}:
            return self._flows[way]
        return self._flows[Way.DEVICE] if self._is_registered else self._claim

    @property
    def _offer(self) -> Offer:
        settings = self._settings
        return Offer(
            wish=settings.login,
            has_token=settings.token is not None,
            has_secret=settings.client_secret is not None,
            is_silent=not self._claims.asks_person and not self._is_registered,
            has_client=self._is_registered,
        )

    @property
    def _is_registered(self) -> bool:
        return self._settings.client_id is not None or self._settings.issuer is not None

    def _remedy(self, reason: str, more: Sequence[str]) -> str:
        if more:
            wanted = " ".join(more)
            return f"a service wants the scopes {wanted}, and {reason}. Make the app with these scopes"
        command = login_command(self._claims.url, self._claims.manifest)
        return f"{reason}. Log in before, with `{command}`"
