"""The function of the demo, and the process that offers it: ``python -m arkitekt_di.cli.segmentation``."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import xarray as xr

from arkitekt_di.errors import TransferError, WorkerDiedError
from arkitekt_di.mikro import Image, from_xarray
from arkitekt_di.rekuest import call, progress, register

APP = ("arkitekt-di-demo", "1")
"""Identifier and version of the demo's apps: one login is enough for both processes."""

READY = "ready"
STOP_WITHIN_S = 20.0
BINS = 256


@register
def segment(image: Image, channel: int = 0) -> tuple[Image, int]:
    """Segment a picture: the pieces on the rarer side of Otsu's threshold.

    Parameters
    ----------
    image : the picture; of stacks the middle plane is taken
    channel : which channel counts

    Returns
    -------
    Image
        labels, 1 to the number of pieces, 0 between them
    int
        number of pieces
    """
    from scipy import ndimage  # type: ignore[import-untyped]  # it has no types of its own

    plane = plane_of(image.data, channel)
    pixels = np.asarray(plane)
    if pixels.dtype.kind in "bc":
        pixels = np.abs(pixels).astype("float64")
    progress(30, "read")
    bright = pixels > otsu(pixels)
    # scipy has no types: its stubs tell that a bare count could come back, which needs an output array to be given.
    found: Any = ndimage.label(bright if bright.mean() <= 0.5 else ~bright)
    labels, count = found
    progress(70, "segmented")
    mask = plane.copy(data=labels.astype("uint16" if count < 2**16 else "uint32"))
    return from_xarray(mask.drop_vars("c", errors="ignore"), name=f"segments of {image.name}"), int(count)


def plane_of(data: xr.DataArray, channel: int) -> xr.DataArray:
    """Return one plane, dims ``(y, x)``: one channel, the middle of every other dimension."""
    others = {dim: size // 2 for dim, size in data.sizes.items() if dim not in {"y", "x", "c"}}
    if "c" in data.dims:
        others["c"] = channel
    return data.isel(others, drop=True).transpose("y", "x")


def otsu(pixels: np.ndarray) -> float:
    """Return the value that parts *pixels* into two classes of the greatest distance.

    The variance between the classes is greatest there (Otsu 1979, https://doi.org/10.1109/TSMC.1979.4310076).
    """
    counts, edges = np.histogram(pixels[np.isfinite(pixels)], bins=BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.argmax(np.nan_to_num(between))])


class Segmenter:
    """A process that offers `segment` while a block runs.

    Parameters
    ----------
    url : str or None
        Address of the hub, where it is not found as the demo found it.
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "arkitekt_di.cli.segmentation", *([self._url] if self._url else [])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own interpreter
        return self

    def wait(self) -> int:
        """Wait until the function is offered, and return the number of the process; raises `WorkerDiedError`."""
        process = self._process
        if process is None or process.stdout is None or process.stdout.readline().strip() != READY:
            code = -1 if process is None else process.wait(STOP_WITHIN_S)
            raise WorkerDiedError("demo", "the process that segments did not come up", code)
        return process.pid

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        try:
            process.communicate(timeout=STOP_WITHIN_S)  # closes its input, which ends it
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@dataclass(frozen=True)
class Segmented:
    """What another process made of an image.

    Attributes
    ----------
    image : Image
        The labels, as the hub knows them.
    pieces : int
    pid : int
        Number of that process.
    seconds : float
        From the call to the result.
    """

    image: Image
    pieces: int
    pid: int
    seconds: float

    def row(self) -> tuple[str, str]:
        """Return what to show: a label and a text."""
        return (
            "segmented",
            f"{self.pieces} pieces in {self.seconds:.2f} s, by process {self.pid}",
        )


def call_segmenter(image: Image, segmenter: Segmenter) -> Segmented:
    """Let the other process segment *image*, and compare its count with the labels that it stored.

    Raises
    ------
    WorkerDiedError
        The process did not come up.
    TransferError
        The labels are not what it said.
    """
    pid = segmenter.wait()
    started = time.perf_counter()
    labels, pieces = call(segment, image)
    seconds = time.perf_counter() - started
    if int(labels.data.max()) != pieces:
        raise TransferError(labels.id, f"there are other labels than the {pieces} that were told")
    return Segmented(labels, pieces, pid, seconds)


@contextmanager
def offering(url: str | None) -> Iterator[None]:
    """Offer `segment` at a hub while the block runs."""
    from arkitekt_di.builders import easy

    # A demo that was killed just now may still hold the place.
    with easy(*APP, url=url, settings={"rekuest.force": True}) as app, app.rekuest.serving(sys.modules[__name__]):
        yield


def main() -> None:
    """Offer the function until the input ends; say so in one line."""
    with offering(sys.argv[1] if len(sys.argv) > 1 else None):
        sys.stdout.write(f"{READY}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
