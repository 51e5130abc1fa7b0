"""How records came to be, asked of the app that governs, for sync and async code alike."""

from typing import Protocol

from arkitekt_di.koil import dual
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop
from arkitekt_di.mikro.provenance.service import Provenances
from arkitekt_di.mikro.subject import Stored


class ProvenanceService(Protocol):
    """A data service that keeps provenance."""

    @property
    def provenance(self) -> Provenances:
        """The provenance of its records."""
        ...


class ProvenanceApp(OpenApp, Protocol):
    """An app whose records have provenance."""

    @property
    def mikro(self) -> ProvenanceService:
        """Its data service."""
        ...


async def aget_provenance(of: Stored, *, app: ProvenanceApp | None = None) -> list[Origin]:
    """Return how a record came to be: `get_provenance` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.provenance.aof, of)


@dual(bridge=bridge_of)
async def get_provenance(of: Stored, *, app: ProvenanceApp | None = None) -> list[Origin]:
    """Return which app, user and task made and changed a record.

    Parameters
    ----------
    of : Image, File or Table
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Origin
        Oldest first: the first one made it.  What the same app and user did in the same way again and again, such as
        appending frames, is one `Origin` with a ``count``.

    Raises
    ------
    NotFoundError
        The record is gone.
    """
    return await aget_provenance(of, app=app)
