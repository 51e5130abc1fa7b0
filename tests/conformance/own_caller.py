"""Our app calling what an agent of either kind offers; prints a report as JSON, as `real_caller.py` does."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from arkitekt_di import acall, asubmit, easy
from arkitekt_di.errors import RemoteError, TaskStoppedError
from arkitekt_di.messages.calls import ActionRecord
from arkitekt_di.mikro import aget_image
from arkitekt_di.rekuest import asearch_actions


def notes_in(path: str) -> list[str]:
    """Return the lines of a file that an agent writes."""
    return Path(path).read_text().split() if Path(path).exists() else []


async def cancel(action: ActionRecord, log: str) -> dict[str, Any]:
    """Cancel a call whose body runs."""
    task = await asubmit(action, log)
    while not notes_in(log):  # noqa: ASYNC110  # another process writes them
        await asyncio.sleep(0.05)
    began = time.monotonic()
    await task.cancel.aio()
    try:
        await task.aresult()
    except TaskStoppedError:
        return {"notes": notes_in(log), "took_s": time.monotonic() - began}
    return {}


async def call_all(log: str, image: str) -> dict[str, Any]:
    """Call a function, a generator that tells how far it is, one of an image, one that fails; and cancel one."""
    actions = {action.name: action for action in await asearch_actions()}
    report: dict[str, Any] = {"double": await acall(actions["Double"], 21)}
    task = await asubmit(actions["Count"], 5)
    report["count"] = [value async for value in task.aiterate()]
    report["progress"] = [task.last_progress]
    report["same"] = (await acall(actions["Same"], await aget_image(image))).id
    try:
        await acall(actions["Fail"], "no cells here")
    except RemoteError as error:
        report["fail"] = error.message
    return report | await cancel(actions["Sleep"], log)


async def wait(log: str) -> dict[str, Any]:
    """Call a function that outlives the hub, or its agent."""
    actions = {action.name: action for action in await asearch_actions()}
    return {"wait": await acall(actions["Wait"], log, f"{log}.until")}


async def main(url: str, scenario: str, log: str, image: str) -> dict[str, Any]:
    async with easy("conformance-caller", version="1.0.0", url=url, headless=True, no_cache=True):
        return await (wait(log) if scenario == "wait" else call_all(log, image))


if __name__ == "__main__":
    print("REPORT " + json.dumps(asyncio.run(main(*sys.argv[1:]))))
