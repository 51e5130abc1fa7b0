"""Functions over the tables of the app that governs, for sync and async code alike."""

from collections.abc import Mapping
from typing import Protocol

from arkitekt_di.koil import dual
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop, opened
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.progress import ProgressListener
from arkitekt_di.mikro.table import Table
from arkitekt_di.mikro.tables.service import Tables
from arkitekt_di.mikro.watching import Watch


class TableService(Protocol):
    """A data service that has tables."""

    @property
    def tables(self) -> Tables:
        """Its tables."""
        ...


class TableApp(OpenApp, Protocol):
    """An app that has tables."""

    @property
    def mikro(self) -> TableService:
        """Its data service."""
        ...


async def afrom_dataframe(  # noqa: PLR0913  # each is a word of the user's
    frame: object,
    *,
    name: str,
    folder: Folder | str | None = None,
    image: Image | str | None = None,
    units: Mapping[str, str] | None = None,
    coordinates: Mapping[str, str] | None = None,
    key: str | None = None,
    progress: ProgressListener | None = None,
    app: TableApp | None = None,
) -> Table:
    """Store a data frame: `from_dataframe` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.tables.afrom_dataframe,
        frame,
        name=name,
        folder=folder,
        image=image,
        units=units,
        coordinates=coordinates,
        key=key,
        progress=progress,
    )


@dual(bridge=bridge_of)
async def from_dataframe(  # noqa: PLR0913  # each is a word of the user's
    frame: object,
    *,
    name: str,
    folder: Folder | str | None = None,
    image: Image | str | None = None,
    units: Mapping[str, str] | None = None,
    coordinates: Mapping[str, str] | None = None,
    key: str | None = None,
    progress: ProgressListener | None = None,
    app: TableApp | None = None,
) -> Table:
    """Store a data frame as a new table.

    Types, missing values and the index come back exactly; what would not is refused by the name of its column before
    anything is sent.  Needs the extra ``tables``.

    Parameters
    ----------
    frame : pandas.DataFrame, polars.DataFrame, pyarrow.Table, or mapping of str to array
        The rows; anything that speaks the Arrow PyCapsule interface will do.
    name : str
        Name of the table, 1 to 255 characters.
    folder : Folder or str, optional
        Where to put it; a path such as ``"2026/november"`` is made where it is not there.
    image : Image or str, optional
        The image that it is about, or its identifier.
    units : mapping of str to str, optional
        Unit of the values of a column, such as ``{"area": "µm²"}``; kept as it is written.
    coordinates : mapping of str to str, optional
        Columns that are positions (``"space"``), instants (``"time"``) or numbers of objects (``"index"``).
    key : str, optional
        Your own name for this table, such as that of the run.  The same call made again goes on where the first one
        broke off, and returns the same table where that was done.
    progress : callable, optional
        Called on the app's loop with a `Progress` whenever a part is stored; a transfer that takes long shows a bar.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Table

    Raises
    ------
    TableRefusedError
        The frame would not come back as it is, or a column that is named is not there; nothing was sent.
    MissingExtraError
        pyarrow is not installed.
    RecordRefusedError
        *key* names a table with other rows.
    ImageNotFoundError
        *image* is not there.
    TransferError, StorageFullError
        Nothing is visible.

    Examples
    --------
    >>> table = from_dataframe(cells, name="cells", units={"area": "µm²"}, folder="2026/november")
    """
    return await afrom_dataframe(
        frame,
        name=name,
        folder=folder,
        image=image,
        units=units,
        coordinates=coordinates,
        key=key,
        progress=progress,
        app=app,
    )


async def aget_table(table: Table | str, *, app: TableApp | None = None) -> Table:
    """Return one table: `get_table` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.tables.aget, identifier_of(table, Table))


@dual(bridge=bridge_of)
async def get_table(table: Table | str, *, app: TableApp | None = None) -> Table:
    """Return one table.

    Parameters
    ----------
    table : Table or str
        The table, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Raises
    ------
    TableNotFoundError
        No table has this identifier, or this user may not read it, or it is in the trash.
    """
    return await aget_table(table, app=app)


