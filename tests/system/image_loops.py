"""Stores and reads images under the loops that people have; each way is a function that its name chooses.

Arguments: address of the hub, and the name of the function.
"""

import asyncio
import os
import sys
from collections.abc import Callable

import numpy as np
import xarray as xr

from arkitekt_di import App, easy
from arkitekt_di.errors import ArkitektError
from arkitekt_di.mikro import afrom_xarray, aget_image, from_xarray, get_image

PIXELS = np.arange(3 * 200 * 300, dtype=np.uint16).reshape(3, 200, 300)
DIMS = ("z", "y", "x")


def app_at(url: str) -> App:
    """Return the app, not open yet."""
    return easy("loops", url=url, headless=True, no_cache=True)


def is_right(array: xr.DataArray) -> bool:
    """Tell whether *array* has the pixels."""
    return np.array_equal(np.asarray(array), PIXELS)


def runs(url: str) -> None:
    """Use one image in two runs of asyncio, and what the first one opened between them and in the second."""

    async def store() -> tuple[str, xr.DataArray]:
        async with app_at(url):
            image = await afrom_xarray(PIXELS, name="first", dims=DIMS)
            return image.id, await image.adata()

    async def load(image_id: str) -> bool:
        async with app_at(url):
            return is_right(await asyncio.to_thread((await (await aget_image(image_id)).adata()).compute))

    image_id, data = asyncio.run(store())
    print(is_right(data.compute()), asyncio.run(load(image_id)))

    async def compute_again() -> bool:
        return is_right(await asyncio.to_thread(data.compute))

    print(asyncio.run(compute_again()))


def qt(url: str) -> None:
    """Store and read in a slot of Qt while its loop turns, and on the loop itself by await."""
    import qasync  # type: ignore[import-untyped]  # it ships no types
    from PySide6.QtCore import QCoreApplication, QTimer

    application = QCoreApplication(sys.argv)
    with app_at(url):

        def clicked() -> None:
            image = from_xarray(PIXELS, name="clicked", dims=DIMS)
            print(is_right(image.data.compute()))
            application.quit()

        QTimer.singleShot(0, clicked)
        application.exec()

    async def main() -> None:
        async with app_at(url):
            image = await afrom_xarray(PIXELS, name="awaited", dims=DIMS)
            print(is_right(await asyncio.to_thread((await image.adata()).compute)))

    with qasync.QEventLoop(application) as loop:
        loop.run_until_complete(main())


def fork(url: str) -> None:
    """Fork while an app is open: before pixels were moved everything works there, afterwards it is told."""
    with app_at(url):
        in_child(lambda: store_and_load(url))
        image = from_xarray(PIXELS, name="forked", dims=DIMS)
        data = image.data
        print(is_right(data.compute()))
        in_child(lambda: data.compute(scheduler="synchronous"))  # the threads of Dask stay in the parent as well
        in_child(lambda: store_and_load(url))
        print(is_right(data.compute()))


def store_and_load(url: str) -> None:
    """Use an app of this process's own."""
    with app_at(url):
        image = from_xarray(PIXELS, name="child", dims=DIMS)
        print(is_right(get_image(image.id).data.compute()), flush=True)


def in_child(action: Callable[[], object]) -> None:
    """Do something in a forked process, and say what error came of it."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            action()
        except ArkitektError as error:
            print(type(error).__name__, flush=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    {"runs": runs, "qt": qt, "fork": fork}[sys.argv[2]](sys.argv[1])
