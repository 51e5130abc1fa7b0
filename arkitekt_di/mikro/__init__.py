"""Images: store an array, find it again, read the part that is needed.

Everything that this package names is loaded when it is first used: xarray alone takes a second.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Change": "watching",
    "Folder": "folders.folder",
    "Folders": "folders.service",
    "GraphQLFolderRecords": "folders.records",
    "GraphQLImageRecords": "records",
    "Image": "image",
    "InMemoryFolderRecords": "folders.in_memory",
    "InMemoryImageRecords": "in_memory",
    "InMemoryPixelStore": "in_memory",
    "Mikro": "service",
    "Pages": "paging",
    "S3PixelStore": "pixels.s3",
    "Watch": "watching",
    "acreate_folder": "folders.functions",
    "adelete_folder": "folders.functions",
    "adelete_image": "functions",
    "aensure_folder": "folders.functions",
    "afind_folder": "folders.functions",
    "afrom_xarray": "functions",
    "aget_folder": "folders.functions",
    "aget_image": "functions",
    "amove_folder": "folders.functions",
    "amove_image": "finding",
    "arename_folder": "folders.functions",
    "arename_image": "functions",
    "arestore_folder": "folders.functions",
    "arestore_image": "finding",
    "asearch_folders": "folders.functions",
    "asearch_images": "functions",
    "awatch_image": "functions",
    "awatch_images": "functions",
    "create_folder": "folders.functions",
    "delete_folder": "folders.functions",
    "delete_image": "functions",
    "ensure_folder": "folders.functions",
    "find_folder": "folders.functions",
    "find_images": "finding",
    "from_xarray": "functions",
    "get_folder": "folders.functions",
    "get_image": "functions",
    "iterate_folders": "folders.functions",
    "move_folder": "folders.functions",
    "move_image": "finding",
    "rename_folder": "folders.functions",
    "rename_image": "functions",
    "restore_folder": "folders.functions",
    "restore_image": "finding",
    "search_folders": "folders.functions",
    "search_images": "functions",
    "watch_folder": "folders.functions",
    "watch_folders": "folders.functions",
    "watch_image": "functions",
    "watch_images": "functions",
}

__all__ = [
    "Change",
    "Folder",
    "Folders",
    "GraphQLFolderRecords",
    "GraphQLImageRecords",
    "Image",
    "InMemoryFolderRecords",
    "InMemoryImageRecords",
    "InMemoryPixelStore",
    "Mikro",
    "Pages",
    "S3PixelStore",
    "Watch",
    "acreate_folder",
    "adelete_folder",
    "adelete_image",
    "aensure_folder",
    "afind_folder",
    "afrom_xarray",
    "aget_folder",
    "aget_image",
    "amove_folder",
    "amove_image",
    "arename_folder",
    "arename_image",
    "arestore_folder",
    "arestore_image",
    "asearch_folders",
    "asearch_images",
    "awatch_image",
    "awatch_images",
    "create_folder",
    "delete_folder",
    "delete_image",
    "ensure_folder",
    "find_folder",
    "find_images",
    "from_xarray",
    "get_folder",
    "get_image",
    "iterate_folders",
    "move_folder",
    "move_image",
    "rename_folder",
    "rename_image",
    "restore_folder",
    "restore_image",
    "search_folders",
    "search_images",
    "watch_folder",
    "watch_folders",
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
