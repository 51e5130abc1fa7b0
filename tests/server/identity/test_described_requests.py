"""Requests that schemathesis makes of the description of identity, right and wrong: no failure, and answers as told."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from arkitekt_di.server.identity.client_kind import ClientKind
from tests.server.identity.description import described
from tests.server.identity.harness import MANDATE_KEY, PASSWORD, Browser, Hub, browsing, running
from tests.server.identity.provider import REDIRECT, SITE, Try, challenge_of, get_code, register
from tests.server.operations import operations_of

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HTTP = {"GET", "POST"}


class Described:
    """A hub, somebody who is logged in on its pages, and what is known of it."""

    def __init__(self, folder: Path, keys: Path) -> None:
        self.runner = asyncio.Runner()
        self.running = running(folder, keys)
        self.hub: Hub = self.runner.run(self.running.__aenter__())
        self.browsing = browsing(self.hub)
        self.browser: Browser = self.runner.run(self.browsing.__aenter__())
        self.token = ""
        self.known = self.runner.run(self._known())
        schema = schemathesis.openapi.from_dict(described(self.known))
        self.operations = {operation.label: operation for operation in operations_of(schema)}
        self.cases = {
            f"{mode} {label}": operation.as_strategy(generation_mode=mode)
            for label, operation in self.operations.items()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
            # Where nothing can be said, nothing can be said wrong.
            if mode is GenerationMode.POSITIVE or operation.body or operation.query or operation.path_parameters
        }

    async def _known(self) -> Mapping[str, Sequence[str]]:
        """Return credentials that are good, as each kind of request wants them."""
        native, site = await register(self.hub), await register(self.hub, ClientKind.WEB)
        service = await register(self.hub, ClientKind.SERVICE)
        server = await register(self.hub, ClientKind.RESOURCE_SERVER)
        tokens, waiting = await self.hub.log_in(), await self.hub.ask()
        self.token = tokens["access_token"]
        attempt = Try(native.client_id)
        code = await get_code(self.hub, self.browser, attempt)
        await self.browser.get("/apps")
        form_token = self.browser.page.text.partition('name="form_token" value="')[2].partition('"')[0]
        secrets = [one.secret.get_secret_value() for one in (site, service, server) if one.secret]
        clients = [native, site, service, server]
        return {
            "client_id": [tokens["client_id"], waiting["client_id"], *(one.client_id for one in clients)],
            "client_secret": secrets,
            "token": [tokens["access_token"], tokens["refresh_token"]],
            "refresh_token": [tokens["refresh_token"]],
            "device_code": [waiting["device_code"]],
            "code": [code, waiting["user_code"]],
            "code_verifier": [attempt.verifier],
            "code_challenge": [challenge_of(attempt.verifier)],
            "code_challenge_method": ["S256", "plain"],
            "response_type": ["code", "token"],
            "redirect_uri": [REDIRECT, SITE],
            "scope": ["openid", "openid profile", "offline_access"],
            "key": [MANDATE_KEY],
            "manifest": ['{"identifier": "x"}', "{"],
            "form_token": [form_token],
            "name": ["ada", "a key"],
            "password": [PASSWORD],
            "organization": [self.hub.people["ada"].organization_id],
            "answer": ["allow", "approve", "deny"],
            "seen": ["yes"],
            "next": ["/apps", "//evil.example"],
            "prompt": ["none", "login"],
            "max_age": ["0", "1000000000"],
        }

    def send(self, case: Case[Any]) -> None:
        """Send *case*, and check the answer against the description."""
        self.hub.clock.advance(100)  # no limit is reached
        cookies = "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())
        headers = {"Authorization": f"Bearer {self.token}"} if case.path in {"/report/", "/o/userinfo/"} else {}
        answer = self.runner.run(self._send(case, {**headers, "Cookie": cookies}))
        case.validate_response(answer, checks=CHECKS)

    async def _send(self, case: Case[Any], headers: Mapping[str, str]) -> Any:
        # requests blocks, so the hub runs on beside it.
        return await asyncio.to_thread(case.call, self.hub.url, headers=dict(headers), allow_redirects=False)

    def close(self) -> None:
        self.runner.run(self.browsing.__aexit__(None, None, None))
        self.runner.run(self.running.__aexit__(None, None, None))
        self.runner.close()


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Described]:
    folder = tmp_path_factory.mktemp("described")
    target = Described(folder, keys)
    yield target
    target.close()


def test_every_route_is_described(target: Described) -> None:
    routes = {f"{route.method} {route.path}" for route in target.hub.identity.routes() if route.method in HTTP}  # type: ignore[attr-defined]

    assert routes == set(target.operations)


QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
LONG = settings(QUICK, max_examples=1500)


def check(target: Described, data: st.DataObject, caplog: pytest.LogCaptureFixture) -> None:
    strategy = target.cases[data.draw(st.sampled_from(sorted(target.cases)))]
    with caplog.at_level(logging.ERROR):
        target.send(data.draw(strategy))
    assert [record.getMessage() for record in caplog.records] == []


@QUICK
@given(data=st.data())
def test_requests_are_answered_as_described(
    target: Described, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    check(target, data, caplog)


@pytest.mark.long
@LONG
@given(data=st.data())
def test_requests_are_answered_as_described_at_length(
    target: Described, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    check(target, data, caplog)
