"""Draws a region with the unmodified clients `fakts` and `mikro`; prints what it knows about it as JSON."""

import json
import sys
from typing import Any

import numpy as np
import xarray as xr
from fakts import Manifest, build_device_code_fakts
from koil import unkoil
from mikro.api.schema import (
    AnnotationFilter,
    AnnotationKind,
    AxisInput,
    CoordinateSystemDerivedFromInput,
    IdentityTransformInput,
)
from mikro.arkitekt.service import mikro as mikro_service


def run(url: str) -> dict[str, Any]:
    manifest = Manifest(
        identifier="conformance",
        version="0.1.0",
        scopes=["openid"],
        requirements=mikro_service.get_requirements(),
    )
    with (
        build_device_code_fakts(url=url, manifest=manifest, no_cache=True, headless=True) as fakts,
        unkoil(mikro_service.build, fakts, None) as mikro,
    ):
        array = xr.DataArray(np.zeros((2, 8, 8), "uint16"), dims=("c", "y", "x"))
        image = mikro.create_array_dataset(data=array, scales=[], name="drawn on", axes=["c", "y", "x"])
        grid = image.intrinsic_system
        collection = mikro.create_annotation_collection(
            name="drawings",
            axes=[AxisInput(name=axis.name, type=axis.type) for axis in grid.axes],
            derived_from=[
                CoordinateSystemDerivedFromInput(coordinate_system=grid.id, transform=IdentityTransformInput())
            ],
        )
        corners = np.array([[1, 1], [1, 3], [3, 3]])
        drawn = mikro.create_annotation(
            collection=collection.id, kind=AnnotationKind.POLYGON, vectors=corners, name="nucleus"
        )
        renamed = mikro.update_annotation(id=drawn.id, name="wing")
        listed = mikro.get_annotations(filters=AnnotationFilter(dataset=image.id))
        inside = mikro.get_annotation_collection(collection.id).annotations
        gone = mikro.create_annotation(collection=collection.id, kind=AnnotationKind.POINT, vectors=np.array([[0, 0]]))
        mikro.delete_annotation(gone.id)
        return {
            "image": image.id,
            "id": drawn.id,
            "names": [drawn.name, renamed.name, mikro.get_annotation(drawn.id).name],
            "listed": [annotation.id for annotation in listed],
            "inside": [annotation.id for annotation in inside],
        }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
