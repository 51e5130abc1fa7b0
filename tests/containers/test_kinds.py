"""Where records are kept, and functions offered, is chosen by settings."""

import io
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di import App, call, embedded, register
from arkitekt_di.errors import ConfigurationError
from arkitekt_di.mikro import (
    create_comment,
    create_metric,
    create_roi,
    ensure_folder,
    from_dataframe,
    from_xarray,
    get_comments,
    get_metrics,
    get_rois,
    search_files,
    search_images,
    search_tables,
    upload_file,
)
from arkitekt_di.mikro.in_memory import InMemoryImageRecords, InMemoryPixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords

IN_MEMORY = {"mikro": {"kind": "in_memory"}, "rekuest": {"kind": "in_memory"}}


@register
def doubled(number: int) -> int:
    """Double a number."""
    return 2 * number


def in_memory(**settings: str) -> App:
    return embedded("test", settings={"mikro": {"kind": "in_memory", **settings}})


def test_every_area_is_kept_in_memory():
    with in_memory() as app:
        image = from_xarray(np.zeros((8, 8), "uint8"), name="embryo", folder="2026/november")
        upload_file(io.BytesIO(b"what we saw"), name="notes.txt", folder="2026")
        from_dataframe({"area": [1.0]}, name="cells")
        create_roi(image, [[1, 1], [5, 5]], "rectangle")
        create_metric(image, "nuclei", 412)
        create_comment(image, "well done")

        assert [said.text for said in get_comments(image)] == ["well done"]
        assert isinstance(app.container.mikro.records(), InMemoryImageRecords)
        assert search_images("embryo")[0].data.shape == (8, 8)
        assert image.folder_id == ensure_folder("2026/november").id
        assert search_files(folder="2026")[0].read() == b"what we saw"
        assert search_tables()[0].to_arrow().to_pydict() == {"area": [1.0]}
        assert [roi.kind for roi in get_rois(image)] == ["RECTANGLE"]
        assert [metric.value for metric in get_metrics(image)] == [412]


def test_two_apps_have_memories_of_their_own_and_the_next_life_a_fresh_one():
    first, second = in_memory(), in_memory()
    with first:
        from_xarray(np.zeros((2, 2)), name="of the first", app=first)
        with second:
            assert search_images(app=second) == []
        assert len(search_images(app=first)) == 1
    with first:
        assert search_images(app=first) == []


def test_a_file_chooses(tmp_path: Path):
    config = tmp_path / "lab.yaml"
    config.write_text("mikro: {kind: in_memory}\n")

    with embedded("test", config=config) as app:
        assert isinstance(app.container.mikro.pixels(), InMemoryPixelStore)
    with embedded("test") as app:
        assert isinstance(app.container.mikro.records(), GraphQLImageRecords)


def test_what_is_put_in_the_place_of_records_wins_over_the_choice():
    pixels = InMemoryPixelStore()
    records = InMemoryImageRecords(pixels)
    app = in_memory()

    with app.override({"mikro.records": records, "mikro.pixels": pixels}), app:
        assert app.container.mikro.records() is records


def test_functions_are_called_without_a_server_in_between():
    app = embedded("test", settings=IN_MEMORY)

    with app, app.rekuest.serving():
        assert call("doubled", 21) == 42


def test_another_word_is_refused():
    with pytest.raises(ConfigurationError, match="kind"):
        in_memory(kind="in_memroy")
