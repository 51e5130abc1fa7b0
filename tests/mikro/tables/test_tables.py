import datetime as dt
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from arkitekt_di.errors import OwnLoopError, RecordRefusedError, TableRefusedError
from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import AxisType
from arkitekt_di.mikro import data_frame as frames
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.pixels.progress import Progress
from arkitekt_di.mikro.tables.records import GraphQLTableRecords
from arkitekt_di.mikro.tables.service import Tables
from tests.mikro.hub import Hub
from tests.mikro.stores import CountingStore

ROWS = 1000


def everything() -> pd.DataFrame:
    """Return a frame with a column of each type that people use, missing values in those that can have them."""
    numbers = np.arange(5)
    frame = pd.DataFrame(
        {
            **{f"i{8 * size}": numbers.astype(f"i{size}") for size in (1, 2, 4, 8)},
            **{f"u{8 * size}": numbers.astype(f"u{size}") for size in (1, 2, 4, 8)},
            **{f"f{8 * size}": np.array([0.5, np.nan, np.inf, -np.inf, -0.0], f"f{size}") for size in (2, 4, 8)},
            "bool": numbers > 2,
            "nullable": pd.array([1, None, 3, 4, 5], dtype="Int64"),
            "truth": pd.array([True, None, False, True, None], dtype="boolean"),
            "text": ["a", "ä", "", None, "日本"],
            "kind": pd.Categorical(["b", "a", None, "b", "b"], categories=["b", "a", "never"], ordered=True),
            "at": pd.array(["2026-11-22", None, "1969-07-20T20:17:40.123456789", "2200-01-01", "2026-01-01"], "M8[ns]"),
            "there": pd.date_range("2026-03-29", periods=5, freq="h", tz="Europe/Berlin"),
            "took": pd.to_timedelta([1, 2, 3, None, 5], unit="s"),
            "price": [Decimal("1.10"), Decimal("2.20"), None, Decimal("3.30"), Decimal("4.40")],
            "day": [dt.date(2026, 11, day) for day in range(1, 6)],
            "raw": [b"\x00", b"", None, b"\xff", b"x"],
        },
        index=pd.Index([10, 20, 30, 50, 80], name="object"),
    )
    assert frame.shape == (5, 22)
    return frame


def test_every_type_comes_back_exactly(tables: Tables, koil: Koil) -> None:
    frame = everything()

    table = koil.call(tables.afrom_dataframe, frame, name="everything")

    pd.testing.assert_frame_equal(table.to_pandas(), frame)
    assert table.row_count == 5
    assert {column.name: column.dtype for column in table.columns}["nullable"] == "BIGINT"


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
        pd.DataFrame({"a": [1, 2, 3]}).iloc[::2],
        pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", "n"])),
        pd.DataFrame({"object_id": [1, 2, 3], "area": [0.1, 0.2, 0.3]}).set_index("object_id"),
    ],
)
def test_an_index_comes_back(tables: Tables, koil: Koil, frame: pd.DataFrame) -> None:
    table = koil.call(tables.afrom_dataframe, frame, name="indexed")

    pd.testing.assert_frame_equal(table.to_pandas(), frame)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pd.DataFrame({"fine": [1], "odd": [{1, 2}]}), "'odd' holds a set"),
        (pd.DataFrame({"odd": [[1, 2]]}), "'odd' holds a list"),
        (pd.DataFrame({"odd": [1j]}), "complex"),
        (pd.DataFrame({"odd": pd.Series([1, "a"], dtype=object)}), "'odd' holds a int"),
        (pd.DataFrame([[1, 2]], columns=["twice", "twice"]), "two columns 'twice'"),
        (pa.table({"odd": pa.array([1, 2], pa.int8())}).rename_columns(["odd"]).append_column("odd", [[1, 2]]), "two"),
        ([1, 2], "list is no table"),
    ],
)
def test_what_would_not_come_back_is_refused_by_name(
    tables: Tables, store: CountingStore, koil: Koil, frame: object, said: str
) -> None:
    with pytest.raises(TableRefusedError, match=said):
        koil.call(tables.afrom_dataframe, frame, name="odd")

    assert store.writes == []


def test_frames_of_every_make_are_taken(tables: Tables, koil: Koil) -> None:
    class Capsule:
        """Speaks Arrow and nothing else."""

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pa.table({"a": [1, 2]}).__arrow_c_stream__(requested_schema)

    for frame in (pa.table({"a": [1, 2]}), {"a": np.array([1, 2])}, Capsule()):
        table = koil.call(tables.afrom_dataframe, frame, name="any")
        assert table.to_arrow().column("a").to_pylist() == [1, 2]


def test_units_and_coordinates_are_kept(tables: Tables, koil: Koil) -> None:
    frame = {"x": [1.0], "area": [2.0]}

    table = koil.call(
        tables.afrom_dataframe, frame, name="cells", units={"area": "µm²"}, coordinates={"x": "space"}, folder="a/b"
    )

    assert table.units == {"area": "µm²"}
    assert [column.axis_type for column in table.columns] == [AxisType.SPACE, None]
    assert table.folder_id is not None
    with pytest.raises(TableRefusedError, match="'volume'"):
        koil.call(tables.afrom_dataframe, frame, name="cells", units={"volume": "µm³"})
    with pytest.raises(TableRefusedError, match="colour"):
        koil.call(tables.afrom_dataframe, frame, name="cells", coordinates={"x": "colour"})


