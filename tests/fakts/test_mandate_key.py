import pytest
from pydantic import SecretStr

from arkitekt_di.errors import ConfigurationError, LoginRefusedError, LoginRequiredError
from arkitekt_di.fakts.device_code import DeviceCodeGrant
from arkitekt_di.fakts.grant import FirstGrant
from arkitekt_di.fakts.mandate_key import MandateKeyGrant
from arkitekt_di.settings.models import FaktsSettings
from tests.fakts.hubs import MANIFEST, Memo, known

pytestmark = pytest.mark.anyio

KEY = SecretStr("the mandate key")


async def test_the_key_that_came_with_the_hub_lets_the_app_in(http, hub):
    answer = await MandateKeyGrant(http, FaktsSettings()).claim(await known(http, hub, KEY), MANIFEST)

    assert answer.access_token.get_secret_value() in hub.good_access
    assert answer.refresh_token is None


async def test_the_key_in_a_file_lets_the_app_in(http, hub, tmp_path):
    file = tmp_path / "key"
    file.write_text("the mandate key\n")
    grant = MandateKeyGrant(http, FaktsSettings(mandate_key_file=file))

    answer = await grant.claim(await known(http, hub), MANIFEST)

    assert answer.client_id == "client-of-my-analysis"


async def test_the_key_of_the_settings_lets_the_app_in(http, hub):
    grant = MandateKeyGrant(http, FaktsSettings(mandate_key=KEY))
    there = await known(http, hub)

    answer = await grant.claim(there, MANIFEST)

    assert grant.suits(there)
    assert grant.is_silent(there)
    assert answer.access_token.get_secret_value() in hub.good_access


async def test_a_wrong_key_is_refused_without_repeating_it(http, hub):
    with pytest.raises(LoginRefusedError, match="key is not accepted") as caught:
        await MandateKeyGrant(http, FaktsSettings()).claim(await known(http, hub, SecretStr("canary")), MANIFEST)

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "", " \n"])
async def test_a_file_without_a_key_is_a_fault_of_the_settings(http, hub, tmp_path, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)

    with pytest.raises(ConfigurationError, match=r"fakts\.mandate_key_file"):
        await MandateKeyGrant(http, FaktsSettings(mandate_key_file=file)).claim(await known(http, hub), MANIFEST)


def both(http, memo):
    return FirstGrant([MandateKeyGrant(http, FaktsSettings()), DeviceCodeGrant(http, memo, sleep=no_wait)])


async def no_wait(_seconds):
    pass


async def test_a_key_goes_before_a_person(http, hub):
    memo = Memo()
    grant = both(http, memo)
    there = await known(http, hub, KEY)

    await grant.claim(there, MANIFEST)

    assert grant.is_silent(there)
    assert memo.prompts == []


async def test_a_person_is_asked_where_there_is_no_key(http, hub):
    memo = Memo()
    grant = both(http, memo)
    there = await known(http, hub)

    await grant.claim(there, MANIFEST)

    assert not grant.is_silent(there)
    assert len(memo.prompts) == 1


async def test_a_hub_with_no_open_way_is_told(http, hub):
    hub.document["device_authorization_endpoint"] = None

    with pytest.raises(LoginRequiredError, match="no way of logging in"):
        await both(http, Memo()).claim(await known(http, hub), MANIFEST)
