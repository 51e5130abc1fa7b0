"""Images tell which images, tables and files they come from, and which image they label; in both directions."""

import numpy as np
import pandas as pd
import pytest

from arkitekt_di import embedded
from arkitekt_di import mikro as m
from arkitekt_di.errors import RecordRefusedError, StoredFileNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
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
