"""One image as an OME-Zarr group: what is read of it when a link is followed."""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError
from sqlalchemy import select

from arkitekt_di.errors import ImageDamagedError, LinkExpiredError, LinkRefusedError, RecordRefusedError
from arkitekt_di.messages.images import Axis
from arkitekt_di.messages.ngff import ngff_order
from arkitekt_di.messages.pixels import HEADER, MAX_HEADER_BYTES
from arkitekt_di.server.address import Address
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.images.descriptions import channels_of
from arkitekt_di.server.images.tables import Image, Store
from arkitekt_di.server.ngff.arrays import ServedArray
from arkitekt_di.server.ngff.group import group_document
from arkitekt_di.server.ngff.tokens import NgffTokens
from arkitekt_di.server.objects.promise import Objects
from arkitekt_di.settings.models import NgffSettings

PATH: Final = "/ngff"
"""Path of the links below the hub's address."""

SUFFIX: Final = ".ome.zarr"

_HEADERS: Final = 256
"""Metadata of arrays that are kept in memory; a few KiB each."""


@dataclass(frozen=True)
class ServedImage:
    """An image that somebody may read.

    Attributes
    ----------
    image : Image
    axes : tuple of Axis
        In the order in which they are served.
    order : tuple of int
        Where each of them is among the stored ones.
    levels : tuple of Store
        The finest first.
    """

    image: Image
    axes: tuple[Axis, ...]
    order: tuple[int, ...]
    levels: tuple[Store, ...]


class NgffFace:
    """Shows images as OME-Zarr groups.

    Parameters
    ----------
    database : Database
    objects : Objects
    tokens : NgffTokens
    address : Address
    settings : NgffSettings
    """

    def __init__(
        self, database: Database, objects: Objects, tokens: NgffTokens, address: Address, settings: NgffSettings
    ) -> None:
        self._database = database
        self._address = address
        self._objects = objects
        self._tokens = tokens
        self._settings = settings
        self._headers: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def link(self, image: Image, request: web.BaseRequest | None, expires_in: int | None) -> tuple[str, int]:
        """Return an address for an image, as the sender of *request* reaches it, and for how many seconds it is good.

        Raises
        ------
        ImageRefusedError
            OME-NGFF has no place for its axes.
        RecordRefusedError
            It is asked for a time that this hub does not give.
        """
        ttl_s = self._settings.link_s if expires_in is None else expires_in
        if not 0 < ttl_s <= self._settings.max_link_s:
            raise RecordRefusedError(
                f"a link for {ttl_s} s is not given here",
                f"Ask for 1 to {self._settings.max_link_s} s, or who runs the hub to raise ngff.max_link_s",
            )
        ngff_order(_axes(image))
        hub_url = self._address.url if request is None else self._address.url_for(request)
        return f"{hub_url}{PATH}/{self._tokens.issue(image.id, ttl_s)}/{image.id}{SUFFIX}", ttl_s

    async def open(self, token: str, image_id: str) -> ServedImage:
        """Return the image that a link is for.

        Raises
        ------
        LinkRefusedError
            The token was not made here for this image.
        LinkExpiredError
            Its time is over, or the image is gone.
        """
        if not is_identifier(image_id):
            raise LinkRefusedError("the link names no image")
        self._tokens.check(token, image_id)
        async with self._database.transaction() as session:
            image = await session.scalar(select(Image).where(Image.id == image_id, Image.deleted_at.is_(None)))
        if image is None:
            raise LinkExpiredError("the image has been deleted")
        axes = _axes(image)
        order = ngff_order(axes)
        return ServedImage(image, tuple(axes[place] for place in order), order, tuple(image.stores()))

    async def group(self, served: ServedImage) -> bytes:
        """Return ``zarr.json`` of the group."""
        levels = [await self.array(served, level) for level in range(len(served.levels))]
        return group_document(served.image.name, served.axes, levels, channels_of(served.image))

    async def array(self, served: ServedImage, level: int) -> ServedArray:
        """Return one level; raises `ImageDamagedError` where its metadata are missing or damaged."""
        metadata = await self._metadata(served.image, served.levels[level])
        return ServedArray(metadata, served.order, tuple(axis.name for axis in served.axes))

    async def _metadata(self, image: Image, store: Store) -> dict[str, Any]:
        version = json.dumps([store.id, store.header])  # of an image that grows, the header says how far it is
        if (known := self._headers.get(version)) is not None:
            self._headers.move_to_end(version)
            return known
        content = await self._objects.read(store.bucket, f"{store.place}/{HEADER}", max_bytes=MAX_HEADER_BYTES)
        if content is None:
            raise ImageDamagedError(image.id, HEADER, "it is missing")
        try:
            metadata: dict[str, Any] = await asyncio.to_thread(json.loads, content)
            _ = ServedArray(metadata, (), ()).document
        except (ValueError, ValidationError) as error:
            raise ImageDamagedError(image.id, HEADER, "it cannot be read") from error
        self._headers[version] = metadata
        while len(self._headers) > _HEADERS:
            self._headers.popitem(last=False)
        return metadata


def _axes(image: Image) -> tuple[Axis, ...]:
    return tuple(Axis.model_validate(axis) for axis in image.axes)
