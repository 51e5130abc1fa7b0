"""Functions over the metrics of the app that governs, for sync and async code alike."""

from typing import Protocol

from arkitekt_di.koil import dual
from arkitekt_di.mikro.governed import OpenApp, bridge_of, governing, on_loop
from arkitekt_di.mikro.identifiers import identifier_of
from arkitekt_di.mikro.metrics.service import Measured, Metric, Metrics


class MetricService(Protocol):
    """A data service that has metrics."""

    @property
    def metrics(self) -> Metrics:
        """Its metrics."""
        ...


class MetricApp(OpenApp, Protocol):
    """An app that has metrics."""

    @property
    def mikro(self) -> MetricService:
        """Its data service."""
        ...


async def acreate_metric(
    of: Measured,
    key: str,
    value: float | str,
    *,
    unit: str | None = None,
    supersedes: Metric | str | None = None,
    app: MetricApp | None = None,
) -> Metric:
    """Write a value down: `create_metric` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(chosen, chosen.mikro.metrics.acreate, of, key, value, unit=unit, supersedes=supersedes)


@dual(bridge=bridge_of)
async def create_metric(
    of: Measured,
    key: str,
    value: float | str,
    *,
    unit: str | None = None,
    supersedes: Metric | str | None = None,
    app: MetricApp | None = None,
) -> Metric:
    """Write down what was measured of an image, a file or a table.

    A metric never changes: a correction is a metric of its own that supersedes the first.

    Parameters
    ----------
    of : Image, File or Table
        What it is about.
    key : str
        What was measured, 1 to 255 characters.
    value : float or str
        A finite number, or a word such as ``"good"``.
    unit : str, optional
        Unit of the number; kept as it is written.
    supersedes : Metric or str, optional
        The metric, or its identifier, of the same thing and key that this one corrects; it has one successor at most.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    Metric

    Raises
    ------
    MetricNotFoundError
        What it is about, or what it supersedes, is not there.
    RecordRefusedError, HubRefusedError
        The value is no number, or *supersedes* is about something else or superseded already.

    Examples
    --------
    >>> create_metric(image, "nuclei", 412)
    >>> create_metric(image, "diameter", 7.5, unit="µm")
    """
    return await acreate_metric(of, key, value, unit=unit, supersedes=supersedes, app=app)


async def aget_metrics(
    of: Measured | None = None,
    *,
    key: str | None = None,
    superseded: bool = False,
    limit: int = 200,
    offset: int = 0,
    app: MetricApp | None = None,
) -> list[Metric]:
    """Return metrics: `get_metrics` for async code, typed as a coroutine function."""
    chosen = governing(app)
    return await on_loop(
        chosen, chosen.mikro.metrics.asearch, of, key=key, superseded=superseded, limit=limit, offset=offset
    )


@dual(bridge=bridge_of)
async def get_metrics(
    of: Measured | None = None,
    *,
    key: str | None = None,
    superseded: bool = False,
    limit: int = 200,
    offset: int = 0,
    app: MetricApp | None = None,
) -> list[Metric]:
    """Return what was measured, newest first.

    Parameters
    ----------
    of : Image, File or Table, optional
        What it is about; everything where it is left out.
    key : str, optional
        Only this key.
    superseded : bool, default False
        Whether values that were corrected come, too.
    limit : int, default 200
        Most metrics that are returned, 200 at most.
    offset : int, default 0
        Metrics that are skipped, for the next page.
    app : App, optional
        The app to use; by default the one that governs here.

    Returns
    -------
    list of Metric
    """
    return await aget_metrics(of, key=key, superseded=superseded, limit=limit, offset=offset, app=app)


async def adelete_metric(metric: Metric | str, *, app: MetricApp | None = None) -> None:
    """Remove a metric: `delete_metric` for async code, typed as a coroutine function."""
    chosen = governing(app)
    await on_loop(chosen, chosen.mikro.metrics.adelete, identifier_of(metric, Metric))


@dual(bridge=bridge_of)
async def delete_metric(metric: Metric | str, *, app: MetricApp | None = None) -> None:
    """Remove a metric for good; raises `MetricNotFoundError`."""
    await adelete_metric(metric, app=app)
