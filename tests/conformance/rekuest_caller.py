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


async def call_all(rekuest: Any, ids: dict[str, str]) -> dict[str, Any]:
    """Call a function, a generator, and one that fails."""
    report: dict[str, Any] = {"double": await rekuest.acall(ids["Double"], 21)}
    report["count"] = [value async for value in rekuest.aiterate(ids["Count"], 5)]
    try:
        await rekuest.acall(ids["Fail"], "no cells here")
    except Exception as error:  # noqa: BLE001  # the report says which it was
        report["fail"] = [type(error).__name__, str(error)]
    return report


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


async def main(url: str, scenario: str, log: str) -> dict[str, Any]:
    options = {"url": url, "headless": True, "skip_cache": True, "device_id": None, "mesh": False}
    async with aeasy("conformance-caller", rekuest_service, version="1.0.0", **options) as rekuest:
        ids = {action.name: action.id for action in await rekuest.alist_actions()}
        if scenario == "all":
            return await call_all(rekuest, ids)
        return await {"cancel": cancel, "lose": lose}[scenario](rekuest, ids, log)


if __name__ == "__main__":
    print("REPORT " + json.dumps(asyncio.run(main(*sys.argv[1:]))))
