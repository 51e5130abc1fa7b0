"""What every implementation of the promises of herre has to pass."""

import asyncio

import pytest
from pydantic import SecretStr

from arkitekt_di.herre.store import TokenKey, TokenStore
from arkitekt_di.messages.oauth import Token
from arkitekt_di.protocols.herre import WideningTokenSource

HERE = TokenKey("http://127.0.0.1:1", "digest of one app")
OTHER_HUB = TokenKey("http://127.0.0.1:2", "digest of one app")
OTHER_APP = TokenKey("http://127.0.0.1:1", "digest of another app")


def token(key: TokenKey = HERE, *, access: str = "access", expires_at: float = 1e10) -> Token:
    """Return a token of the issuer of *key*."""
    return Token(
        access_token=SecretStr(access),
        refresh_token=SecretStr(f"refresh of {access}"),
        expires_at=expires_at,
        scopes=("openid",),
        client_id="client",
        issuer=key.issuer,
    )


class TokenStoreContract:
    """Tests of a `TokenStore`; a subclass gives a fresh one."""

    def make_store(self) -> TokenStore:
        """Return an empty store."""
        raise NotImplementedError

    def test_what_was_saved_is_loaded_whole(self) -> None:
        store = self.make_store()

        store.save(HERE, token())

        assert store.load(HERE) == token()

    def test_an_empty_store_has_nothing(self) -> None:
        assert self.make_store().load(HERE) is None

    def test_a_token_is_never_given_to_another_hub_or_app(self) -> None:
        store = self.make_store()

        store.save(HERE, token())

        assert store.load(OTHER_HUB) is None
        assert store.load(OTHER_APP) is None

    def test_a_token_of_another_issuer_is_not_loaded(self) -> None:
        store = self.make_store()

        store.save(HERE, token(OTHER_HUB))

        assert store.load(HERE) is None

    def test_forgetting_leaves_the_others(self) -> None:
        store = self.make_store()
        store.save(HERE, token())
        store.save(OTHER_APP, token(OTHER_APP))

        store.forget(HERE)
        store.forget(HERE)

        assert store.load(HERE) is None
        assert store.load(OTHER_APP) == token(OTHER_APP)

    @pytest.mark.anyio
    async def test_only_one_holds_a_key_at_a_time(self) -> None:
        store = self.make_store()
        events: list[str] = []

        async def hold(name: str) -> None:
            async with store.exclusive(HERE, timeout_s=10):
                events.append(f"{name} in")
                await asyncio.sleep(0)
                events.append(f"{name} out")

        await asyncio.gather(hold("a"), hold("b"))

        assert events in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])

    @pytest.mark.anyio
    async def test_holding_one_key_does_not_hold_another(self) -> None:
        store = self.make_store()

        async with store.exclusive(HERE, timeout_s=1), store.exclusive(OTHER_HUB, timeout_s=1):
            store.save(HERE, token())

        assert store.load(HERE) == token()

    @pytest.mark.anyio
    async def test_waiting_for_a_key_ends_in_time_and_leaves_it_usable(self) -> None:
        store = self.make_store()

        async with store.exclusive(HERE, timeout_s=1):
            with pytest.raises(TimeoutError):
                async with store.exclusive(HERE, timeout_s=0.1):
                    pytest.fail("two hold one key")

        async with store.exclusive(HERE, timeout_s=1):
            pass


class TokenSourceContract:
    """Tests of a `WideningTokenSource`; a subclass has the fixture ``source``, which has logged in."""

    @pytest.mark.anyio
    async def test_a_token_is_given_again_while_it_is_good(self, source: WideningTokenSource) -> None:
        assert await source.aget_token() == await source.aget_token()

    @pytest.mark.anyio
    async def test_a_refused_token_is_renewed_once_for_all_who_have_it(self, source: WideningTokenSource) -> None:
        stale = await source.aget_token()

        renewed = await asyncio.gather(*[source.arefresh_token(stale) for _ in range(5)])

        assert set(renewed) == {await source.aget_token()}
        assert stale not in renewed

    @pytest.mark.anyio
    async def test_who_comes_late_with_an_old_token_gets_the_one_in_use(self, source: WideningTokenSource) -> None:
        old = await source.aget_token()
        renewed = await source.arefresh_token(old)

        assert await source.arefresh_token(old) == renewed
