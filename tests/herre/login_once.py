"""A program with an expired login: waits for the word to go, renews, and prints its access token."""

import asyncio
import sys
import time
from pathlib import Path

from arkitekt_di.fakts.cache import FileClaimCache
from arkitekt_di.herre.store import FileTokenStore
from arkitekt_di.settings.models import TransportSettings
from arkitekt_di.transport.http import HttpClient
from tests.herre.logins import logged_in, make_fakts


async def main(url: str, folder: Path) -> None:
    async with HttpClient(TransportSettings()) as http:
        fakts = make_fakts(http, url, FileClaimCache(folder / "claims"))
        async with logged_in(fakts, http, FileTokenStore(folder / "tokens"), time.time) as herre:
            print("up", flush=True)
            stale = await asyncio.to_thread(sys.stdin.readline)
            print(await herre.arefresh_token(stale.strip()), flush=True)


asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
