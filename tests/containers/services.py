"""Small services and containers to compose in tests."""

from typing import Any

from dependency_injector import providers

from arkitekt_di.containers.preset import Container, Service


class Recorder:
    """A service that writes down what happens to it."""

    def __init__(self, journal: list[str], name: str, *needs: object) -> None:
        self.journal = journal
        self.name = name
        self.needs = needs
        self.start_error: BaseException | None = None
        self.stop_error: BaseException | None = None

    async def start(self) -> None:
        if self.start_error is not None:
            raise self.start_error
        self.journal.append(f"+{self.name}")

    async def stop(self) -> None:
        self.journal.append(f"-{self.name}")
        if self.stop_error is not None:
            raise self.stop_error


class OtherRecorder(Recorder):
    """The same, of another class."""


class Address:
    """A collaborator without a life."""

    def __init__(self, *needs: object) -> None:
        self.needs = needs


class OtherAddress(Address):
    """The same, of another class."""


class FaktsBox(Container):
    """One service with a collaborator."""

    cfg = providers.Dependency(instance_of=int)
    journal = providers.Dependency(instance_of=list)
    discovery = providers.Singleton(Address)
    service = Service(Recorder, journal, "fakts", discovery, cfg)


class MikroBox(Container):
    """One service that needs another."""

    journal = providers.Dependency(instance_of=list)
    fakts: providers.Dependency[Any] = providers.Dependency()
    service = Service(Recorder, journal, "mikro", fakts)


class Whole(Container):
    """Two services in their containers."""

    settings = providers.Dependency(instance_of=dict)
    journal = providers.Dependency(instance_of=list)
    fakts: Any = providers.Container(FaktsBox, cfg=settings.provided["number"], journal=journal)
    mikro = providers.Container(MikroBox, fakts=fakts.service, journal=journal)


class FaktsBesideHub(FaktsBox, adds=("hub",)):
    """A preset of a nested container, with one input more."""

    hub: providers.Dependency[Any] = providers.Dependency()
    discovery = providers.Singleton(OtherAddress, hub)


class WithHub(Whole, adds=("hub",)):
    """A preset that brings a service along and lets a nested container use it."""

    hub: Any = Service(Recorder, Whole.journal, "hub")
    fakts = providers.Container(FaktsBesideHub, cfg=Whole.settings.provided["number"], journal=Whole.journal, hub=hub)


class WithOtherHub(WithHub):
    """A preset of a preset."""

    hub = Service(OtherRecorder, Whole.journal, "other-hub")


class WithLease(Whole, adds=("lease",)):
    """A preset in which something needs what the preset itself put into a nested container."""

    fakts: Any = providers.Container(FaktsBox, cfg=Whole.settings.provided["number"], journal=Whole.journal)
    lease: Any = Service(Recorder, Whole.journal, "lease", fakts.service, fakts.discovery)


class WithOtherAddress(FaktsBox):
    """A preset of a nested container."""

    discovery = providers.Singleton(OtherAddress)


class WithOtherLease(WithLease):
    """A preset of that preset, which puts something else there."""

    fakts = providers.Container(WithOtherAddress, cfg=providers.Object(4), journal=Whole.journal)


def whole(kind: type[Whole] = Whole, journal: list[str] | None = None) -> Whole:
    """Return a container with its inputs given."""
    return kind(settings={"number": 3}, journal=[] if journal is None else journal)
