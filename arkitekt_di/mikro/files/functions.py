"""Functions over the files of the app that governs, for sync and async code alike."""

from typing import Protocol

from arkitekt_di.koil import dual
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.files.service import Files, Readable
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop, opened
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.pixels.progress import ProgressListener
from arkitekt_di.mikro.watching import Watch


class FileService(Protocol):
    """A data service that has files."""

    @property
    def files(self) -> Files:
        """Its files."""
        ...


class FileApp(OpenApp, Protocol):
    """An app that has files."""

    @property
    def mikro(self) -> FileService:
        """Its data service."""
        ...


async def aupload_file(  # noqa: PLR0913  # each is a word of the user's
    source: Readable,
    *,
    name: str | None = None,
    folder: Folder | str | None = None,
    content_type: str | None = None,
    key: str | None = None,
    progress: ProgressListener | None = None,
    app: FileApp | None = None,
) -> File:
    """Store a file: `upload_file` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen,
        chosen.mikro.files.aupload,
        source,
        name=name,
        folder=folder,
        content_type=content_type,
        key=key,
        progress=progress,
    )


@dual(bridge=bridge_of)
async def upload_file(  # noqa: PLR0913  # each is a word of the user's
    source: Readable,
    *,
    name: str | None = None,
    folder: Folder | str | None = None,
    content_type: str | None = None,
    key: str | None = None,
    progress: ProgressListener | None = None,
    app: FileApp | None = None,
) -> File:
    """Store a file of any kind and size.

    It is read once and sent in parts of 16 MiB, a few at a time, so that memory does not grow with the file.  It
    becomes visible when every byte is in and the hub has compared the checksum: whatever happens before leaves
    nothing behind.  Files of the same name never replace one another.

    Parameters
    ----------
    source : str, os.PathLike or binary file
        Path of the file, or a file that is open for reading bytes, from where it stands.
    name : str, optional
        Name of the stored file, 1 to 255 characters; by default that of the source.
    folder : Folder or str, optional
        Where to put it; a path such as ``"2026/november"`` is made where it is not there.
    content_type : str, optional
        Media type, such as ``image/tiff``; by default guessed from the name.
    key : str, optional
        Your own name for this upload, such as that of the run.  The same call made again goes on where the first one
        broke off, sends only what is missing, and returns the same file where that was done.
    progress : callable, optional
        Called on the app's loop with a `Progress` whenever a part is stored.  A transfer that takes long shows a bar by
        itself; the setting ``mikro.progress`` turns it off.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    File

    Raises
    ------
    RecordRefusedError
        There is no name, the file grew while it was read, or *key* names a file with other bytes.
    TransferError
        The object store does not answer; nothing is visible.
    StorageFullError
        The hub has no space; nothing is visible.
    NoAppError, AppClosedError, AmbiguousAppError
        No app is open here, *app* is not, or several are and none was named.

    Examples
    --------
    >>> file = upload_file("scan.czi", folder="2026/november", key="scan of plate 7")
    """
    return await aupload_file(
        source, name=name, folder=folder, content_type=content_type, key=key, progress=progress, app=app
    )


async def aget_file(file: File | str, *, app: FileApp | None = None) -> File:
    """Return one file: `get_file` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.files.aget, identifier_of(file, File))


@dual(bridge=bridge_of)
async def get_file(file: File | str, *, app: FileApp | None = None) -> File:
    """Return one file.

    Parameters
    ----------
    file : File or str
        The file, or its identifier.
    app : App, optional
        The app to use; by default the one that governs here.

    Raises
    ------
    StoredFileNotFoundError
        No file has this identifier, or this user may not read it, or it is in the trash.
    """
    return await aget_file(file, app=app)


