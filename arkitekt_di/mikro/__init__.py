"""Images: store an array, find it again, read the part that is needed.

Everything that this package names is loaded when it is first used: xarray alone takes a second.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Change": "watching",
    "GraphQLImageRecords": "records",
    "Image": "image",
    "InMemoryImageRecords": "in_memory",
    "InMemoryPixelStore": "in_memory",
    "Mikro": "service",
    "S3PixelStore": "pixels.s3",
    "Watch": "watching",
    "adelete_image": "functions",
    "afrom_xarray": "functions",
    "aget_image": "functions",
    "arename_image": "functions",
    "asearch_images": "functions",
    "awatch_image": "functions",
    "awatch_images": "functions",
    "delete_image": "functions",
    "from_xarray": "functions",
    "get_image": "functions",
    "rename_image": "functions",
    "search_images": "functions",
    "watch_image": "functions",
    "watch_images": "functions",
}

__all__ = [
    "Change",
    "GraphQLImageRecords",
    "Image",
    "InMemoryImageRecords",
    "InMemoryPixelStore",
    "Mikro",
    "S3PixelStore",
    "Watch",
    "adelete_image",
    "afrom_xarray",
    "aget_image",
    "arename_image",
    "asearch_images",
    "awatch_image",
    "awatch_images",
    "delete_image",
    "from_xarray",
    "get_image",
    "rename_image",
    "search_images",
    "watch_image",
    "watch_images",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
