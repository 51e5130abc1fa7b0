"""Apps for tests that need no hub."""

from arkitekt_di import App, embedded
from arkitekt_di.mikro import InMemoryImageRecords, InMemoryPixelStore


class Quiet:
    """Stands for a service that is not used; it writes down its life."""

    def __init__(self, name: str, journal: list[str] | None = None) -> None:
        self.name = name
        self.journal = [] if journal is None else journal
        self.start_error: Exception | None = None
        self.stop_error: Exception | None = None

    async def start(self) -> None:
        if self.start_error is not None:
            raise self.start_error
        self.journal.append(f"+{self.name}")

    async def stop(self) -> None:
        self.journal.append(f"-{self.name}")
        if self.stop_error is not None:
            raise self.stop_error


def offline_app(identifier: str = "offline", **overrides: object) -> App:
    """Return an app whose images are in memory and which asks nobody."""
    pixels = InMemoryPixelStore()
    services: dict[str, object] = {
        "hub": Quiet("hub"),
        "fakts": Quiet("fakts"),
        "herre": Quiet("herre"),
        "mikro.records": InMemoryImageRecords(pixels),
        "mikro.pixels": pixels,
    }
    return embedded(identifier, overrides=services | overrides)
