"""What a request is about: bucket, key and the parameters of its query."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote_to_bytes

from aiohttp import web

from arkitekt_di.errors import ObjectRefusedError
from arkitekt_di.server.objects.keys import check_bucket, check_key
from arkitekt_di.server.objects.signature import query_pairs


@dataclass(frozen=True)
class Target:
    """The address of a request, percent-decoded once.

    Attributes
    ----------
    path : bytes
        As it is signed.
    pairs : tuple of (bytes, bytes)
        The query as it is signed.
    bucket : str
    key : str
        Empty where the request is about the bucket.
    query : dict of str to str
        Each parameter once; a repeated one is refused.
    """

    path: bytes
    pairs: tuple[tuple[bytes, bytes], ...]
    bucket: str
    key: str
    query: dict[str, str]

    @classmethod
    def of(cls, request: web.BaseRequest) -> Self:
        """Read the address of *request*; raises `ObjectRefusedError` where it is none of an object."""
        raw_path, _, raw_query = request.raw_path.partition("?")
        if not raw_path.startswith("/"):
            raise ObjectRefusedError("InvalidURI", "the address begins with a slash")
        path = unquote_to_bytes(raw_path.encode("utf-8", "surrogateescape"))
        pairs = tuple(query_pairs(raw_query))
        try:
            bucket, _, key = path[1:].decode().partition("/")
            query = {name.decode(): value.decode() for name, value in pairs}
        except UnicodeDecodeError as error:
            raise ObjectRefusedError("InvalidURI", "the address is not UTF-8") from error
        if len(query) != len(pairs):
            raise ObjectRefusedError("InvalidArgument", "a parameter is given twice")
        check_bucket(bucket)
        return cls(path=path, pairs=pairs, bucket=bucket, key=check_key(key) if key else "", query=query)
