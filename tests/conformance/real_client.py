"""Runs the scenario with the unmodified clients `fakts` and `mikro`; prints the report as JSON."""

import asyncio
import json
import sys
from typing import Any

import dask.array
import xarray as xr
from fakts import Manifest, build_device_code_fakts
from mikro.arkitekt.service import mikro as mikro_service
from scenario import CROP, DIMS, NAME, digest, pixels


async def run(url: str, image_id: str | None) -> dict[str, Any]:
    manifest = Manifest(
        identifier="conformance",
        version="0.1.0",
        scopes=["openid"],
        requirements=mikro_service.get_requirements(),
    )
    async with build_device_code_fakts(url=url, manifest=manifest, no_cache=True, headless=True) as fakts:
        token = await fakts.aget_token()
        assert await fakts.arefresh_token(token) != token
        async with await mikro_service.build(fakts, None) as mikro:
            if image_id is None:
                created = await mikro.acreate_array_dataset(
                    data=xr.DataArray(pixels(), dims=DIMS), scales=[], name=NAME, axes=list(DIMS)
                )
                image_id = created.id
            fetched = await mikro.aget_array_dataset(image_id)
            found = await mikro.asearch_array_datasets(search="formance st")
            not_found = await mikro.asearch_array_datasets(search="no such picture")
            data = await asyncio.to_thread(lambda: fetched.data)
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
                "crop": digest(await asyncio.to_thread(lambda: data[CROP].values)),
                "whole": digest(await asyncio.to_thread(lambda: data.values)),
            }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None))))
