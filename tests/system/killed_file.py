"""Stores a file of several parts under a key and reports each part; the test kills it at a moment that nobody chose.

Arguments: address of the hub, path of the file, and the key.
"""

import sys

from arkitekt_di import easy
from arkitekt_di.mikro import Progress, upload_file


def report(progress: Progress) -> None:
    """Say that a part is in."""
    print(progress.done_bytes, flush=True)


if __name__ == "__main__":
    url, path, key = sys.argv[1:]
    with easy("killed", url=url, headless=True, no_cache=True):
        print("begun", flush=True)
        upload_file(path, key=key, progress=report)
        print("stored", flush=True)
