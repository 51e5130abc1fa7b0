"""What the tests of fakts share."""

from contextlib import asynccontextmanager

from arkitekt_di.fakts.first_contact import FirstContact
from arkitekt_di.fakts.known_hub import read_hub
from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.fakts.person import Nobody
from arkitekt_di.fakts.pins import InMemoryHubPins
from arkitekt_di.messages.manifest import Manifest, Requirement
from arkitekt_di.settings.models import FaktsSettings

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


class Ada:
    """A person who answers as she was told, and remembers what she was asked."""

    def __init__(self, answer="yes"):
        self.answer = answer
        self.questions = []

    async def ask(self, question, *, timeout_s):
        self.questions.append(question)
        return self.answer


def first_contact(person=None, pins=None, **settings):
    return FirstContact(InMemoryHubPins() if pins is None else pins, person or Nobody(), FaktsSettings(**settings))


async def known(http, hub, mandate_key=None):
    return await read_hub(http, HubLocation(hub.url, mandate_key), timeout_s=2, first_contact=first_contact())
