"""OME-Zarr over HTTP: GET and HEAD with ranges, for pages of any origin that the hub allows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from aiohttp import web

from arkitekt_di.errors import (
    ImageDamagedError,
    ImageRefusedError,
    LinkExpiredError,
    LinkRefusedError,
    ObjectRefusedError,
)
from arkitekt_di.messages.pixels import HEADER
from arkitekt_di.server.ngff.face import PATH, SUFFIX, NgffFace, ServedImage
from arkitekt_di.server.objects.delivery import deliver
from arkitekt_di.server.objects.faults import STATUS
from arkitekt_di.server.objects.promise import Objects
from arkitekt_di.settings.models import NgffSettings

PREFLIGHT_S: Final = 3600
"""Seconds for which a browser remembers what it may ask."""

PIXELS_S: Final = 3600
"""Seconds for which a browser may keep pixels, which never change."""

_STATUS: Final = {LinkExpiredError: 410, LinkRefusedError: 403, ImageRefusedError: 409, ImageDamagedError: 500}
"""Never 404, which readers of zarr take for a chunk without pixels: they would show zeros in place of an error."""

_ASKED: Final = "GET, HEAD"
_SHOWN: Final = "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified"
_CONDITIONS: Final = "Range, If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range, Cache-Control"

_Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class NgffEndpoint:
    """Serves images to whoever has a link.

    Parameters
    ----------
    face : NgffFace
    objects : Objects
    settings : NgffSettings
    """

    def __init__(self, face: NgffFace, objects: Objects, settings: NgffSettings) -> None:
        self._face = face
        self._objects = objects
        self._origins = frozenset(settings.origins)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes, to be put at the root of the site."""
        place = f"{PATH}/{{token}}/{{image}}{SUFFIX}{{key:(/.*)?}}"
        return [web.get(place, self._answer), web.options(place, self._allow)]

    async def _allow(self, request: web.Request) -> web.StreamResponse:
        """Tell a browser what pages of other origins may ask: Fetch standard, "CORS-preflight request"."""
        headers = self._cross_origin(request)
        if headers:
            headers |= {
                "Access-Control-Allow-Methods": _ASKED,
                "Access-Control-Allow-Headers": _CONDITIONS,
                "Access-Control-Max-Age": str(PREFLIGHT_S),
            }
            if "Access-Control-Request-Private-Network" in request.headers:
                headers["Access-Control-Allow-Private-Network"] = "true"
        return web.Response(status=204, headers=headers)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        # Set before the answer begins: a large object is under way when its handler returns.
        headers = self._cross_origin(request) | {"Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
        try:
            return await self._deliver(request, headers)
        except (LinkRefusedError, ImageRefusedError, ImageDamagedError) as error:
            status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            return web.Response(status=status, text=f"{error}\n", headers=headers)
        except ObjectRefusedError as error:
            return web.Response(status=STATUS[error.code], text=f"{error.reason}\n", headers=headers)

    async def _deliver(self, request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
        served = await self._face.open(request.match_info["token"], request.match_info["image"])
        key = request.match_info["key"].removeprefix("/")
        if key == HEADER:
            return _document(await self._face.group(served), headers)
        number, _, rest = key.partition("/")
        level = int(number) if number.isascii() and number.isdecimal() and len(number) < len(str(10**9)) else -1
        if not 0 <= level < len(served.levels) or number != str(level):
            return _not_found(headers)
        array = await self._face.array(served, level)
        if rest == HEADER:
            return _document(array.header(), headers)
        stored = array.stored_key(rest)
        if stored is None:
            return _not_found(headers)
        return await self._object(request, served, level, stored, is_complete=array.is_complete, headers=headers)

    async def _object(
        self,
        request: web.Request,
        served: ServedImage,
        level: int,
        key: str,
        *,
        is_complete: bool,
        headers: Mapping[str, str],
    ) -> web.StreamResponse:
        store = served.levels[level]
        async with self._objects.open(store.bucket, f"{store.place}/{key}") as found:
            if found is None and is_complete:
                raise ImageDamagedError(served.image.id, key, "it is missing")
            if found is None:
                return _not_found(headers)  # another program's array: a chunk of nothing but the fill value
            kept = {**headers, "Cache-Control": f"private, max-age={PIXELS_S}, immutable"}
            return await deliver(request, found, headers=kept)

    def _cross_origin(self, request: web.Request) -> dict[str, str]:
        origin = request.headers.get("Origin")
        if "*" in self._origins:
            return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _SHOWN}
        if origin is None or origin not in self._origins:
            return {"Vary": "Origin"}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": _SHOWN,
            "Vary": "Origin",
        }


def _document(content: bytes, headers: Mapping[str, str]) -> web.Response:
    return web.Response(body=content, content_type="application/json", headers=headers)


def _not_found(headers: Mapping[str, str]) -> web.Response:
    return web.Response(status=404, text="there is no such thing in this image\n", headers=headers)
