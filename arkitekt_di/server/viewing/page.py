"""Where people look at one image: ``/images/<id>``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError
from sqlalchemy import select

from arkitekt_di.errors import ArkitektError, ImageDamagedError, ImageRefusedError, RecordRefusedError
from arkitekt_di.messages.descriptions import Channel
from arkitekt_di.messages.images import Axis
from arkitekt_di.messages.pixels import ATTRIBUTE, PixelDocument
from arkitekt_di.server.database import Database
from arkitekt_di.server.identifiers import is_identifier
from arkitekt_di.server.identity.pages import HEADERS, Pages, content_policy
from arkitekt_di.server.identity.sessions import Visitor, WebSessions
from arkitekt_di.server.identity.users import Users
from arkitekt_di.server.images.array_header import ArrayHeader
from arkitekt_di.server.images.descriptions import acquisition_of, channels_of
from arkitekt_di.server.images.naming import PAGES
from arkitekt_di.server.images.tables import Image
from arkitekt_di.server.ngff.face import NgffFace
from arkitekt_di.server.viewing.pictures import Pictures
from arkitekt_di.server.viewing.plane import plane_of

_POLICY: Final = f"{content_policy()}; img-src 'self'"


@dataclass(frozen=True)
class ShownImage:
    """What the page says about an image."""

    id: str
    name: str
    path: str
    description: str
    sizes: tuple[str, ...]
    dtype: str
    steps: tuple[str, ...]
    levels: tuple[str, ...]
    channels: tuple[Channel, ...]
    tags: tuple[str, ...]
    acquired: tuple[tuple[str, str], ...]
    creator: str
    created: datetime
    no_picture: str


class ImagePage:
    """Shows an image to the members of its organization; for everybody else it does not exist.

    Parameters
    ----------
    pages : Pages
    sessions : WebSessions
    users : Users
    database : Database
    pictures : Pictures
    face : NgffFace
        Makes links for other tools.
    """

    def __init__(  # what a container wires
        self,
        pages: Pages,
        sessions: WebSessions,
        users: Users,
        database: Database,
        pictures: Pictures,
        face: NgffFace,
    ) -> None:
        self._pages = pages
        self._sessions = sessions
        self._users = users
        self._database = database
        self._pictures = pictures
        self._face = face

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes."""
        place = f"{PAGES}/{{image}}"
        return (
            web.get(place, self._show),
            web.get(f"{place}/picture.png", self._paint),
            web.post(place, self._link),
        )

    async def _show(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        image = await self._find(request, visitor)
        return image if isinstance(image, web.Response) else await self._page(request, visitor, image)

    async def _link(self, request: web.Request) -> web.Response:
        """Make a link for other tools, and show it on the page."""
        visitor, _ = await self._pages.read(request, ())
        image = await self._find(request, visitor)
        if isinstance(image, web.Response):
            return image
        try:
            link, seconds = self._face.link(image, request, None)
        except RecordRefusedError as error:
            page = await self._page(request, visitor, image, refused=error.reason)
            page.set_status(409)
            return page
        return await self._page(request, visitor, image, link=link, minutes=seconds // 60)

    async def _paint(self, request: web.Request) -> web.Response:
        visitor = await self._sessions.recognise(request)
        image = await self._find(request, visitor)
        if isinstance(image, web.Response):
            return image
        headers = {**HEADERS, "Cross-Origin-Resource-Policy": "same-origin"}
        try:
            picture = await self._pictures.picture_of(image)
        except (ImageRefusedError, ImageDamagedError) as error:
            return web.Response(status=409, text=f"{error}\n", headers=headers)
        return web.Response(body=picture, content_type="image/png", headers=headers)

    async def _find(self, request: web.Request, visitor: Visitor) -> Image | web.Response:
        """Return the image, or what is answered in its place."""
        image_id = request.match_info["image"]
        if visitor.user_id is None:
            return self._pages.go(
                request, visitor, f"/login?next={PAGES}/{image_id}" if is_identifier(image_id) else "/login"
            )
        organizations = [one.organization_id for one in await self._users.standings(visitor.user_id)]
        named = Image.id == (image_id if is_identifier(image_id) else "")
        mine = Image.organization_id.in_(organizations), Image.deleted_at.is_(None), named
        async with self._database.transaction() as session:
            image = await session.scalar(select(Image).where(*mine))
        if image is None:  # another organization's looks like none at all
            return self._pages.tell(request, visitor, "Not found", "There is no such image for you.", status=404)
        return image

    async def _page(self, request: web.Request, visitor: Visitor, image: Image, **said: Any) -> web.Response:
        context: dict[str, Any] = {"link": "", "minutes": 0, "refused": "", **said, "image": await self._shown(image)}
        response = self._pages.show(request, visitor, "image", **context)
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    async def _shown(self, image: Image) -> ShownImage:
        axes = [Axis.model_validate(axis) for axis in image.axes]
        headers = [ArrayHeader.model_validate(store.header) for store in image.stores()]
        return ShownImage(
            id=image.id,
            name=image.name,
            path=f"{PAGES}/{image.id}",
            description=image.description or "",
            sizes=tuple(f"{axis.name} {size}" for axis, size in zip(axes, headers[0].shape, strict=True)),
            dtype=image.dtype,
            steps=await self._steps(image),
            levels=tuple(" × ".join(map(str, header.shape)) for header in headers),  # noqa: RUF001  # times, not the letter
            channels=channels_of(image),
            tags=tuple(row.tag for row in image.tags),
            acquired=_acquired(image),
            creator=image.user_name,
            created=datetime.fromtimestamp(image.created_at, UTC),
            no_picture=_no_picture(image),
        )

    async def _steps(self, image: Image) -> tuple[str, ...]:
        """Return the pixel sizes, as far as the array says them."""
        try:
            metadata = await self._pictures.metadata_of(image, image.store)
            document = PixelDocument.model_validate((metadata.get("attributes") or {}).get(ATTRIBUTE) or {})
        except (ArkitektError, ValidationError):
            return ()
        known = [axis for axis in document.axes if axis.pixel_size is not None]
        return tuple(f"{axis.name} {axis.pixel_size:g} {axis.unit or ''}".rstrip() for axis in known)


def _acquired(image: Image) -> tuple[tuple[str, str], ...]:
    acquisition = acquisition_of(image)
    said = {
        "Acquired": None if acquisition.start is None else f"{acquisition.start:%Y-%m-%d %H:%M} UTC",
        "Instrument": acquisition.instrument,
        "Objective": acquisition.objective,
        "Operator": acquisition.operator,
        "Sample": acquisition.sample,
    }
    return tuple((label, text) for label, text in said.items() if text)


def _no_picture(image: Image) -> str:
    """Return why there is no picture; nothing where there is one."""
    try:
        plane_of(image)
    except ImageRefusedError as error:
        return error.reason
    return ""
