"""Marks on prefixes that are final, in the store that they are about."""

import threading
from collections import OrderedDict
from typing import Final

from arkitekt_di.server.objects.keys import ancestors, charged, file_name
from arkitekt_di.server.objects.s3_bucket import S3Bucket
from arkitekt_di.server.objects.seals import sealed

_MARK: Final = "="
"""Name of the empty object in a sealed folder's place; never an encoded name."""

_REMEMBERED: Final = 65_536


class S3Seals:
    """Seals as empty objects below ``.sealed/``; those of one image are read at once, when it is first written to.

    Only this hub adds any, so that what was read stays true.

    Parameters
    ----------
    bucket : S3Bucket
    """

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], set[str]] = OrderedDict()

    def add(self, bucket: str, prefix: str) -> None:
        """Seal a prefix, durably."""
        mark = _place(bucket, prefix)
        with self._lock:
            self._bucket.put(mark, b"", None)
            self._of(bucket, prefix).add(mark)

    def refuse(self, bucket: str, key: str) -> None:
        """Raise `ObjectRefusedError` where *key* lies below a sealed prefix, or is one."""
        bucket, key = charged(bucket, key)
        with self._lock:
            marks = self._of(bucket, key)
            if marks and any(_place(bucket, prefix) in marks for prefix in ancestors(key)):
                raise sealed()

    def _of(self, bucket: str, key: str) -> set[str]:
        first = key.partition("/")[0]
        marks = self._known.get((bucket, first))
        if marks is None:
            found = self._bucket.below(f".sealed/{bucket}/{file_name(first)}")
            marks = self._known[bucket, first] = {entry.key for entry in found}
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return marks


def _place(bucket: str, prefix: str) -> str:
    return "/".join((".sealed", bucket, *map(file_name, prefix.split("/")), _MARK))
