"""What a user says about a new image, whichever way its pixels come in."""

from collections.abc import Sequence
from typing import TypedDict

from arkitekt_di.errors import ImageRefusedError
from arkitekt_di.messages.descriptions import MAX_TAGS, MAX_TEXT, Acquisition, Channel
from arkitekt_di.mikro.files.file import File
from arkitekt_di.mikro.folders.folder import Folder
from arkitekt_di.mikro.image import Image
from arkitekt_di.mikro.relations import Source


class Said(TypedDict, total=False):
    """What is said about a new image, in the words of `from_xarray`."""

    folder: Folder | str | None
    tags: Sequence[str]
    channels: Sequence[Channel | str]
    acquisition: Acquisition | None
    derived_from: Source | Sequence[Source]
    source_files: File | str | Sequence[File | str]
    label_of: Image | str | None


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return *tags*; raises `ImageRefusedError` where the hub would refuse them when every pixel is there."""
    if isinstance(tags, str):
        raise ImageRefusedError(f"the tags are one text, {tags!r}", f"Give a sequence of texts, such as [{tags!r}]")
    if len(tags) > MAX_TAGS:
        raise ImageRefusedError(f"{len(tags)} tags were given", f"Give an image {MAX_TAGS} or fewer")
    given: Sequence[object] = tags
    for tag in given:
        if not isinstance(tag, str) or not tag.strip() or len(tag) > MAX_TEXT:
            raise ImageRefusedError(f"{tag!r} is no tag", f"Give texts of 1 to {MAX_TEXT} characters")
    return tuple(tags)
