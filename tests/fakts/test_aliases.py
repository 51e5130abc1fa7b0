import asyncio
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arkitekt_di.errors import AliasFailure, ServiceUnreachableError
from arkitekt_di.fakts.alias_race import HEAD_START_S, first_good
from arkitekt_di.fakts.challenge import failed_challenge
from arkitekt_di.messages.fakts import Alias, ChallengeKey, Instance

pytestmark = pytest.mark.anyio


def alias(host, **members):
    return Alias(id=host, host=host, challenge="ht", **members)


class Road:
    """Answers the challenges of several addresses as it was told to, and remembers who was asked."""

    def __init__(self, **answers):
        self.answers = answers
        self.asked = []
        self.cancelled = []

    async def __call__(self, alias):
        self.asked.append(alias.host)
        answer = self.answers[alias.host]
        if answer is not None and answer != "silent":
            return AliasFailure(alias.url(), answer)
        if answer is None:
            return None
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.append(alias.host)
        return None


async def test_the_first_address_that_passes_is_enough():
    road = Road(a=None, b=None)

    assert (await first_good("mikro", [alias("a"), alias("b")], road)).host == "a"
    assert road.asked == ["a"]


async def test_the_others_are_asked_at_once_when_the_first_fails():
    road = Road(a="refused", b=None)
    begin = time.monotonic()

    assert (await first_good("mikro", [alias("a"), alias("b")], road)).host == "b"
    assert time.monotonic() - begin < HEAD_START_S


async def test_a_silent_first_address_does_not_hold_the_others_up_and_is_given_up():
    road = Road(a="silent", b="silent", c=None)

    async with asyncio.timeout(5):
        assert (await first_good("mikro", [alias("a"), alias("b"), alias("c")], road)).host == "c"
    assert sorted(road.cancelled) == ["a", "b"]


async def test_every_address_is_told_with_its_reason_in_the_order_of_the_hub():
    road = Road(a="refused", b="too slow")

    with pytest.raises(ServiceUnreachableError) as caught:
        await first_good("mikro", [alias("a"), alias("b"), alias("a")], road)

    assert [(failure.url, failure.reason) for failure in caught.value.failures] == [
        ("http://a", "refused"),
        ("http://b", "too slow"),
    ]


async def test_a_service_without_an_address_cannot_be_reached():
    with pytest.raises(ServiceUnreachableError):
        await first_good("mikro", [], Road())


async def test_giving_up_gives_up_every_challenge():
    road = Road(a="silent", b="silent")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(HEAD_START_S + 0.1):
            await first_good("mikro", [alias("a"), alias("b")], road)

    assert sorted(road.cancelled) == ["a", "b"]


@pytest.fixture
def instance(hub):
    return Instance.model_validate(hub.instance())


async def challenge(http, instance, **members):
    """Return the reason of the failure, which names the address and has a hint."""
    address = instance.aliases[0].model_copy(update=members)
    failure = await failed_challenge(http, address, instance, timeout_s=1)
    if failure is None:
        return None
    assert failure.url == address.url()
    assert failure.hint
    return failure.reason


async def test_an_address_that_answers_200_passes(http, instance):
    assert await challenge(http, instance) is None


@pytest.mark.parametrize("status", [204, 301, 404, 503])
async def test_any_other_status_fails(http, hub, instance, status):
    hub.answers["/mikro/ht"] = (status, None, {"Location": "/mikro/graphql"})

    assert await challenge(http, instance) == f"it answered with status {status}"


async def test_an_address_where_nobody_listens_fails(http, hub, instance):
    await hub.stop()

    assert "refused" in await challenge(http, instance)


async def test_plain_http_to_another_machine_fails_without_asking(http, instance):
    assert "plain http" in await challenge(http, instance, host="mikro.example")


async def test_a_service_with_a_key_proves_itself(http, hub):
    hub.signing_key = Ed25519PrivateKey.generate()

    assert await challenge(http, Instance.model_validate(hub.instance())) is None


async def test_each_challenge_has_a_nonce_of_its_own(http, hub):
    hub.signing_key = Ed25519PrivateKey.generate()
    instance = Instance.model_validate(hub.instance())

    await challenge(http, instance)
    await challenge(http, instance)

    first, second = [query for _, path, query in hub.requests if path == "/mikro/ht"]
    assert first != second


async def test_a_service_with_another_key_is_another_service(http, hub):
    hub.signing_key = Ed25519PrivateKey.generate()
    instance = Instance.model_validate(hub.instance())
    hub.signing_key = Ed25519PrivateKey.generate()

    assert "prove" in await challenge(http, instance)


@pytest.mark.parametrize("answer", [{}, {"signature": "%%"}, {"signature": "AAAA"}, {"signature": 3}, ["no object"]])
async def test_an_answer_without_a_good_signature_proves_nothing(http, hub, answer):
    hub.signing_key = Ed25519PrivateKey.generate()
    instance = Instance.model_validate(hub.instance())
    hub.answers["/mikro/ht"] = (200, answer, {})

    assert "prove" in await challenge(http, instance)


async def test_a_key_that_is_none_proves_nothing(http, instance):
    broken = instance.model_copy(update={"challenge_key": ChallengeKey(key="AAAA")})

    assert "prove" in await challenge(http, broken)
