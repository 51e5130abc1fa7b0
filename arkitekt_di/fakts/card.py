"""How the configuration in use looks in a terminal and in a notebook."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from arkitekt_di.messages.fakts import ActiveFakts


@dataclass(frozen=True)
class Card:
    """What is shown of the configuration; there is no secret in it to begin with.

    Attributes
    ----------
    hub, url : str
        Name and address of the hub.
    configuration : ActiveFakts or None
        None before the login.
    """

    hub: str
    url: str
    configuration: ActiveFakts | None

    def __repr__(self) -> str:
        services = ", ".join(f"{key} {status}" for key, status, _ in self._rows()) or "none yet"
        return f"Fakts({self.hub!r} at {self.url}, services: {services})"

    def html(self) -> str:
        """Return a table that needs no script, so it shows in notebooks that are not trusted."""
        rows = "".join(
            f"<tr><th>{escape(key)}</th><td>{escape(status)}</td><td>{'<br>'.join(map(escape, urls))}</td></tr>"
            for key, status, urls in self._rows()
        )
        head = "<tr><th>service</th><th>status</th><th>addresses</th></tr>"
        title = f"Fakts: {escape(self.hub)} at {escape(self.url)}{escape(self._who())}"
        return f"<details open><summary>{title}</summary><table>{head}{rows}</table></details>"

    def rich(self) -> Any:
        """Return a table for rich."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=Text(f"Fakts: {self.hub} at {self.url}{self._who()}"))
        for column in ("service", "status", "addresses"):
            table.add_column(column)
        for key, status, urls in self._rows():
            table.add_row(Text(key), Text(status), Text("\n".join(urls)))
        return table

    def _who(self) -> str:
        user = self.configuration and self.configuration.self.sub
        return f", as {user}" if user else ""

    def _rows(self) -> Iterator[tuple[str, str, list[str]]]:
        if self.configuration is None:
            return
        for key in sorted({*self.configuration.instances, *self.configuration.statuses}):
            instance = self.configuration.instances.get(key)
            status = self.configuration.statuses.get(key, "granted" if instance else "unavailable")
            yield key, status, [alias.url() for alias in instance.aliases] if instance else []
