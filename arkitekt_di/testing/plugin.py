"""Fixtures for pytest, there for everybody who has installed the package: an app, a hub, and calls of functions.

Pytest loads this module in every run, so it loads nothing itself before a fixture is used.
"""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def arkitekt_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return an app that is open, with a hub of its own inside; both are gone after the test.

    An `arkitekt_di.App`: helpers such as ``from_xarray`` find it.  Nothing of the user's folders and variables is used,
    and no network beyond this machine; settings in the project's ``arkitekt.yaml`` count.
    """
    from arkitekt_di.builders import embedded
    from arkitekt_di.testing.shielding import shielding

    with shielding(tmp_path_factory.mktemp("arkitekt")), embedded("test") as app:
        yield app


@pytest.fixture
def call(arkitekt_app: Any) -> Iterator[Any]:
    """Call a function through its real ports, with no server: ``call(segment, image, threshold=0.4)``.

    An `arkitekt_di.testing.calling.Calling`: ``call.iterate`` yields the values of a generator, and ``call.told`` holds
    the progress and the log.  Images for the arguments are made with ``from_xarray``, as in `arkitekt_app`.
    """
    from arkitekt_di.testing.calling import calling

    with calling(arkitekt_app) as calls:
        yield calls


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a real hub in a process of its own, on a free port; one for all tests that run in this process.

    An `arkitekt_di.testing.served_hub.ServedHub`: ``hub.url``, ``hub.app("name")`` makes an app that it lets in without
    a person, and ``hub.environment(folder)`` the variables with which other programs are let in.
    """
    from arkitekt_di.testing.served_hub import served_hub

    with served_hub(tmp_path_factory.mktemp("arkitekt")) as served:
        yield served