async def asearch_files(
    text: str | None = None,
    *,
    folder: Folder | str | None = None,
    trashed: bool = False,
    limit: int = 50,
    offset: int = 0,
    app: FileApp | None = None,
) -> list[File]:
    """Find files: `search_files` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen, chosen.mikro.files.asearch, text, folder=folder, trashed=trashed, limit=limit, offset=offset
    )


@dual(bridge=bridge_of)
async def search_files(
    text: str | None = None,
    *,
    folder: Folder | str | None = None,
    trashed: bool = False,
    limit: int = 50,
    offset: int = 0,
    app: FileApp | None = None,
) -> list[File]:
    """Find files by their names, newest first.

    Parameters
    ----------
    text : str, optional
        Part of the name; case does not count.  All files where it is left out.
    folder : Folder or str, optional
        Only files right inside this folder, or the one at this path.
    trashed : bool, default False
        Files that were deleted, in place of those that were not.
    limit : int, default 50
        Most files that are returned, 200 at most.
    offset : int, default 0
        Files that are skipped, for the next page.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of File

    See Also
    --------
    iterate_files : All of them, page by page.
    """
    return await asearch_files(text, folder=folder, trashed=trashed, limit=limit, offset=offset, app=app)


def iterate_files(
    text: str | None = None, *, folder: Folder | str | None = None, app: FileApp | None = None
) -> Pages[File]:
    """Go through all files that fit, from the oldest on, with ``for`` or ``async for``.

    Parameters
    ----------
    text : str, optional
        Part of the name; case does not count.
    folder : Folder or str, optional
        Only files right inside this folder, or the one at this path.
    app : App, optional
        The app to use; by default the one that governs here.
    """
    return governing(app).mikro.files.iterate(text, folder=folder)


aiterate_files = iterate_files
"""The same: pages are fetched by whoever iterates over them, with ``for`` or with ``async for``."""


async def arename_file(file: File | str, name: str, *, app: FileApp | None = None) -> File:
    """Change a name: `rename_file` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.files.arename, identifier_of(file, File), name)


@dual(bridge=bridge_of)
async def rename_file(file: File | str, name: str, *, app: FileApp | None = None) -> File:
    """Change the name of a file; raises `StoredFileNotFoundError`."""
    return await arename_file(file, name, app=app)


async def amove_file(file: File | str, folder: Folder | str | None, *, app: FileApp | None = None) -> File:
    """Move a file: `move_file` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.files.amove, identifier_of(file, File), folder)


@dual(bridge=bridge_of)
async def move_file(file: File | str, folder: Folder | str | None, *, app: FileApp | None = None) -> File:
    """Put a file into a folder, or a path of folders, or none where that is None.

    Raises
    ------
    StoredFileNotFoundError, FolderNotFoundError
        The file, or the folder, is not there.
    """
    return await amove_file(file, folder, app=app)


async def adelete_file(file: File | str, *, app: FileApp | None = None) -> None:
    """Delete a file: `delete_file` for async code, typed as a coroutine function."""
    chosen = governing(app)
    await on_loop(chosen, chosen.mikro.files.adelete, identifier_of(file, File))


@dual(bridge=bridge_of)
async def delete_file(file: File | str, *, app: FileApp | None = None) -> None:
    """Put a file into the trash, from which `restore_file` brings it back for 30 days or as the hub is set.

    Raises
    ------
    StoredFileNotFoundError
        No file has this identifier, or it is in the trash already.
    """
    await adelete_file(file, app=app)


async def arestore_file(file: File | str, *, app: FileApp | None = None) -> File:
    """Take a file out of the trash: `restore_file` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.files.arestore, identifier_of(file, File))


@dual(bridge=bridge_of)
async def restore_file(file: File | str, *, app: FileApp | None = None) -> File:
    """Take a file out of the trash.

    Raises
    ------
    StoredFileNotFoundError
        It is not in the trash, or not any more.
    HubRefusedError
        It went there with its folder: restore that.
    """
    return await arestore_file(file, app=app)


def awatch_files(*, folder: Folder | str | None = None, app: FileApp | None = None) -> Watch[File]:
    """Watch files: `watch_files` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.files.watch(folder=folder)


def watch_files(*, folder: Folder | str | None = None, app: FileApp | None = None) -> Watch[File]:
    """Tell of files as they are added, changed and deleted.

    Parameters
    ----------
    folder : Folder or str, optional
        Only those right inside this one, or the one at this path; a file that is moved there is created, one that is
        moved away is deleted.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Watch of File
        Iterate over it in sync or in async code; it survives lost connections.
    """
    return opened(awatch_files(folder=folder, app=app))
