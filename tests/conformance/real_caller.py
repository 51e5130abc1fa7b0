"""An app of the unmodified `arkitekt` 8.1 and `rekuest` 10 that calls functions; prints a report as JSON."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from arkitekt import aeasy
from rekuest.arkitekt import rekuest_service


def notes_in(path: str) -> list[str]:
    """Return the lines of a file that an agent writes."""
    return Path(path).read_text().split() if Path(path).exists() else []


class Picture:
    """An image of which nothing but its reference is known."""

    def __init__(self, id: str) -> None:
        self.id = id


async def expand_picture(id: str) -> Picture:
    """Return what a reference stands for."""
    return Picture(id)


async def shrink_picture(picture: Picture) -> str:
    """Return the reference."""
    return picture.id


async def call_all(rekuest: Any, ids: dict[str, str], log: str, image: str) -> dict[str, Any]:
    """Call a function, a generator that tells how far it is, one of an image, one that fails; and cancel one."""
    report: dict[str, Any] = {"double": await rekuest.acall(ids["Double"], 21)}
    values = []
    async for value in rekuest.aiterate(ids["Count"], 5, reference="counted"):
        values.append(value)
        task = rekuest.postman._reference_to_task["counted"]
    report["count"] = values
    events = await rekuest.postman._aread_events(task)
    report["progress"] = [event.progress for event in events if event.message == "in between"]
    rekuest.structure_registry.register_as_structure(
        Picture, identifier="@mikro/arraydataset", aexpand=expand_picture, ashrink=shrink_picture
    )
    report["same"] = (await rekuest.acall(ids["Same"], Picture(image))).id
    try:
        await rekuest.acall(ids["Fail"], "no cells here")
    except Exception as error:  # noqa: BLE001  # the report says which it was
        report["fail"] = str(error)
    return report | await cancel(rekuest, ids, log)


async def cancel(rekuest: Any, ids: dict[str, str], log: str) -> dict[str, Any]:
    """Cancel a call whose body runs."""
    call = asyncio.create_task(rekuest.acall(ids["Sleep"], log))
    while not notes_in(log):  # noqa: ASYNC110  # another process writes them
        await asyncio.sleep(0.05)
    began = time.monotonic()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    return {"notes": notes_in(log), "took_s": time.monotonic() - began}


async def lose(rekuest: Any, ids: dict[str, str], log: str) -> dict[str, Any]:
    """Call a function whose agent is killed by whoever reads the line that it began."""
    try:
        await rekuest.acall(ids["Sleep"], log)
    except Exception as error:  # noqa: BLE001  # the report says which it was
        return {"error": type(error).__name__, "started": getattr(error, "started", None)}
    return {}


async def wait(rekuest: Any, ids: dict[str, str], log: str) -> dict[str, Any]:
    """Call a function that outlives the hub, or its agent; ask again where the client gives up meanwhile."""
    while True:
        try:
            return {"wait": await rekuest.acall(ids["Wait"], log, f"{log}.until", reference="waited for")}
        except Exception as error:  # noqa: BLE001  # rekuest 10 gives up when its feed breaks off, whatever comes
            print(f"asks again: {error!r}", file=sys.stderr)
            await asyncio.sleep(1.0)


async def main(url: str, scenario: str, log: str, image: str) -> dict[str, Any]:
    options = {"url": url, "headless": True, "skip_cache": True, "device_id": None, "mesh": False}
    async with aeasy("conformance-caller", rekuest_service, version="1.0.0", **options) as rekuest:
        ids = {action.name: action.id for action in await rekuest.alist_actions()}
        if scenario == "all":
            return await call_all(rekuest, ids, log, image)
        if scenario == "wait":
            return await wait(rekuest, ids, log)
        return await lose(rekuest, ids, log)


if __name__ == "__main__":
    print("REPORT " + json.dumps(asyncio.run(main(*sys.argv[1:]))))
