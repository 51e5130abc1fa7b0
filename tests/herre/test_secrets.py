import asyncio
import logging
import traceback

import pytest
from pydantic import SecretStr

from arkitekt_di.errors import ArkitektError
from arkitekt_di.fakts.cache import FileClaimCache
from arkitekt_di.herre.store import FileTokenStore
from arkitekt_di.testing.clock import ManualClock
from arkitekt_di.transport.graphql import HttpGraphQL
from tests.herre.logins import logged_in, make_fakts

pytestmark = pytest.mark.anyio

KEY = SecretStr("the mandate key")

BAD_ANSWERS = [
    (400, {"error": "server_error", "error_description": "busy"}, {}),
    (200, {"access_token": "canary"}, {}),
    (200, {"access_token": {"nested": "canary"}, "refresh_token": "canary"}, {}),
    (200, ["canary"], {}),
    (307, {}, {"Location": "https://evil.example/?refresh_token=canary"}),
    (500, "canary", {}),
]


async def test_no_secret_shows_up_anywhere(http, hub, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    hub.secrets_given |= {"canary", KEY.get_secret_value()}
    shown = []

    async def run(key):
        fakts = make_fakts(http, hub.url, FileClaimCache(tmp_path / "claims"), key=key)

        async def endpoint():
            return (await fakts.aget_alias("mikro")).url("graphql")

        async with logged_in(fakts, http, FileTokenStore(tmp_path / "tokens"), ManualClock()) as herre:
            graphql = HttpGraphQL(http, herre, endpoint)
            await graphql.execute("query Q { ok }", {})
            for answer in BAD_ANSWERS:
                hub.answers["/o/token/"] = answer
                with pytest.raises(ArkitektError) as caught:
                    await herre.arefresh_token(await herre.aget_token())
                shown.extend(traceback.format_exception(caught.value))
                shown.append(repr(caught.value))
            hub.answers.clear()
            await herre.arefresh_token(await herre.aget_token())
            shown.extend([repr(herre), str(vars(herre)), repr(fakts), str(vars(fakts)), fakts._repr_html_()])
            await herre.logout()

    await run(None)
    await run(KEY)

    printed = capfd.readouterr()
    shown.extend([caplog.text, printed.out, printed.err])
    shown.extend(" ".join(request) for request in hub.requests)
    everything = "\n".join(shown)
    assert [secret for secret in hub.secrets_given if secret in everything] == []
    assert len(hub.secrets_given) > 6