async def asearch_tables(  # noqa: PLR0913  # each is a word of the user's
    text: str | None = None,
    *,
    folder: Folder | str | None = None,
    image: Image | str | None = None,
    trashed: bool = False,
    limit: int = 50,
    offset: int = 0,
    app: TableApp | None = None,
) -> list[Table]:
    """Find tables: `search_tables` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.tables.asearch,
        text,
        folder=folder,
        image=image,
        trashed=trashed,
        limit=limit,
        offset=offset,
    )


@dual(bridge=bridge_of)
async def search_tables(  # noqa: PLR0913  # each is a word of the user's
    text: str | None = None,
    *,
    folder: Folder | str | None = None,
    image: Image | str | None = None,
    trashed: bool = False,
    limit: int = 50,
    offset: int = 0,
    app: TableApp | None = None,
) -> list[Table]:
    """Find tables by their names, newest first.

    Parameters
    ----------
    text : str, optional
        Part of the name; case does not count.  All tables where it is left out.
    folder : Folder or str, optional
        Only tables right inside this folder, or the one at this path.
    image : Image or str, optional
        Only tables about this image.
    trashed : bool, default False
        Tables that were deleted, in place of those that were not.
    limit : int, default 50
        Most tables that are returned, 200 at most.
    offset : int, default 0
        Tables that are skipped, for the next page.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Table

    See Also
    --------
    iterate_tables : All of them, page by page.
    """
    return await asearch_tables(text, folder=folder, image=image, trashed=trashed, limit=limit, offset=offset, app=app)


def iterate_tables(
    text: str | None = None, *, folder: Folder | str | None = None, app: TableApp | None = None
) -> Pages[Table]:
    """Go through all tables that fit, from the oldest on, with ``for`` or ``async for``.

    Parameters
    ----------
    text : str, optional
        Part of the name; case does not count.
    folder : Folder or str, optional
        Only tables right inside this folder, or the one at this path.
    app : App, optional
        The app to use; by default the one that governs here.
    """
    return governing(app).mikro.tables.iterate(text, folder=folder)


aiterate_tables = iterate_tables
"""The same: pages are fetched by whoever iterates over them, with ``for`` or with ``async for``."""


async def arename_table(table: Table | str, name: str, *, app: TableApp | None = None) -> Table:
    """Change a name: `rename_table` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.tables.arename, identifier_of(table, Table), name)


@dual(bridge=bridge_of)
async def rename_table(table: Table | str, name: str, *, app: TableApp | None = None) -> Table:
    """Change the name of a table; raises `TableNotFoundError`."""
    return await arename_table(table, name, app=app)


async def amove_table(table: Table | str, folder: Folder | str | None, *, app: TableApp | None = None) -> Table:
    """Move a table: `move_table` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.tables.amove, identifier_of(table, Table), folder)


@dual(bridge=bridge_of)
async def move_table(table: Table | str, folder: Folder | str | None, *, app: TableApp | None = None) -> Table:
    """Put a table into a folder, or a path of folders, or none where that is None.

    Raises
    ------
    TableNotFoundError, FolderNotFoundError
        The table, or the folder, is not there.
    """
    return await amove_table(table, folder, app=app)


async def arelate_table(table: Table | str, image: Image | str | None, *, app: TableApp | None = None) -> Table:
    """Say what a table is about: `relate_table` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.tables.arelate, identifier_of(table, Table), image)


@dual(bridge=bridge_of)
async def relate_table(table: Table | str, image: Image | str | None, *, app: TableApp | None = None) -> Table:
    """Say which image a table is about, in place of the one that it was about.

    Parameters
    ----------
    table : Table or str
        The table, or its identifier.
    image : Image or str or None
        The image, or its identifier; None where it is about none.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Table
        As it is then; its provenance tells who said so.

    Raises
    ------
    TableNotFoundError, ImageNotFoundError
        One of them is not there; nothing was changed.

    See Also
    --------
    relate_image : Say that an image was made from a table.
    """
    return await arelate_table(table, image, app=app)


async def adelete_table(table: Table | str, *, app: TableApp | None = None) -> None:
    """Delete a table: `delete_table` for async code, typed as a coroutine function."""
    chosen = governing(app)
    await on_loop(chosen, chosen.mikro.tables.adelete, identifier_of(table, Table))


@dual(bridge=bridge_of)
async def delete_table(table: Table | str, *, app: TableApp | None = None) -> None:
    """Put a table into the trash, from which `restore_table` brings it back for 30 days or as the hub is set.

    Raises
    ------
    TableNotFoundError
        No table has this identifier, or it is in the trash already.
    """
    await adelete_table(table, app=app)


async def arestore_table(table: Table | str, *, app: TableApp | None = None) -> Table:
    """Take a table out of the trash: `restore_table` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.tables.arestore, identifier_of(table, Table))


@dual(bridge=bridge_of)
async def restore_table(table: Table | str, *, app: TableApp | None = None) -> Table:
    """Take a table out of the trash.

    Raises
    ------
    TableNotFoundError
        It is not in the trash, or not any more.
    HubRefusedError
        It went there with its folder: restore that.
    """
    return await arestore_table(table, app=app)


def awatch_tables(*, folder: Folder | str | None = None, app: TableApp | None = None) -> Watch[Table]:
    """Watch tables: `watch_tables` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.tables.watch(folder=folder)


def watch_tables(*, folder: Folder | str | None = None, app: TableApp | None = None) -> Watch[Table]:
    """Tell of tables as they are added, changed and deleted.

    Parameters
    ----------
    folder : Folder or str, optional
        Only those right inside this one, or the one at this path; a table that is moved there is created, one that is
        moved away is deleted.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Watch of Table
        Iterate over it in sync or in async code; it survives lost connections.
    """
    return opened(awatch_tables(folder=folder, app=app))
