"""Logs in with the unmodified client `fakts` and a mandate key, without a person; prints what came of it as JSON.

Runs in another virtual environment: ``identity_headless.py <url of the hub>``, with the key in ``FAKTS_MANDATE_KEY``.
"""

import json
import os
import sys
from typing import Any

from fakts import Manifest, Requirement, build_mandate_key_fakts


def run(url: str, key: str) -> dict[str, Any]:
    manifest = Manifest(
        identifier="unmodified-fakts",
        version="0.1.0",
        scopes=["openid"],
        requirements=[Requirement(key="mikro", service="live.arkitekt.mikro")],
    )
    try:
        with build_mandate_key_fakts(url=url, manifest=manifest, key=key, no_cache=True, mesh=None) as fakts:
            return {"token": fakts.get_token(), "alias": fakts.get_alias("mikro").to_http_path("graphql")}
    except Exception as error:  # noqa: BLE001  # whatever it is, the test reads how it was put
        causes = [error, error.__cause__, error.__context__]
        return {"refused": " / ".join(str(cause) for cause in causes if cause is not None)}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], os.environ["FAKTS_MANDATE_KEY"])))
