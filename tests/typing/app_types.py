"""What type checkers must see of an app; read by mypy and pyright, never run."""

from typing import assert_type

import numpy as np
import xarray as xr

from arkitekt_di import App, current_app, easy, embedded, jupy, port, qt, scheduler
from arkitekt_di.builders.desktop import QtApp
from arkitekt_di.builders.notebooks import NotebookApp
from arkitekt_di.fakts import Fakts
from arkitekt_di.herre import Herre
from arkitekt_di.koil import Koil
from arkitekt_di.mikro import Image, Mikro, afrom_xarray, aget_image, from_xarray, get_image, search_images

app = easy("types", version="1", url="http://localhost")
assert_type(app, App)
assert_type(embedded("types"), App)
assert_type(port("types", mandate_key="key", scopes=["openid"]), App)
assert_type(scheduler("types", headless=True, no_cache=False), App)
assert_type(qt("types", url="http://localhost"), QtApp)
assert_type(current_app(), App)
_ = app.mirko  # type: ignore[attr-defined]  # names of services are known too
easy("types", ulr="http://localhost")  # type: ignore[call-arg]  # the names are known
easy("types", url=8000)  # type: ignore[arg-type]  # and their types
port("types", headless=True)  # type: ignore[call-arg]  # nobody is asked

with app as entered:
    assert_type(entered, App)
    assert_type(app.mikro, Mikro)
    assert_type(app.fakts, Fakts)
    assert_type(app.herre, Herre)
    assert_type(app.koil, Koil)
    assert_type(jupy("types"), NotebookApp)
    image = from_xarray(np.zeros((2, 2)), name="zeros", app=app)
    assert_type(image, Image)
    assert_type(get_image(image.id), Image)
    assert_type(search_images("zeros"), list[Image])
    assert_type(image.data, xr.DataArray)
    assert_type(image.id, str)


async def main() -> None:
    async with app as opened:
        assert_type(opened, App)
        assert_type(await afrom_xarray(np.zeros((2, 2)), name="zeros"), Image)
        assert_type(await aget_image("1"), Image)
        assert_type(await image.adata(), xr.DataArray)
