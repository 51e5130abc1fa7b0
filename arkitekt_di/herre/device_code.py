"""Login of a registered app by a person with any browser (RFC 8628)."""

from collections.abc import Sequence
from urllib.parse import urlencode

from pydantic import ValidationError

from arkitekt_di.errors import LoginError, LoginRefusedError, LoginWayClosedError
from arkitekt_di.herre.client import OAuthClient
from arkitekt_di.herre.flow import Login
from arkitekt_di.herre.store import TokenKey
from arkitekt_di.messages.fakts import DEVICE_CODE_GRANT
from arkitekt_di.messages.oauth import DeviceAuthorization, OAuthRefusal, Token
from arkitekt_di.protocols.presenter import LoginPrompt, Presenter
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.device_polling import DevicePolling, is_safe_to_show
from arkitekt_di.transport.http import HttpClient


class DeviceCodeFlow:
    """Shows a code of the provider, and waits until a person has approved it.

    Parameters
    ----------
    client : OAuthClient
    http : HttpClient
    presenter : Presenter
    polling : DevicePolling, optional
        How the provider is asked whether the person has decided.
    """

    def __init__(
        self, client: OAuthClient, http: HttpClient, presenter: Presenter, polling: DevicePolling | None = None
    ) -> None:
        self._client = client
        self._http = http
        self._presenter = presenter
        self._polling = polling or DevicePolling()

    @property
    def key(self) -> TokenKey:
        """Under which the login is kept."""
        return self._client.key

    @property
    def is_repeatable(self) -> bool:
        """Tell that a person is needed."""
        return False

    @property
    def asks_person(self) -> bool:
        """Tell that a person is needed."""
        return True

    async def login(self, more: Sequence[str] = ()) -> Login:
        """Ask for a code and wait for a person.

        Raises
        ------
        LoginExpiredError
            Nobody decided in time.
        LoginRefusedError
            The person, or the provider, said no.
        """
        code = await self._request_code(self._client.scope(more))
        lifetime = self._polling.lifetime_s(code.expires_in)
        deadline = self._polling.clock() + lifetime
        link = code.verification_uri_complete or code.verification_uri
        prompt = LoginPrompt(self._client.app, self._client.url, link, code.user_code, lifetime)
        form = {"grant_type": DEVICE_CODE_GRANT, "device_code": code.device_code.get_secret_value()}
        async with self._presenter.showing(prompt):
            return await self._polling.wait(
                lambda: self._client.try_to_obtain(form),
                code.user_code,
                url=self._client.url,
                deadline=deadline,
                interval=float(code.interval),
            )

    async def renew(self, token: Token) -> Login | OAuthRefusal | None:
        """Exchange the refresh token."""
        return await self._client.renew(token)

    async def revoke(self, token: Token) -> None:
        """Tell the provider that the login is over."""
        await self._client.revoke(token)

    async def _request_code(self, scope: str) -> DeviceAuthorization:
        endpoint = (await self._client.provider()).device_authorization_endpoint
        if endpoint is None:
            raise LoginWayClosedError(self._client.url, "it gives no device codes")
        form = {"client_id": self._client.client_id, "scope": scope}
        return self._read_code(await self._http.post_form(endpoint, urlencode(form)))

    def _read_code(self, answer: Answer) -> DeviceAuthorization:
        members = answer.members()
        if members is None:
            raise answer.unusable()
        try:
            if answer.status != 200:
                raise LoginRefusedError(self._client.url, OAuthRefusal.model_validate(members).reason)
            code = DeviceAuthorization.model_validate(members)
        except ValidationError as error:
            raise LoginError(self._client.url, "its device code is incomplete") from error
        links = (code.verification_uri, code.verification_uri_complete or code.verification_uri)
        if not all(map(is_safe_to_show, links)) or not code.user_code.isprintable():
            raise LoginError(self._client.url, "its login link or code cannot be shown safely")
        return code
