"""Folders, files, tables and metrics with the unmodified client `mikro`; prints the report as JSON."""

import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
from fakts import Manifest, build_device_code_fakts
from koil import unkoil
from mikro.api.schema import ColumnInput, MetricTargetInput
from mikro.arkitekt.service import mikro as mikro_service


def run(url: str, path: str, file_id: str, table_id: str) -> dict[str, Any]:
    manifest = Manifest(
        identifier="conformance", version="0.1.0", scopes=["openid"], requirements=mikro_service.get_requirements()
    )
    with (
        build_device_code_fakts(url=url, manifest=manifest, no_cache=True, headless=True) as fakts,
        unkoil(mikro_service.build, fakts, None) as mikro,
    ):
        outer = mikro.ensure_folder(name="theirs")
        inner = mikro.create_folder(name="inner", parent=outer.id)
        renamed = mikro.update_folder(name="renamed", id=inner.id)
        stored = mikro.from_file_like(file=path, file_name="theirs.bin", folder=inner.id)
        fetched = mikro.get_file(file_id)
        copy = fetched.download(file_name="copy.bin")
        table = mikro.create_table_dataset(
            name="their cells",
            data=pa.table({"n": [1, 2, 3], "area": [0.5, 1.5, 2.5]}),
            columns=[ColumnInput(name="area", unit="micrometer")],
            folder=inner.id,
        )
        ours = mikro.get_table_dataset(table_id)
        target = MetricTargetInput(identifier="@mikro/file", object=stored.id)
        metric = mikro.create_metric(target=target, key="focus", magnitude=7.5, unit="micrometer")
        return {
            "same": mikro.ensure_folder(name="theirs").id == outer.id,
            "found": [option.value for option in mikro.search_folders(search="RENAMED")],
            "folder": renamed.id,
            "parent": mikro.get_folder(inner.id).parent.name,
            "file": stored.id,
            "files": [option.value for option in mikro.search_files(search="theirs")],
            "copy": Path(copy).read_bytes().hex(),
            "table": table.id,
            "columns": [[column.name, column.dtype] for column in ours.columns],
            "metric": [metric.key, metric.magnitude, metric.unit],
        }


if __name__ == "__main__":
    print(json.dumps(run(*sys.argv[1:5])))
