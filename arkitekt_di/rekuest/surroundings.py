"""What is around a body: the services of the app, and the app itself."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from arkitekt_di.governing import APPS


class Surroundings:
    """Finds a service by its type.

    Parameters
    ----------
    services : sequence of object
    """

    def __init__(self, services: Sequence[object]) -> None:
        self._services = services

    def __call__(self, cls: type[Any]) -> Any | None:
        """Return the service of a type, or the app that governs here; None where there is none."""
        for service in self._services:
            if isinstance(service, cls):
                return service
        app = APPS.find()
        return app if isinstance(app, cls) else None


class Finder:
    """Finds structures by reference with a method of a service, which is looked up when it is needed.

    Parameters
    ----------
    service : object
    method : str
        Name of a coroutine method that takes the reference; dotted where it is that of a part, as ``files.aget``.
    """

    def __init__(self, service: object, method: str) -> None:
        self._service = service
        self._method = method

    async def __call__(self, reference: str) -> Any:
        """Return the instance."""
        return await attrgetter(self._method)(self._service)(reference)
