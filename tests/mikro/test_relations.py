"""Images tell which images, tables and files they come from, and which image they label; in both directions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from arkitekt_di import embedded
from arkitekt_di import mikro as m
from arkitekt_di.errors import (
    ArkitektError,
    HubRefusedError,
    ImageNotFoundError,
    ImageRefusedError,
    RecordRefusedError,
    StoredFileNotFoundError,
)
from arkitekt_di.messages.changes import ChangeKind, RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.descriptions import Acquisition
from arkitekt_di.messages.relations import Relation, RelationKind
from arkitekt_di.mikro.relations import related

PLANE = np.zeros((4, 6), "uint8")


def test_an_image_knows_its_origins_and_is_found_by_them() -> None:
    with embedded("relations"):
        file = m.upload_file(__file__)
        spots = m.from_dataframe(pd.DataFrame({"x": [1.0], "y": [2.0]}), name="spots")
        raw = m.from_xarray(PLANE, name="raw", source_files=file)
        drawn = m.from_xarray(PLANE, name="drawn", derived_from=[raw.id, spots], source_files=[file.id])
        cells = m.from_xarray(PLANE, name="cells", derived_from=raw, label_of=raw)
        nuclei = m.from_xarray(PLANE, name="nuclei", label_of=raw.id)

        assert list(raw.source_files()) == list(drawn.source_files()) == [file]
        assert m.get_sources(drawn) == [raw, spots, file]
        assert m.get_sources(raw.id) == [file]
        assert (cells.label_of(), drawn.label_of()) == (raw, None)
        assert list(raw.labels()) == [cells, nuclei]
        assert list(cells.sources()) == list(nuclei.sources()) == [raw]
        assert list(raw.derived()) == [drawn, cells, nuclei]
        assert list(m.find_images(derived_from=file)) == [raw, drawn]
        assert list(m.find_images(derived_from=spots)) == [drawn]
        assert list(m.find_images("nuc", label_of=raw)) == [nuclei]

        file.delete()
        assert list(drawn.source_files()) == []


def test_where_an_image_comes_from_can_be_said_later_and_taken_back() -> None:
    with embedded("relations", version="1.0"):
        file = m.upload_file(__file__)
        spots = m.from_dataframe(pd.DataFrame({"x": [1.0], "y": [2.0]}), name="spots")
        raw, mask = m.from_xarray(PLANE, name="raw"), m.from_xarray(PLANE, name="mask")

        with m.watch_image(mask) as changes:
            assert m.relate_image(mask.id, derived_from=spots, source_files=[file], label_of=raw) == mask
            assert next(iter(changes)).kind is ChangeKind.UPDATED
        assert m.get_sources(mask) == [raw, spots, file]
        assert (mask.label_of(), list(raw.labels()), list(raw.derived())) == (raw, [mask], [mask])

        mask.unrelate(label_of=raw, source_files=file.id)
        assert m.get_sources(mask) == [raw, spots]
        assert mask.label_of() is None
        m.unrelate_image(mask, derived_from=[raw, spots])
        assert m.get_sources(mask) == []
        raw.relate(source_files=file)
        assert raw.source_files() == [file]

        made, changed = m.get_provenance(mask)
        assert (made.kind, changed.kind, changed.count, changed.app) == ("CREATED", "UPDATED", 3, "relations")


def test_a_file_that_is_gone_can_be_taken_back_and_what_makes_no_sense_is_refused() -> None:
    with embedded("relations"):
        file, image = m.upload_file(__file__), m.from_xarray(PLANE, name="raw")
        mask = m.from_xarray(PLANE, name="mask", derived_from=image, source_files=file)
        file.delete()
        m.unrelate_image(mask, source_files=file)
        file.restore()

        assert mask.source_files() == []
        with pytest.raises(HubRefusedError, match="would come from itself"):
            m.relate_image(image, derived_from=mask)
        with pytest.raises(RecordRefusedError, match="no other record was named"):
            m.relate_image(image)
        with pytest.raises(RecordRefusedError, match="no other record was named"):
            image.unrelate()
        with pytest.raises(StoredFileNotFoundError):
            m.relate_image(image, source_files=mask.id)


def test_what_a_table_is_about_can_be_said_later() -> None:
    with embedded("relations"):
        first, second = m.from_xarray(PLANE, name="first"), m.from_xarray(PLANE, name="second")
        spots = m.from_dataframe(pd.DataFrame({"x": [1.0]}), name="spots", image=first)

        assert m.relate_table(spots, second).image_id == second.id
        assert m.search_tables(image=first) == []
        assert m.search_tables(image=second.id) == [spots]
        with pytest.raises(ImageNotFoundError):
            m.relate_table(spots, "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d")
        assert m.relate_table(spots.id, None).image_id is None
        assert [line.kind for line in m.get_provenance(spots)] == ["CREATED", "UPDATED"]


def frames() -> Iterator[np.ndarray[Any, Any]]:
    yield from (np.zeros((2, 4, 6), "uint8") for _ in range(3))


def test_frames_and_growing_images_are_described_in_the_same_words() -> None:
    with embedded("relations"):
        file, raw = m.upload_file(__file__), m.from_xarray(PLANE, name="raw")
        said: dict[str, Any] = {
            "folder": "2026/november",
            "tags": ["fixed"],
            "channels": ["DAPI", "GFP"],
            "acquisition": Acquisition(objective="60x"),
            "source_files": file,
            "label_of": raw,
        }
        movie = m.from_frames(frames(), name="movie", dims=("t", "c", "y", "x"), **said)
        with m.image_writer(("t", "c", "y", "x"), name="growing", **said) as writer:
            for frame in frames():
                writer.append(frame)
        assert writer.image is not None

        for image in (movie, m.get_image(writer.image)):
            assert (image.tags, image.acquisition.objective) == (("fixed",), "60x")
            assert [channel.name for channel in image.channels] == ["DAPI", "GFP"]
            assert (image.label_of(), image.source_files()) == (raw, [file])
            assert image in list(m.find_images(folder="2026/november"))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"channels": ["DAPI"]}, "1 channels were described, but the image has 2"),
        ({"tags": ["a"] * 65}, "65 tags"),
        ({"tags": [" "]}, "no tag"),
        ({"tags": "fixed"}, "one text"),
        ({"source_files": "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"}, "no file"),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_stored(said: dict[str, Any], reason: str) -> None:
    dims = ("t", "c", "y", "x")
    with embedded("relations"):
        with pytest.raises(ArkitektError, match=reason):
            m.from_xarray(np.stack(list(frames())), name="wrong", dims=dims, folder="new", **said)
        with pytest.raises(ArkitektError, match=reason):
            m.from_frames(frames(), name="wrong", dims=dims, folder="new", **said)
        with (
            pytest.raises(ArkitektError, match=reason),
            m.image_writer(dims, name="wrong", folder="new", shape=(2, 4, 6), **said),
        ):
            pytest.fail("it was begun")
        with pytest.raises(ArkitektError, match=reason), m.image_writer(dims, name="wrong", **said) as writer:
            writer.append(next(frames()))

        assert (list(m.find_images()), m.search_folders()) == ([], [])


def test_a_writer_of_an_image_that_is_there_takes_no_other_description() -> None:
    with embedded("relations"), pytest.raises(ImageRefusedError, match="name, tags"):
        m.image_writer(image="1", name="other", tags=["a"])


def test_what_is_no_such_record_is_refused_before_anything_is_stored() -> None:
    with embedded("relations"):
        image = m.from_xarray(PLANE, name="raw")
        with pytest.raises(RecordRefusedError, match="one Image was given where one File is meant"):
            m.from_xarray(PLANE, name="wrong", source_files=image)  # type: ignore[arg-type]  # what is tested
        with pytest.raises(StoredFileNotFoundError):
            m.from_xarray(PLANE, name="wrong", source_files=image.id)

        assert [found.name for found in m.search_images()] == ["raw"]


def test_relations_travel_in_the_words_of_any_mikro() -> None:
    said = [
        Relation(kind=RelationKind.DERIVED_FROM, subject=Subject(kind=kind, id=record_id))
        for kind, record_id in ((RecordKind.IMAGE, "1"), (RecordKind.TABLE, "2"), (RecordKind.FILE, "3"))
    ]
    label = Relation(kind=RelationKind.LABEL_OF, subject=Subject(kind=RecordKind.IMAGE, id="1"))

    assert related([*said, label]) == {
        "derivedFrom": [
            {"kind": "DATASET", "dataset": "1", "valueRelation": "CATEGORIZED"},
            {"kind": "TABLE_DATASET", "tableDataset": "2"},
        ],
        "sourceFiles": [{"file": "3"}],
    }
    assert related([]) == {}
