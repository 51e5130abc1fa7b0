"""What every implementation of the promises of fakts has to pass."""

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
