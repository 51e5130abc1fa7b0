"""What every implementation of the promises of fakts has to pass."""

from typing import Any

import pytest

from arkitekt_di.errors import LoginRequiredError, ServiceNotGrantedError
from arkitekt_di.fakts.cache import ClaimCache, ClaimKey
from arkitekt_di.messages.fakts import ActiveFakts, Alias, Instance, SelfFakts

HERE = ClaimKey("http://127.0.0.1:1", "digest of one app")
OTHER_HUB = ClaimKey("http://127.0.0.1:2", "digest of one app")
OTHER_APP = ClaimKey("http://127.0.0.1:1", "digest of another app")


def configuration(name: str = "a hub") -> ActiveFakts:
    """Return a configuration with one service."""
    alias = Alias(id="a", host="127.0.0.1", port=1, path="mikro", challenge="ht")
    instance = Instance(service="live.arkitekt.mikro", identifier="mikro", aliases=(alias,))
    about = SelfFakts(deployment_name=name, sub="ada", organization="lab")
    return ActiveFakts(self=about, instances={"mikro": instance}, statuses={"mikro": "granted"})


class ClaimCacheContract:
    """Tests of a `ClaimCache`; a subclass gives a fresh one."""

    def make_cache(self) -> ClaimCache:
        """Return an empty cache."""
        raise NotImplementedError

    def test_what_was_saved_is_loaded(self) -> None:
        cache = self.make_cache()

        cache.save(HERE, configuration())

        assert cache.load(HERE) == configuration()

    def test_an_empty_cache_has_nothing(self) -> None:
        assert self.make_cache().load(HERE) is None

    def test_the_last_save_wins(self) -> None:
        cache = self.make_cache()

        cache.save(HERE, configuration("old"))
        cache.save(HERE, configuration("new"))

        assert cache.load(HERE) == configuration("new")

    def test_another_hub_or_another_app_gets_nothing(self) -> None:
        cache = self.make_cache()

        cache.save(HERE, configuration())

        assert cache.load(OTHER_HUB) is None
        assert cache.load(OTHER_APP) is None

    def test_forgetting_leaves_the_others(self) -> None:
        cache = self.make_cache()
        cache.save(HERE, configuration())
        cache.save(OTHER_HUB, configuration("other"))

        cache.forget(HERE)
        cache.forget(HERE)

        assert cache.load(HERE) is None
        assert cache.load(OTHER_HUB) == configuration("other")


class ClaimSourceContract:
    """Tests of a `ClaimSource` that is an `AliasSource` too; a subclass has the fixture ``source``.

    It has started, and its hub lets the app in without a person and grants ``mikro``.
    """

    @pytest.mark.anyio
    async def test_before_it_is_let_in_there_is_no_configuration(self, source: Any) -> None:
        assert not source.is_configured
        with pytest.raises(LoginRequiredError):
            _ = source.active

    @pytest.mark.anyio
    async def test_a_claim_gives_a_token_that_is_bound_to_the_hub_and_a_configuration(self, source: Any) -> None:
        token = await source.aclaim()

        assert token.issuer == source.url
        assert set(source.manifest.scopes) <= set(token.scopes)
        assert source.is_configured
        assert "mikro" in source.active.instances
        assert source.active.self.sub

    @pytest.mark.anyio
    async def test_two_claims_give_two_tokens(self, source: Any) -> None:
        tokens = [await source.aclaim() for _ in range(2)]

        assert tokens[0].access_token != tokens[1].access_token

    @pytest.mark.anyio
    async def test_what_came_with_a_renewed_token_is_adopted(self, source: Any) -> None:
        await source.aclaim()

        await source.aadopt(configuration("renewed"))

        assert source.active == configuration("renewed")

    @pytest.mark.anyio
    async def test_a_service_that_was_granted_has_an_address(self, source: Any) -> None:
        await source.aclaim()

        alias = await source.aget_alias("mikro")

        assert alias in source.active.instances["mikro"].aliases

    @pytest.mark.anyio
    async def test_a_service_that_was_not_granted_has_none(self, source: Any) -> None:
        await source.aclaim()

        with pytest.raises(ServiceNotGrantedError, match="nothing"):
            await source.aget_alias("nothing")
