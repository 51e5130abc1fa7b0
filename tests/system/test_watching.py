"""A watch survives a hub that is restarted or killed, and tells afterwards what happened meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from arkitekt_di import App, easy, mikro
from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.mikro import Watch, delete_image, from_xarray, rename_image, watch_images
from tests.serving import ServedHub, start_hub

PICTURE = np.zeros((8, 8), "uint16")
BOUND_S = 60.0
Seen = tuple[ChangeKind, str]


def app_at(hub: ServedHub, name: str) -> App:
    return easy(name, url=hub.url, headless=True, no_cache=True)


def port_of(hub: ServedHub) -> int:
    return urlsplit(hub.url).port or 0


@pytest.mark.parametrize("end", [ServedHub.stop, ServedHub.kill])
def test_what_happened_while_the_hub_was_restarted_is_told(tmp_path: Path, end: Callable[[ServedHub], None]) -> None:
    data = tmp_path / "data"
    hub = start_hub(data, "--auto-approve")
    try:
        with app_at(hub, "watcher") as watcher:
            seen: Queue[Seen] = Queue()
            watch = watch_images(app=watcher)

            def follow() -> None:
                for change in watch:
                    seen.put((change.kind, change.id))

            following = threading.Thread(target=follow)
            following.start()
            with app_at(hub, "maker") as maker:
                first, second = (from_xarray(PICTURE, name=name, app=maker).id for name in ("first", "second"))
                assert [seen.get(timeout=BOUND_S) for _ in range(2)] == [
                    (ChangeKind.CREATED, first),
                    (ChangeKind.CREATED, second),
                ]
            end(hub)
            hub = start_hub(data, "--auto-approve", port=port_of(hub))
            with app_at(hub, "maker") as maker:
                rename_image(first, "renamed", app=maker)
                delete_image(second, app=maker)
                third = from_xarray(PICTURE, name="third", app=maker).id

            assert {seen.get(timeout=BOUND_S) for _ in range(3)} == {
                (ChangeKind.UPDATED, first),
                (ChangeKind.DELETED, second),
                (ChangeKind.CREATED, third),
            }
        following.join(BOUND_S)
        assert not following.is_alive()
        assert seen.empty()
    finally:
        hub.stop()


def test_a_hub_that_does_not_come_back_is_told_in_bounded_time(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ARKITEKT_TRANSPORT__GIVE_UP_S", "1")
    hub = start_hub(tmp_path / "data", "--auto-approve")
    try:
        with app_at(hub, "watcher") as watcher:
            watch = watch_images(app=watcher)
            hub.kill()
            with pytest.raises(ConnectionLostError, match="no connection for 1 s"):
                list(watch)
    finally:
        hub.stop()


def test_every_kind_of_watch_survives_a_hub_that_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    hub = start_hub(data, "--auto-approve")
    try:
        with app_at(hub, "watcher"):
            place, image = mikro.ensure_folder("plates/7"), from_xarray(PICTURE, name="first", folder="plates/7")
            watches: dict[str, Watch[Any]] = {
                "images of a folder": watch_images("plates/7"),
                "one image": mikro.watch_image(image),
                "regions": mikro.watch_rois(image),
                "files": mikro.watch_files(folder=place),
                "tables": mikro.watch_tables(folder="plates/7"),
                "folders": mikro.watch_folders(parent=place),
                "one folder": mikro.watch_folder(place),
                "comments": mikro.watch_comments(image),
            }
            hub.kill()
            hub = start_hub(data, "--auto-approve", port=port_of(hub))
            with app_at(hub, "maker") as maker:
                made: dict[str, Any] = {
                    "images of a folder": rename_image(image.id, "renamed", app=maker),
                    "one image": image,
                    "regions": mikro.create_roi(image.id, [[1, 1], [5, 6]], "rectangle", app=maker),
                    "files": mikro.upload_file(__file__, folder="plates/7", app=maker),
                    "tables": mikro.from_dataframe({"n": [1, 2]}, name="cells", folder="plates/7", app=maker),
                    "folders": mikro.create_folder("inner", parent="plates/7", app=maker),
                    "one folder": mikro.rename_folder(place.id, "8", app=maker),
                    "comments": mikro.create_comment(image, "sharp", app=maker),
                }
            with ThreadPoolExecutor(len(watches)) as threads:
                told = {name: threads.submit(next, iter(watch)) for name, watch in watches.items()}
                found = {name: change.result(BOUND_S).id for name, change in told.items()}

            assert found == {name: record.id for name, record in made.items()}
    finally:
        hub.stop()
