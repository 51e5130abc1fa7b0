import pytest
from pydantic import SecretStr

from arkitekt_di.errors import ConfigurationError, LoginRefusedError
from arkitekt_di.fakts.device_code import DeviceCodeGrant
from arkitekt_di.fakts.grant import FirstGrant, Grant
from arkitekt_di.fakts.refresh_token import RefreshTokenGrant
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.testing.clock import ManualClock
from tests.fakts.hubs import MANIFEST, Memo, known

pytestmark = pytest.mark.anyio


def grant(http, token) -> Grant:
    return RefreshTokenGrant(http, FaktsSettings(token=token if token is None else SecretStr(token)))


@pytest.fixture
async def elsewhere(http, hub):
    """Return a login that was made on another machine, as FAKTS_TOKEN has it."""
    clock = ManualClock()
    answer = await DeviceCodeGrant(http, Memo(), clock=clock, sleep=clock.sleep).claim(await known(http, hub), MANIFEST)
    assert answer.refresh_token is not None
    return f"{answer.client_id}:{answer.refresh_token.get_secret_value()}"


async def test_a_login_from_elsewhere_is_continued_without_a_person(http, hub, elsewhere):
    there = await known(http, hub)
    continued = grant(http, elsewhere)

    answer = await continued.claim(there, MANIFEST)

    assert continued.suits(there)
    assert not continued.asks_person(there)
    assert not continued.is_silent(there)  # the token is used up
    assert answer.access_token.get_secret_value() in hub.good_access
    assert answer.instances["mikro"].service == "live.arkitekt.mikro"


async def test_a_login_that_was_used_up_is_told_without_repeating_it(http, hub, elsewhere):
    there = await known(http, hub)
    await grant(http, elsewhere).claim(there, MANIFEST)

    with pytest.raises(LoginRefusedError, match="not accepted any more") as caught:
        await grant(http, elsewhere).claim(there, MANIFEST)

    assert elsewhere.partition(":")[2] not in str(caught.value)


@pytest.mark.parametrize("token", ["", "canary", ":canary", "canary:", " "])
async def test_a_token_without_its_client_is_a_fault_of_the_settings(http, hub, token):
    with pytest.raises(ConfigurationError, match=r"fakts\.token: must be client_id:refresh_token") as caught:
        await grant(http, token).claim(await known(http, hub), MANIFEST)

    assert "canary" not in str(caught.value)


async def test_logins_that_grew_from_different_tokens_are_different(http):
    tags = {FirstGrant([grant(http, token)]).tag() for token in (None, "a:b", "a:c")}

    assert len(tags) == 3
    assert "" in tags
