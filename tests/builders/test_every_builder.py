"""Every builder of the package makes apps that work with a real hub."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di import App
from arkitekt_di.builders import find_builder
from arkitekt_di.builders.finding import SHIPPED
from arkitekt_di.mikro import from_xarray, search_images
from arkitekt_di.testing.served_hub import ServedHub, served_hub

WITHOUT_A_WINDOW = sorted(set(SHIPPED) - {"qt"})  # whose tests need a display, and are in a module of their own


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with served_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(params=WITHOUT_A_WINDOW)
def app(
    request: pytest.FixtureRequest, hub: ServedHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[App]:
    """Return an open app of each builder; the environment says which hub, and lets it in."""
    monkeypatch.chdir(tmp_path)
    for name, value in hub.environment(tmp_path / "user").items():
        monkeypatch.setenv(name, value)
    app = find_builder(request.param)(request.param)
    if app.is_open:  # jupy enters it
        yield app
        app.__exit__(None, None, None)
    else:
        with app:
            yield app


@pytest.mark.timeout(300)
def test_an_image_is_stored_and_found(app: App, hub: ServedHub):
    stored = from_xarray(np.eye(8, dtype="uint8"), name=f"by {app.identifier}")

    found = search_images(f"by {app.identifier}")

    assert [image.id for image in found] == [stored.id]
    assert int(found[0].data.sum()) == 8
    assert (app.fakts.url == hub.url) is (app.identifier != "embedded")
