"""transport: connections to the hub."""

from dependency_injector import providers

from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.http import HttpClient


class TransportContainer(Container):
    """One pool of HTTP connections for all services of an app."""

    cfg = providers.Dependency(instance_of=TransportSettings)

    service: providers.Provider[HttpClient] = Service(HttpClient, cfg)
