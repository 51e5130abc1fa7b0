"""The samples of the document that this project began with; corrected where they cannot run as they stand there."""

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = '''
import asyncio
import threading

import numpy as np
import xarray as xr

from arkitekt_di import call, current_app, easy, embedded, register
from arkitekt_di.errors import AppClosedError, AppEnteredError, NoAppError
from arkitekt_di.mikro import from_xarray, get_image

# "This is the backbone for each Arkitekt app."
app = easy("your_app_name", version="your_app_version")

with app:
    # "to access the Fakts (for example to inspect the configuration) service, you can use app.fakts"
    assert app.fakts.get("mikro")["service"] == "live.arkitekt.mikro"
    assert current_app() is app
    # "Within the context you should avoid setting attributes on the app."
    try:
        app.mikro = object()
    except AppEnteredError as error:
        print(type(error).__name__)

# "ensure that the application is properly closed when it is no longer needed"
try:
    app.mikro
except AppClosedError as error:
    print(type(error).__name__)
try:
    current_app()
except NoAppError as error:
    print(type(error).__name__)

# "app = easy()": without a name; the array of the document, (100, 100, 1), is a shape and not an array
app = easy()
stack = xr.DataArray(np.zeros((100, 100, 1)), dims=["x", "y", "z"])

with app:
    image = from_xarray(stack, name="image name")  # stores it on the mikro instance of the governing app context
    print(app.identifier, image.name, dict(get_image(image.id).data.sizes))


# "Apps work both in async and synchronous contexts."
async def main():
    async with app:
        image = await from_xarray(stack, name="image name")
        return (await image.adata()).sizes["x"]


print(asyncio.run(main()))

# "You can always opt out of this behaviour by specifically passing the desired context to the function."
with app, embedded("another") as another:
    assert from_xarray(stack, name="of the inner app").id
    outer = from_xarray(stack, name="of the outer app", app=app)
    assert current_app() is another
    assert get_image(outer.id, app=app).name == "of the outer app"


# "Threads started through rekuest are also able to call async / sync functions of the governing app context."
@register
def store_from_a_thread() -> str:
    """Store an image."""
    assert threading.current_thread() is not threading.main_thread()
    return from_xarray(stack, name="from a thread").name


with app, app.rekuest.serving():
    print(call("store_from_a_thread"))
'''


@pytest.mark.timeout(300)
def test_the_samples_run_in_the_order_of_the_document(tmp_path: Path, user_folders: dict[str, str]):
    script = tmp_path / "my_analysis.py"
    script.write_text(SAMPLES)

    ran = subprocess.run(
        [sys.executable, script],
        env=user_folders,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "AppEnteredError",
        "AppClosedError",
        "NoAppError",
        "my_analysis image name {'x': 100, 'y': 100, 'z': 1}",
        "100",
        "from a thread",
    ]
