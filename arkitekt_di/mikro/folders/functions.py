"""Functions over the folders of the app that governs, for sync and async code alike."""

from typing import Protocol

from arkitekt_di.koil import dual
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop, opened
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.watching import Watch


class FolderService(Protocol):
    """A data service that has folders."""

    @property
    def folders(self) -> Folders:
        """Its folders."""
        ...


class FolderApp(OpenApp, Protocol):
    """An app that has folders."""

    @property
    def mikro(self) -> FolderService:
        """Its data service."""
        ...


async def acreate_folder(name: str, *, parent: Folder | str | None = None, app: FolderApp | None = None) -> Folder:
    """Create a folder: `create_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.folders.acreate, name, parent=parent)


@dual(bridge=bridge_of)
async def create_folder(name: str, *, parent: Folder | str | None = None, app: FolderApp | None = None) -> Folder:
    """Create a folder.

    Parameters
    ----------
    name : str
        Its name, 1 to 255 characters, without a slash.
    parent : Folder or str, optional
        The folder to put it into; a path such as ``"2026/november"`` is made where it is not there.  Outermost where
        it is left out.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Folder

    Raises
    ------
    HubRefusedError
        There is a folder of this name already, or it cannot be a name, or folders would be more than 32 deep.
    FolderNotFoundError
        *parent* is not there any more.

    See Also
    --------
    ensure_folder : The same where the folder may be there already.
    """
    return await acreate_folder(name, parent=parent, app=app)


async def aensure_folder(path: str, *, parent: Folder | str | None = None, app: FolderApp | None = None) -> Folder:
    """Return the folder at a path: `ensure_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.folders.aensure, path, parent=parent)


@dual(bridge=bridge_of)
async def ensure_folder(path: str, *, parent: Folder | str | None = None, app: FolderApp | None = None) -> Folder:
    """Return the folder at a path, and make what of it is not there.

    However many scripts ask at the same time, there is one folder of each name.

    Parameters
    ----------
    path : str
        Names from the outermost folder on, with slashes between them, 32 at most.
    parent : Folder or str, optional
        Where the path begins; outermost where it is left out.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Folder
        The last folder of the path.

    Raises
    ------
    HubRefusedError
        A part of the path cannot be a name; nothing was made.

    Examples
    --------
    >>> ensure_folder("2026/november/embryos").path
    '2026/november/embryos'
    """
    return await aensure_folder(path, parent=parent, app=app)


async def aget_folder(folder: Folder | str, *, app: FolderApp | None = None) -> Folder:
    """Return one folder: `get_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.folders.aget, identifier_of(folder, Folder))


@dual(bridge=bridge_of)
async def get_folder(folder: Folder | str, *, app: FolderApp | None = None) -> Folder:
    """Return one folder.

    Parameters
    ----------
    folder : Folder or str
        The folder, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Raises
    ------
    FolderNotFoundError
        No folder has this identifier, or this user may not see it, or it is in the trash.
    """
    return await aget_folder(folder, app=app)


async def afind_folder(path: str, *, app: FolderApp | None = None) -> Folder:
    """Return the folder at a path: `find_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.folders.afind, path)


@dual(bridge=bridge_of)
async def find_folder(path: str, *, app: FolderApp | None = None) -> Folder:
    """Return the folder at a path, which must be there.

    Parameters
    ----------
    path : str
        Names from the outermost folder on, with slashes between them.
    app : App, optional
        The app to use; by default the one that governs here.

    Raises
    ------
    FolderNotFoundError
        There is none.

    See Also
    --------
    ensure_folder : Makes what is not there.
    """
    return await afind_folder(path, app=app)


async def asearch_folders(  # noqa: PLR0913  # each is a word of the user's
    text: str | None = None,
    *,
    parent: Folder | str | None = None,
    outermost: bool = False,
    trashed: bool = False,
    limit: int = 50,
    offset: int = 0,
    app: FolderApp | None = None,
) -> list[Folder]:
    """Find folders: `search_folders` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.folders.asearch,
        text,
        parent=parent,
        outermost=outermost,
        trashed=trashed,
        limit=limit,
        offset=offset,
    )


@dual(bridge=bridge_of)
async def search_folders(  # noqa: PLR0913  # each is a word of the user's
    text: str | None = None,
    *,
    parent: Folder | str | None = None,
    outermost: bool = False,
    trashed: bool = False,
    limit: int = 50,
    offset: int = 0,
    app: FolderApp | None = None,
) -> list[Folder]:
    """Find folders, by their names.

    Parameters
    ----------
    text : str, optional
        Part of the name; case does not count.  All folders where it is left out.
    parent : Folder or str, optional
        Only folders right inside this one, or the one at this path.
    outermost : bool, default False
        Only folders that are in no other.
    trashed : bool, default False
        Folders that were deleted, in place of those that were not.
    limit : int, default 50
        Most folders that are returned, 200 at most.
    offset : int, default 0
        Folders that are skipped, for the next page.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Folder

    See Also
    --------
    iterate_folders : All of them, page by page.
    """
    return await asearch_folders(
        text, parent=parent, outermost=outermost, trashed=trashed, limit=limit, offset=offset, app=app
    )


