"""Functions take a record or its identifier, and nothing else."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arkitekt_di import embedded
from arkitekt_di import mikro as m
from arkitekt_di.errors import RecordRefusedError

PLANE = np.arange(24, dtype="uint8").reshape(4, 6)


@pytest.fixture(scope="module", autouse=True)
def app() -> Iterator[None]:
    with embedded("records"):
        yield


def test_an_image_goes_where_its_identifier_goes() -> None:
    image = m.from_xarray(PLANE, name="embryo")

    assert m.get_image(image) == m.get_image(image.id) == image
    assert m.rename_image(image, "larva").name == m.get_image(image.id).name == "larva"
    assert m.move_image(image, "2026").folder_id == m.find_folder("2026").id
    m.delete_image(image)
    assert m.restore_image(image) == image
    assert m.verify_image(image) == ()
    with m.watch_image(image) as watch:
        m.rename_image(image.id, "pupa")
        assert next(iter(watch)).id == image.id


def test_an_image_is_exported_by_its_identifier(tmp_path: Path) -> None:
    image = m.from_xarray(PLANE, name="embryo")

    written = m.export_image(image.id, tmp_path / "plane.npy")

    assert np.array_equal(np.load(written), PLANE)


async def _exported(image_id: str, path: Path) -> Path:
    return (await m.aexport_image(image_id, path)).path


def test_an_image_is_exported_by_its_identifier_in_async_code(tmp_path: Path) -> None:

    image = m.from_xarray(PLANE, name="embryo")

    assert np.array_equal(np.load(asyncio.run(_exported(image.id, tmp_path / "plane.npy"))), PLANE)


def test_files_tables_folders_and_regions_go_where_their_identifiers_go() -> None:
    file = m.upload_file(__file__)
    table = m.from_dataframe(pd.DataFrame({"area": [1.0, 2.0]}), name="cells")
    folder = m.create_folder("one")
    image = m.from_xarray(PLANE, name="embryo")
    roi = m.create_roi(image.id, [[1, 1], [2, 2]], "rectangle")
    mask = m.create_roi(image, kind="mask", at={"label": 7}, mask=image.id)

    assert m.get_file(m.rename_file(m.move_file(file, "2026"), "notes.py")).name == "notes.py"
    assert m.get_table(m.rename_table(m.move_table(table, folder.path), "nuclei")).name == "nuclei"
    assert m.get_folder(m.rename_folder(m.move_folder(folder, "2026"), "two")).path == "2026/two"
    assert m.get_roi(roi).id == roi.id
    assert m.get_roi(mask).mask_id == image.id
    for record, delete, restore in (
        (file, m.delete_file, m.restore_file),
        (table, m.delete_table, m.restore_table),
        (folder, m.delete_folder, m.restore_folder),
    ):
        delete(record)  # type: ignore[arg-type]  # each of its own kind
        assert restore(record).id == record.id  # type: ignore[arg-type]  # as above


def test_comments_and_metrics_go_where_their_identifiers_go() -> None:
    image = m.from_xarray(PLANE, name="embryo")
    first = m.create_comment(image, "out of focus")
    answer = m.create_comment(image, "where?", reply_to=first.id)
    low = m.create_metric(image, "nuclei", 4)
    high = m.create_metric(image, "nuclei", 5, supersedes=low.id)

    assert answer.reply_to_id == first.id
    assert m.edit_comment(answer.id, "below z = 12?").text == "below z = 12?"
    assert high.supersedes_id == low.id
    m.delete_comment(answer.id)
    m.delete_metric(high)
    assert [comment.id for comment in m.get_comments(image)] == [first.id]


def test_folders_that_are_watched_are_named_by_their_paths() -> None:
    outer = m.ensure_folder("watched")
    with (
        m.watch_files(folder="watched") as files,
        m.watch_tables(folder="watched") as tables,
        m.watch_folders(parent="watched") as folders,
        m.watch_folder(outer.id) as one,
    ):
        file = m.upload_file(__file__, folder=outer)
        table = m.from_dataframe(pd.DataFrame({"n": [1]}), name="n", folder=outer)
        inner = m.create_folder("inner", parent=outer)
        m.rename_folder(outer, "seen")

        assert [change.id for change in islice(files, 1)] == [file.id]
        assert [change.id for change in islice(tables, 1)] == [table.id]
        assert [change.id for change in islice(folders, 1)] == [inner.id]
        assert [change.id for change in islice(one, 1)] == [outer.id]


def test_a_record_of_another_kind_is_refused_before_anything_happens() -> None:
    folder = m.create_folder("mistaken")

    with pytest.raises(RecordRefusedError, match="one Folder was given where one Image is meant"):
        m.delete_image(folder)  # type: ignore[arg-type]  # what is tested

    assert m.get_folder(folder).id == folder.id


def test_records_are_awaited_on_a_loop_that_is_not_the_apps(tmp_path: Path) -> None:
    async def notebook() -> list[object]:
        image = await m.aget_image(await m.afrom_xarray(PLANE, name="embryo"))
        file, folder = await m.aupload_file(__file__), await m.acreate_folder("loops")
        table = await m.afrom_dataframe(pd.DataFrame({"n": [1, 2]}), name="n", image=image)
        roi = await m.acreate_roi(image, [[1, 1], [2, 2]], "rectangle")
        return [
            (await image.adata()).values.tolist(),
            (await image.alevel(0)).shape,
            await image.averify(),
            (await image.atag("fixed")).tags,
            (await image.arename("larva")).name,
            len(await image.aprovenance()),
            (await file.arename("notes.py")).name,
            (await file.adownload(tmp_path)).name,
            (await file.aread(0, 3)).decode(),
            (await folder.arename("rounds")).name,
            len(await table.ato_pandas()),
            (await roi.acrop()).shape,
        ]

    said = asyncio.run(notebook())

    assert said == [
        PLANE.tolist(),
        (4, 6),
        (),
        ("fixed",),
        "larva",
        2,
        "notes.py",
        Path(__file__).name,
        '"""',
        "rounds",
        2,
        (2, 2),
    ]
