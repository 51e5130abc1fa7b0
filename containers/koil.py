"""koil: the bridge between sync and async code."""

from dependency_injector import providers

from arkitekt_di.containers.preset import Container
from arkitekt_di.koil import Koil
from arkitekt_di.settings.models import KoilSettings


class KoilContainer(Container):
    """The app's event loop; entered by the app itself, before every service and until the last has stopped."""

    cfg = providers.Dependency(instance_of=KoilSettings)
    identifier = providers.Dependency(instance_of=str)

    service: providers.Provider[Koil] = providers.ThreadSafeSingleton(Koil, cfg, identifier=identifier)
