"""A PostgreSQL server of the tests' own."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
"""Where Debian keeps the server's programs; they are not on the path."""

START_TIMEOUT_S = 60


def find_program(name: str) -> str | None:
    """Return the path of a program of the server, or None where it is not installed."""
    return shutil.which(name, path=os.pathsep.join([*map(str, PROGRAMS), os.environ.get("PATH", "")]))


@dataclass(frozen=True)
class Postgres:
    """A running server.

    Attributes
    ----------
    port : int
        It listens on, at 127.0.0.1.
    folder : Path
    as_user : list of str
        Command that runs another as a user whom the server accepts: it refuses root.
    """

    port: int
    folder: Path
    as_user: list[str]

    def fresh_database(self) -> str:
        """Return the address of a new, empty database."""
        name = f"hub_{uuid.uuid4().hex}"
        self.run("createdb", "--host", "127.0.0.1", "--port", str(self.port), "--username", "postgres", name)
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{name}"

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of the server's."""
        path = find_program(program)
        assert path is not None
        subprocess.run(
            [*self.as_user, path, *arguments], check=True, capture_output=True, cwd="/", timeout=START_TIMEOUT_S
        )


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a server on a free port, with a folder of its own, while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Postgres(probe.getsockname()[1], folder, as_user)
    data = str(folder / "data")
    options = f"-p {server.port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={folder}"
    server.run("initdb", "--pgdata", data, "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8")
    server.run("pg_ctl", "start", "--wait", "--pgdata", data, "--log", str(folder / "log"), "--options", options)
    try:
        yield server
    finally:
        server.run("pg_ctl", "stop", "--wait", "--mode=immediate", "--pgdata", data)
        shutil.rmtree(folder, ignore_errors=True)
