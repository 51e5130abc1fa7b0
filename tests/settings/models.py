"""Settings that the tests load: every shape that a section may have."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from arkitekt_di.settings.models import Section


class Server(Section):
    host: str = "localhost"
    port: int = Field(default=80, ge=1, le=65535)
    timeout_s: float = Field(default=5.0, gt=0)


class Proxy(Section):
    url: str
    password: SecretStr = SecretStr("")


class Shapes(Section):
    name: str = "shapes"
    mode: Literal["fast", "safe"] = "safe"
    folder: Path = Path("data")
    limit: int | None = 3
    is_loud: bool = False
    tags: tuple[str, ...] = ()
    server: Server = Server()
    mirror: Server | None = None
    mirrors: list[Server] = Field(default=[])
    proxies: Annotated[dict[str, Proxy], Field(max_length=3)] = Field(default={})
