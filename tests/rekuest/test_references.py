"""Images, tables and files go by reference through a body in a process of its own."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from arkitekt_di import embedded
from arkitekt_di.mikro import afrom_dataframe, afrom_xarray, aupload_file
from tests.rekuest import bodies


@pytest.mark.anyio
async def test_a_body_in_another_process_reads_what_its_caller_refers_to(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"seven b")
    async with embedded("references") as app, app.rekuest.serving(bodies):
        image = await afrom_xarray(xr.DataArray(np.ones((4, 5), np.uint8), dims=("y", "x")), name="ones")
        table = await afrom_dataframe(pd.DataFrame({"area": [1.0, 2.0, 3.0]}), name="areas")
        file = await aupload_file(path)

        pid, total, counted, *back = await app.rekuest.acall("look", image, table, file)

    assert pid != os.getpid()
    assert (total, counted) == (20, 3 + 7)
    assert back == [image, table, file]
