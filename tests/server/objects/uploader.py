"""A hub's object store that is killed in the middle: run by the test, never by hand."""

import asyncio
import sys
from pathlib import Path

from arkitekt_di.server.objects import ObjectFolder
from arkitekt_di.server.objects.keys import UPLOADS


async def main(root: Path) -> None:
    """Store one object, begin two more, say so, and wait to be killed."""
    objects = ObjectFolder(root)
    await objects.start()
    async with objects.stage("zarr", "a/whole") as draft:
        await draft.write(b"whole")
        await draft.publish()
    async with objects.stage(UPLOADS, "zarr/a/parts/00000000000000000000000000000000/00000") as mark:
        await mark.publish()
    async with objects.stage("zarr", "a/half") as half, objects.stage("zarr", "a/whole") as replacing:
        for _ in range(8):
            await half.write(b"x" * 2**20)
            await replacing.write(b"y" * 2**20)
        print("in the middle", flush=True)
        await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1])))
