"""What the tests of fakts share."""

from contextlib import asynccontextmanager

from arkitekt_di.fakts.known_hub import read_hub
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.messages.manifest import Manifest, Requirement

MANIFEST = Manifest(identifier="my-analysis", requirements=(Requirement(key="mikro", service="live.arkitekt.mikro"),))


class Memo:
    """A presenter that remembers what it was shown, and whether it still is."""

    def __init__(self):
        self.prompts = []
        self.is_showing = False

    @asynccontextmanager
    async def showing(self, prompt):
        self.prompts.append(prompt)
        self.is_showing = True
        try:
            yield
        finally:
            self.is_showing = False


async def known(http, hub, mandate_key=None):
    return await read_hub(http, HubLocation(hub.url, mandate_key), timeout_s=2)
