"""Apps of a hub that asks nobody who they are."""

from pathlib import Path

from arkitekt_di import App
from arkitekt_di.messages.fakts import Alias
from tests.apps import Quiet, offline_app


class Somebody(Quiet):
    """Says who the app is, and where the hub is; stands for login and discovery."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(name)
        self.url = f"http://127.0.0.1:{port}"
        self._alias = Alias(id="1", host="127.0.0.1", port=port, path="rekuest", challenge="ht")

    async def aget_alias(self, key: str) -> Alias:
        return self._alias

    async def aget_token(self) -> str:
        return self.name

    async def arefresh_token(self, stale: str) -> str:
        return stale


def app_of(name: str, port: int, **overrides: object) -> App:
    """Return an app that the hub at *port* knows by its name."""
    somebody = Somebody(name, port)
    return offline_app(name, fakts=somebody, herre=somebody, **overrides)


def note(log: str, *words: object) -> None:
    """Add a line to the log of side effects, as one write, so that lines of several processes do not mix."""
    with Path(log).open("ab", buffering=0) as notes:
        notes.write(" ".join(map(str, words)).encode() + b"\n")
