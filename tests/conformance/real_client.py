"""Runs the scenario with the unmodified clients `fakts` and `mikro`; prints the report as JSON."""

import json
import sys
from typing import Any

import dask.array
import xarray as xr
from fakts import Manifest, build_device_code_fakts
from koil import unkoil
from mikro.api.schema import ScaleInput, ScaleMethod
from mikro.arkitekt.service import mikro as mikro_service
from scenario import CROP, DIMS, NAME, coarser, digest, pixels


def run(url: str, image_id: str | None) -> dict[str, Any]:
    manifest = Manifest(
        identifier="conformance",
        version="0.1.0",
        scopes=["openid"],
        requirements=mikro_service.get_requirements(),
    )
    with build_device_code_fakts(url=url, manifest=manifest, no_cache=True, headless=True) as fakts:
        token = fakts.get_token()
        assert unkoil(fakts.arefresh_token, token) != token
        with unkoil(mikro_service.build, fakts, None) as mikro:
            if image_id is None:
                stored = mikro.create_array_dataset(
                    data=xr.DataArray(pixels(), dims=DIMS),
                    scales=[
                        ScaleInput(level=1, array=xr.DataArray(coarser(), dims=DIMS), scale_method=ScaleMethod.NEAREST)
                    ],
                    name=NAME,
                    axes=list(DIMS),
                )
                image_id = stored.id
            fetched = mikro.get_array_dataset(image_id)
            found = mikro.search_array_datasets(search="formance st")
            not_found = mikro.search_array_datasets(search="no such picture")
            data = fetched.data
            return {
                "id": image_id,
                "fetched_id": fetched.id,
                "name": fetched.name,
                "dims": list(data.dims),
                "shape": list(data.shape),
                "dtype": str(data.dtype),
                "found": [option.value for option in found],
                "not_found": [option.value for option in not_found],
                "is_lazy": isinstance(data.data, dask.array.Array),
                "crop": digest(data[CROP].values),
                "whole": digest(data.values),
                "levels": [array.shape for array in sorted(fetched.data_arrays, key=lambda array: array.level)],
                "level 1": digest(fetched.multi_scale_data()[1].values),
            }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)))