def test_only_what_is_asked_for_is_read(
    tables: Tables, store: CountingStore, koil: Koil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "ROW_GROUP_ROWS", ROWS)
    noise = np.random.default_rng(7)
    frame = pd.DataFrame({"n": np.arange(50 * ROWS), **{f"c{i}": noise.random(50 * ROWS) for i in range(20)}})
    table = koil.call(tables.afrom_dataframe, frame, name="wide")
    whole = sum(len(body) for body in store.objects.values())

    store.reads.clear()
    column = table.to_pandas(["c3"])
    of_one_column = sum(size for _, size in store.reads)
    store.reads.clear()
    some = table.to_pandas(["n", "c3"], where=[("n", ">=", 49 * ROWS), ("n", "<", 49 * ROWS + 3)])
    of_some_rows = sum(size for _, size in store.reads)

    pd.testing.assert_frame_equal(column, frame[["c3"]])
    assert some["n"].tolist() == [49 * ROWS, 49 * ROWS + 1, 49 * ROWS + 2]
    assert of_one_column < whole / 5
    assert of_some_rows < whole / 5


def test_the_apps_own_loop_is_never_blocked(tables: Tables, koil: Koil) -> None:
    async def work() -> int:
        table = await tables.afrom_dataframe({"a": [1, 2]}, name="small")
        with pytest.raises(OwnLoopError, match="ato_arrow"):
            _ = table.data
        return len(await table.ato_pandas())

    assert koil.call(work) == 2


@pytest.mark.anyio
async def test_a_table_goes_through_the_hub(hub: Hub) -> None:
    async with Koil() as koil:
        folders = Folders(GraphQLFolderRecords(hub.graphql), koil)
        tables = Tables(GraphQLTableRecords(hub.graphql), hub.pixels, folders, koil)

        table = await tables.afrom_dataframe(everything(), name="everything", folder="results", units={"f64": "µm"})
        found = (await tables.asearch("every", folder="results"))[0]

        assert found == table
        assert found.units == {"f64": "µm"}
        pd.testing.assert_frame_equal(await found.ato_pandas(), everything())


def test_a_key_names_one_table(tables: Tables, store: CountingStore, koil: Koil) -> None:
    frame = everything()

    first = koil.call(tables.afrom_dataframe, frame, name="cells", key="run 7")
    writes = len(store.writes)
    again = koil.call(tables.afrom_dataframe, frame, name="cells", key="run 7")

    assert (again, len(store.writes)) == (first, writes)
    assert len(list(tables.iterate())) == 1
    with pytest.raises(RecordRefusedError, match="run 7"):
        koil.call(tables.afrom_dataframe, frame.iloc[:3], name="cells", key="run 7")


def test_progress_is_told(tables: Tables, koil: Koil) -> None:
    told: list[Progress] = []

    table = koil.call(tables.afrom_dataframe, everything(), name="cells", progress=told.append)

    assert [progress.name for progress in told] == ["cells"]
    assert told[0].done_bytes == told[0].total_bytes
    assert table.row_count == 5


def test_polars_reads_and_writes_tables(tables: Tables, koil: Koil) -> None:
    frame = pl.DataFrame({"area": [1.0, 2.0, None], "kind": ["a", None, "b"]})

    table = koil.call(tables.afrom_dataframe, frame, name="cells")

    assert table.to_polars().equals(frame)
    assert table.to_polars(["area"], where=[("kind", "==", "b")]).to_dicts() == [{"area": None}]
    assert pl.scan_pyarrow_dataset(table.data).filter(pl.col("area") > 1.5).collect()["kind"].to_list() == [None]


def test_duckdb_asks_tables(tables: Tables, koil: Koil) -> None:
    table = koil.call(tables.afrom_dataframe, {"area": [1.0, 2.0, 4.0], "kind": ["a", "b", "b"]}, name="cells")

    relation = duckdb.from_arrow(table.data)

    assert relation.aggregate("kind, sum(area)").order("kind").fetchall() == [("a", 1.0), ("b", 6.0)]


@pytest.mark.anyio
async def test_a_key_names_one_table_of_the_hub(hub: Hub, koil: Koil) -> None:
    folders = Folders(GraphQLFolderRecords(hub.graphql), koil)
    tables = Tables(GraphQLTableRecords(hub.graphql), hub.pixels, folders, koil)

    first = await tables.afrom_dataframe({"a": [1]}, name="cells", key="run 7")

    assert await tables.afrom_dataframe({"a": [1]}, name="cells", key="run 7") == first
    with pytest.raises(RecordRefusedError, match="run 7"):
        await tables.afrom_dataframe({"a": [2]}, name="cells", key="run 7")
