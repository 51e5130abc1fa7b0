"""Random histories of one hub: no order of requests gives a credential a second life."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from arkitekt_di.server.identity.apps_page import AppsPage
from arkitekt_di.server.identity.authorization_codes import LIFETIME_S, issue_code
from arkitekt_di.server.identity.authorization_request import check_request
from arkitekt_di.server.identity.device_codes import KEPT_S
from arkitekt_di.server.identity.users import Users
from tests.server.identity.harness import CHEAP, Hub, part, running
from tests.server.identity.provider import REDIRECT, Try

ACCESS_S, REFRESH_S = 3600, 30 * 24 * 3600
MAX_FAMILIES = 2  # many steps on few logins find more than few steps on many
KEYS = tempfile.TemporaryDirectory(prefix="identity-keys-")


@dataclass
class Family:
    """What ought to be true of one login."""

    issued: dict[str, Any]
    asked_at: float
    tokens: dict[str, Any] | None = None
    used: list[dict[str, Any]] = field(default_factory=list)
    issued_at: float = 0.0
    is_revoked: bool = False
    attempt: Try | None = None
    """Where the app uses an authorization code."""
    code: str = ""
    is_spoilt: bool = False

    @property
    def lifetime_s(self) -> float:
        """How long the device code, or the authorization code, can be redeemed."""
        return float(self.issued["expires_in"]) if self.attempt is None else LIFETIME_S


class LoginMachine(RuleBasedStateMachine):
    families = Bundle("families")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.context = running(Path(self.folder.name), Path(KEYS.name))
        self.hub: Hub = self.runner.run(self.context.__aenter__())
        self.known: list[Family] = []

    def teardown(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    @initialize(target=families)
    def log_in(self) -> Family:
        family = self._ask()
        self._redeem(family)
        self._refresh(family)
        return family

    @precondition(lambda self: len(self.known) < MAX_FAMILIES)
    @rule(target=families)
    def ask_and_approve(self) -> Family:
        return self._ask()

    @precondition(lambda self: len(self.known) < MAX_FAMILIES)
    @rule(target=families)
    def allow_on_the_consent_page(self) -> Family:
        self.hub.clock.advance(2)
        family = Family(self.runner.run(self.hub.ask(redirect_uris=[REDIRECT])), asked_at=self.hub.clock())
        self.runner.run(self.hub.approve(self.runner.run(self.hub.ask())))  # makes the person
        family.attempt = Try(family.issued["client_id"])
        family.code = self.runner.run(self._allow(family.attempt))
        self.known.append(family)
        return family

    async def _allow(self, attempt: Try) -> str:
        now = int(self.hub.clock())
        async with self.hub.database.transaction() as session:
            asked = await session.run_sync(check_request, attempt.parameters(), now=now)
            ada = self.hub.people["ada"]
            return await session.run_sync(issue_code, asked, ada, authenticated_at=now, now=now)

    @rule(family=families)
    def redeem_with_a_wrong_verifier(self, family: Family) -> None:
        if family.attempt is None:
            return
        fields = family.attempt.redemption(family.code, code_verifier="w" * 43)
        assert self.runner.run(self.hub.token(**fields)).status in {400, 401}
        family.is_spoilt = True
        family.is_revoked = family.is_revoked or family.tokens is not None

    def _ask(self) -> Family:
        self.hub.clock.advance(2)  # below the limit on registrations
        family = Family(self.runner.run(self.hub.ask()), asked_at=self.hub.clock())
        self.runner.run(self.hub.approve(family.issued))
        self.known.append(family)
        return family

    @rule(family=families)
    def redeem(self, family: Family) -> None:
        self._redeem(family)

    def _redeem(self, family: Family) -> None:
        age = self.hub.clock() - family.asked_at
        if age >= KEPT_S:  # the code may be forgotten by now, and with it that it was used
            return
        if family.attempt is None:
            answer = self.runner.run(self.hub.poll(family.issued))
        else:
            answer = self.runner.run(self.hub.token(**family.attempt.redemption(family.code)))
        if family.tokens is None and not family.is_spoilt and age < family.lifetime_s:
            assert answer.status == 200
            family.tokens, family.issued_at = answer.json, self.hub.clock()
        else:
            assert answer.status in {400, 401}
            family.is_revoked = family.is_revoked or family.tokens is not None

    @rule(family=families)
    def refresh(self, family: Family) -> None:
        self._refresh(family)

    def _refresh(self, family: Family) -> None:
        if family.tokens is None:
            return
        answer = self.runner.run(self.hub.refresh(family.tokens))
        if family.is_revoked or self.hub.clock() - family.issued_at >= REFRESH_S:
            assert answer.status == 400
        else:
            assert answer.status == 200
            family.used.append(family.tokens)
            family.tokens, family.issued_at = answer.json, self.hub.clock()

    @rule(family=families, index=st.integers(0, 5))
    def refresh_again(self, family: Family, index: int) -> None:
        if not family.used:
            return
        answer = self.runner.run(self.hub.refresh(family.used[index % len(family.used)]))
        assert answer.error == (400, "invalid_grant")
        family.is_revoked = True  # all the waits of one history are shorter than the life of a refresh token

    @rule(family=families)
    def revoke(self, family: Family) -> None:
        if family.tokens is None:
            return
        fields = {"token": family.tokens["refresh_token"], "client_id": family.tokens["client_id"]}
        assert self.runner.run(self.hub.send("POST", "/o/revoke/", data=fields)).status == 200
        family.is_revoked = True

    @rule(family=families)
    def end_on_my_apps(self, family: Family) -> None:
        if family.tokens is None or family.is_revoked:
            return
        self.runner.run(self._end(family.tokens["access_token"]))
        family.is_revoked = True

    async def _end(self, access_token: str) -> None:
        page = AppsPage(self.hub.database, None, None, None, self.hub.clock)  # type: ignore[arg-type]  # unseen
        assert await page._end(self.hub.people["ada"].user_id, part(access_token, 1)["login"]) is not None

    @rule()
    def leave_the_organization_and_come_back(self) -> None:
        self.runner.run(self._leave_and_join())
        for family in self.known:
            family.is_revoked = family.is_revoked or family.tokens is not None
            family.is_spoilt = True  # what was allowed and not redeemed does not come back either

    async def _leave_and_join(self) -> None:
        users = Users(self.hub.database, CHEAP, self.hub.clock)
        await users.leave("ada", "lab-of-ada")
        await users.join("ada", "lab-of-ada")

    @rule(family=families, other=families)
    def refresh_as_another_client(self, family: Family, other: Family) -> None:
        if family.tokens is None or family is other:
            return
        stolen = {**family.tokens, "client_id": other.issued["client_id"]}
        assert self.runner.run(self.hub.refresh(stolen)).status in {400, 401}

    @rule(seconds=st.sampled_from([10, ACCESS_S // 2]))
    def wait(self, seconds: int) -> None:
        self.hub.clock.advance(seconds)

    @invariant()
    def access_tokens_work_exactly_while_their_login_is_open(self) -> None:
        for family in self.known:
            if family.tokens is None:
                continue
            is_good = not family.is_revoked and self.hub.clock() - family.issued_at < ACCESS_S
            principal = self.runner.run(
                self.hub.identity.authenticator.authenticate_token(family.tokens["access_token"])
            )
            assert (principal is not None) == is_good


LoginMachine.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a history takes a second: shrinking one takes minutes
    suppress_health_check=list(HealthCheck),
)
test_no_history_gives_a_credential_a_second_life = LoginMachine.TestCase
