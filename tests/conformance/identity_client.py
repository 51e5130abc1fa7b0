"""Logs in with the unmodified client `fakts`, as a person lets it in; prints what came of it as JSON.

Runs in another virtual environment: ``identity_client.py <url of the hub> <its certificate>``.
"""

import json
import logging
import ssl
import sys
from typing import Any

from fakts import Manifest, Requirement, build_device_code_fakts
from koil import unkoil

MIKRO = "live.arkitekt.mikro"


def run(url: str, certificate: str) -> dict[str, Any]:
    manifest = Manifest(
        identifier="unmodified-fakts",
        version="0.1.0",
        scopes=["openid"],
        requirements=[Requirement(key="mikro", service=MIKRO)],
    )
    trusting = ssl.create_default_context(cafile=certificate)
    logged = Kept()
    logging.getLogger("fakts").addHandler(logged)
    logging.getLogger("fakts").setLevel(logging.DEBUG)
    with build_device_code_fakts(
        url=url, manifest=manifest, cache_file="fakts.json", headless=True, ssl_context=trusting, mesh=None
    ) as fakts:
        first = fakts.get_token(interactive=True)
        alias = fakts.get_alias("mikro")
        second = unkoil(fakts.arefresh_token, first)
        third = unkoil(fakts.arefresh_token, second)
        instance = fakts.loaded_fakts.instances["mikro"]
        report = {
            "alias": alias.to_http_path("graphql"),
            "tokens": len({first, second, third}),
            "last": third,
            "status": str(unkoil(fakts.aget_grant_status, "mikro")),
            "key": instance.challenge_key.key,
            "is_strict": instance.is_strict(),
            "functional": {key: report.valid for key, report in fakts.report_map.items()},
        }
        unkoil(fakts.alogout)
    return {**report, "reported": any("Reported alias status" in line for line in logged.lines)}


class Kept(logging.Handler):
    """Keeps what the client logs."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], sys.argv[2])))
