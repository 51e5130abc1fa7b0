"""Functions over the comments of the app that governs, for sync and async code alike."""

from typing import Protocol

from arkitekt_di.koil import dual
from arkitekt_di.mikro.comments.service import Comment, Comments
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop, opened
from arkitekt_di.mikro.paging import Pages
from arkitekt_di.mikro.subject import Commented
from arkitekt_di.mikro.watching import Watch


class CommentService(Protocol):
    """A data service that has comments."""

    @property
    def comments(self) -> Comments:
        """Its comments."""
        ...


class CommentApp(OpenApp, Protocol):
    """An app that has comments."""

    @property
    def mikro(self) -> CommentService:
        """Its data service."""
        ...


async def acreate_comment(
    on: Commented, text: str, *, reply_to: Comment | str | None = None, app: CommentApp | None = None
) -> Comment:
    """Say something about a record: `create_comment` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.comments.acreate, on, text, reply_to=reply_to)


@dual(bridge=bridge_of)
async def create_comment(
    on: Commented, text: str, *, reply_to: Comment | str | None = None, app: CommentApp | None = None
) -> Comment:
    """Say something about a record, to everybody in the organization.

    Parameters
    ----------
    on : Image, File, Table, Folder or Roi
        What it is about.
    text : str
        1 to 4,096 characters.
    reply_to : Comment or str, optional
        The comment on the same record, or its identifier, that it answers; that one is no reply itself.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Comment

    Raises
    ------
    NotFoundError
        What it is about, or answers, is gone: `ImageNotFoundError`, `CommentNotFoundError` and so on.
    RecordRefusedError, HubRefusedError
        The text is empty or too long, or the reply answers a reply.

    Examples
    --------
    >>> create_comment(image, "out of focus below z = 12")
    """
    return await acreate_comment(on, text, reply_to=reply_to, app=app)


def get_comments(on: Commented, *, app: CommentApp | None = None) -> Pages[Comment]:
    """Return the comments on a record, oldest first, to iterate over in sync and async code.

    Parameters
    ----------
    on : Image, File, Table, Folder or Roi
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Pages of Comment
        Fetched page by page; iterating raises `NotFoundError` where the record is gone.
    """
    return governing(app).mikro.comments.iterate(on)


aget_comments = get_comments
"""The same: pages are fetched by whoever iterates over them, with ``for`` or with ``async for``."""


async def aedit_comment(comment: Comment | str, text: str, *, app: CommentApp | None = None) -> Comment:
    """Change a comment: `edit_comment` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.comments.aedit, comment, text)


@dual(bridge=bridge_of)
async def edit_comment(comment: Comment | str, text: str, *, app: CommentApp | None = None) -> Comment:
    """Change what one's own comment says, and return it as it is then.

    Raises
    ------
    CommentNotFoundError
        It is gone.
    HubRefusedError
        It is somebody else's.
    """
    return await aedit_comment(comment, text, app=app)


async def adelete_comment(comment: Comment | str, *, app: CommentApp | None = None) -> None:
    """Remove a comment: `delete_comment` for async code, typed as a coroutine function."""
    chosen = governing(app)
    await on_loop(chosen, chosen.mikro.comments.adelete, comment)


@dual(bridge=bridge_of)
async def delete_comment(comment: Comment | str, *, app: CommentApp | None = None) -> None:
    """Remove one's own comment for good, with the replies to it; an admin may remove anybody's.

    Raises
    ------
    CommentNotFoundError
        It is gone.
    HubRefusedError
        It is somebody else's, and this user is no admin of the organization.
    """
    await adelete_comment(comment, app=app)


def awatch_comments(on: Commented, *, app: CommentApp | None = None) -> Watch[Comment]:
    """Watch comments: `watch_comments` for async code, not open until it is entered or iterated over."""
    return governing(app).mikro.comments.watch(on)


def watch_comments(on: Commented, *, app: CommentApp | None = None) -> Watch[Comment]:
    """Tell what is said about a record, as it is said; see `watch_images`.

    Parameters
    ----------
    on : Image, File, Table, Folder or Roi
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Watch of Comment
        Yields a `Change` for each comment that is made, edited or removed.
    """
    return opened(awatch_comments(on, app=app))