def iterate_folders(
    text: str | None = None, *, parent: Folder | str | None = None, app: FolderApp | None = None
) -> Pages[Folder]:
    """Go through all folders that fit, by their names, with ``for`` or ``async for``.

    Parameters
    ----------
    text : str, optional
        Part of the name; case does not count.
    parent : Folder or str, optional
        Only folders right inside this one, or the one at this path.
    app : App, optional
        The app to use; by default the one that governs here.
    """
    return governing(app).mikro.folders.iterate(text, parent=parent)


aiterate_folders = iterate_folders
"""The same: pages are fetched by whoever iterates over them, with ``for`` or with ``async for``."""


async def arename_folder(folder: Folder | str, name: str, *, app: FolderApp | None = None) -> Folder:
    """Change a name: `rename_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.folders.arename, identifier_of(folder, Folder), name)


@dual(bridge=bridge_of)
async def rename_folder(folder: Folder | str, name: str, *, app: FolderApp | None = None) -> Folder:
    """Change the name of a folder; raises `FolderNotFoundError`, and `HubRefusedError` where the name is taken."""
    return await arename_folder(folder, name, app=app)


async def amove_folder(folder: Folder | str, parent: Folder | str | None, *, app: FolderApp | None = None) -> Folder:
    """Move a folder: `move_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.folders.amove, identifier_of(folder, Folder), parent)


@dual(bridge=bridge_of)
async def move_folder(folder: Folder | str, parent: Folder | str | None, *, app: FolderApp | None = None) -> Folder:
    """Put a folder, with everything in it, into another one.

    Parameters
    ----------
    folder : Folder or str
        The folder, or its identifier.
    parent : Folder, str or None
        Where it goes; a path is made where it is not there; None makes it outermost.
    app : App, optional
        The app to use; by default the one that governs here.

    Raises
    ------
    FolderNotFoundError
        One of them is not there.
    HubRefusedError
        It would be inside itself, or too deep, or its name is taken there.
    """
    return await amove_folder(folder, parent, app=app)


async def adelete_folder(folder: Folder | str, *, app: FolderApp | None = None) -> None:
    """Delete a folder: `delete_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    await on_loop(chosen, chosen.mikro.folders.adelete, identifier_of(folder, Folder))


@dual(bridge=bridge_of)
async def delete_folder(folder: Folder | str, *, app: FolderApp | None = None) -> None:
    """Put a folder, and everything in it, into the trash.

    The hub removes it for good after ``trash.keep_s`` seconds, 30 days by default; until then `restore_folder` brings
    back what went with it.

    Raises
    ------
    FolderNotFoundError
        No folder has this identifier, or it is in the trash already.
    """
    await adelete_folder(folder, app=app)


async def arestore_folder(folder: Folder | str, *, app: FolderApp | None = None) -> Folder:
    """Take a folder out of the trash: `restore_folder` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.folders.arestore, identifier_of(folder, Folder))


@dual(bridge=bridge_of)
async def restore_folder(folder: Folder | str, *, app: FolderApp | None = None) -> Folder:
    """Take a folder, and everything that went with it, out of the trash.

    Raises
    ------
    FolderNotFoundError
        It is not in the trash, or not any more.
    HubRefusedError
        The folder that it was in is in the trash, too, or its name is taken meanwhile.
    """
    return await arestore_folder(folder, app=app)


def awatch_folders(*, parent: Folder | str | None = None, app: FolderApp | None = None) -> Watch[Folder]:
    """Watch folders: `watch_folders` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.folders.watch(parent=parent)


def watch_folders(*, parent: Folder | str | None = None, app: FolderApp | None = None) -> Watch[Folder]:
    """Tell of folders as they are made, changed and deleted.

    Parameters
    ----------
    parent : Folder or str, optional
        Only those right inside this one, or the one at this path.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Watch of Folder
        Iterate over it in sync or in async code; it survives lost connections.
    """
    return opened(awatch_folders(parent=parent, app=app))


def awatch_folder(folder: Folder | str, *, app: FolderApp | None = None) -> Watch[Folder]:
    """Watch one folder: `watch_folder` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.folders.watch(folder=identifier_of(folder, Folder))


def watch_folder(folder: Folder | str, *, app: FolderApp | None = None) -> Watch[Folder]:
    """Tell of one folder, or the one of this identifier, as it is renamed, moved or deleted; see `watch_folders`."""
    return opened(awatch_folder(folder, app=app))
