"""S3 servers beside the hub's own: rclone, from PyPI, and one that environment variables name, such as a Ceph.

``ARKITEKT_TEST_S3_ENDPOINT``, ``_BUCKET``, ``_ACCESS_KEY`` and ``_SECRET_KEY`` name it; the bucket is made where it is
not there, and what the tests write stays below ``t/``.
"""

import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread, Timer

import boto3
import pytest
from botocore.config import Config
from pydantic import SecretStr

from arkitekt_di.settings.models import S3Settings

START_TIMEOUT_S = 60.0

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class S3Server:
    """A running server.

    Attributes
    ----------
    endpoint, bucket, access_key, secret_key : str
        The bucket is there.
    """

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str

    def settings(self, **changes: object) -> S3Settings:
        """Return settings for a fresh, empty prefix."""
        given = {
            "endpoint": self.endpoint,
            "bucket": self.bucket,
            "prefix": f"t/{uuid.uuid4().hex}",
            "access_key": SecretStr(self.access_key),
            "secret_key": SecretStr(self.secret_key),
            "timeout_s": 10.0,
        }
        return S3Settings.model_validate(given | changes)


def find_rclone() -> str | None:
    """Return the path of rclone; its wheel puts it beside Python."""
    return shutil.which("rclone", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@contextmanager
def running_rclone(folder: Path) -> Iterator[S3Server]:
    """Serve *folder* as S3 while the block runs."""
    rclone = find_rclone()
    assert rclone is not None
    keys = uuid.uuid4().hex, uuid.uuid4().hex
    (folder / "lab").mkdir(parents=True)
    config = folder / "rclone.conf"
    config.touch()
    command = [rclone, "serve", "s3", "--config", str(config), "--auth-key", ",".join(keys), "--addr", "127.0.0.1:0"]
    process = subprocess.Popen([*command, str(folder)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    bound = Timer(START_TIMEOUT_S, process.kill)
    bound.start()
    drain = Thread(target=lambda: process.stderr and process.stderr.read())  # or what it says fills the pipe
    assert process.stderr is not None
    try:
        found = next((match for line in process.stderr if (match := _ADDRESS.search(line))), None)
        bound.cancel()
        assert found is not None, "rclone ended before it listened"
        drain.start()
        yield S3Server(found[0], "lab", *keys)
    finally:
        bound.cancel()
        process.kill()
        process.wait()
        if drain.ident is not None:
            drain.join()
        process.stderr.close()


LAB = "ARKITEKT_TEST_S3"


def find_lab_server() -> S3Server:
    """Return the server that the environment names, with its bucket; skips the test where it names none."""
    members = {name: os.environ.get(f"{LAB}_{name.upper()}", "") for name in ("endpoint", "access_key", "secret_key")}
    if not all(members.values()):
        pytest.skip(f"no S3 is named: set {LAB}_ENDPOINT, {LAB}_ACCESS_KEY and {LAB}_SECRET_KEY")
    server = S3Server(bucket=os.environ.get(f"{LAB}_BUCKET", "arkitekt-tests"), **members)
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    if server.bucket not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=server.bucket)
    client.close()
    return server
