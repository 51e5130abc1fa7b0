"""Login by a person in a browser, on this machine or another (RFC 8628)."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from arkitekt_di.errors import LoginRefusedError, NotAHubError
from arkitekt_di.fakts.grant import REQUESTED_CLIENT, wire_form
from arkitekt_di.fakts.known_hub import KnownHub
from arkitekt_di.fakts.presenter import LoginPrompt, Presenter
from arkitekt_di.messages.fakts import DeviceCode
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import TokenResponse
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.device_polling import LONGEST_WAIT_S, DevicePolling, is_safe_to_show
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.token_endpoint import TokenEndpoint


class DeviceCodeGrant:
    """Gets a code, shows it to a person, and asks for the tokens until the person has decided.

    Parameters
    ----------
    http : HttpClient
    presenter : Presenter
    clock : callable, optional
        Seconds that never run backwards.
    sleep : callable, optional
        Waits for some seconds.
    timeout_s : float, optional
        Longest wait for the person, in seconds; the hub is asked for a code that is good for as long.
    """

    def __init__(
        self,
        http: HttpClient,
        presenter: Presenter,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        timeout_s: float = LONGEST_WAIT_S,
    ) -> None:
        self._http = http
        self._presenter = presenter
        self._clock = clock
        self._polling = DevicePolling(clock, sleep, timeout_s)

    def suits(self, hub: KnownHub) -> bool:
        """Tell whether the hub gives such codes."""
        return hub.document.device_authorization_endpoint is not None

    def is_silent(self, hub: KnownHub) -> bool:
        """Tell that a person is needed."""
        return False

    def asks_person(self, hub: KnownHub) -> bool:
        """Tell that a person is needed."""
        return True

    def tag(self) -> str:
        """Tell that a person's login is like any other of theirs."""
        return ""

    async def claim(self, hub: KnownHub, manifest: Manifest) -> TokenResponse:
        """Ask for a code and wait for a person.

        Raises
        ------
        LoginExpiredError
            Nobody decided in time.
        LoginRefusedError
            The person, or the hub, said no.
        """
        code = await self._request_code(hub, manifest)
        lifetime = self._polling.lifetime_s(code.expires_in)
        deadline = self._clock() + lifetime
        prompt = LoginPrompt(
            app=manifest.identifier,
            hub=_printable(hub.document.name),
            link=code.verification_uri_complete or code.verification_uri,
            code=code.user_code,
            expires_in_s=lifetime,
        )
        async with self._presenter.showing(prompt):
            return await self._wait_for_tokens(hub, code, deadline)

    async def _request_code(self, hub: KnownHub, manifest: Manifest) -> DeviceCode:
        endpoint = hub.document.device_authorization_endpoint
        if endpoint is None:
            raise LoginRefusedError(hub.url, "the hub gives no device codes")
        request: dict[str, Any] = {
            "manifest": wire_form(manifest),
            "expiration_time_seconds": math.ceil(self._polling.timeout_s),
            "redirect_uris": [],
            **REQUESTED_CLIENT,
        }
        return _read_code(hub, await self._http.post_json(endpoint, request))

    async def _wait_for_tokens(self, hub: KnownHub, code: DeviceCode, deadline: float) -> TokenResponse:
        # Imported late: oauthlib takes longer to load than everything else here.
        from oauthlib.oauth2 import DeviceClient

        form = DeviceClient(code.client_id).prepare_request_body(
            code.device_code.get_secret_value(), include_client_id=True
        )
        endpoint = TokenEndpoint(self._http, hub.token_endpoint)
        return await self._polling.wait(
            lambda: endpoint.exchange(form),
            code.user_code,
            url=hub.url,
            deadline=deadline,
            interval=float(code.interval),
        )


def _read_code(hub: KnownHub, answer: Answer) -> DeviceCode:
    members = answer.members()
    if members is None:
        raise answer.unusable()
    if "error" in members:
        raise LoginRefusedError(hub.url, f"it gives no code ({_printable(str(members['error']))})")
    try:
        code = DeviceCode.model_validate(members)
    except ValidationError as error:
        raise NotAHubError(hub.url, "its device code is incomplete") from error
    for link in (code.verification_uri, code.verification_uri_complete or code.verification_uri):
        if not is_safe_to_show(link):
            raise NotAHubError(hub.url, "its login link is not a web page that can be opened safely")
    if not code.user_code.isprintable():
        raise NotAHubError(hub.url, "its code cannot be shown")
    return code


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())[:200]
