"""The functions: plain Python that can be called, tested and offered."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval
from scipy import ndimage

from arkitekt_di import log, progress, register
from arkitekt_di.mikro import Image, from_xarray


@dataclass
class Measured:
    """What is known about the nuclei of an image.

    Parameters
    ----------
    count : how many there are
    mean_area : of one of them, in pixels
    """

    count: int
    mean_area: float


@register
def segment(
    image: Image,
    threshold: Annotated[float, Interval(ge=0, le=1)] = 0.5,
    smallest: int = 1,
) -> Image:
    """Segment nuclei.

    Parameters
    ----------
    image : a plane, dims y and x
    threshold : share of the brightest pixel above which a pixel counts
    smallest : nuclei with fewer pixels are left out

    Returns
    -------
    Image
        labels, 0 between the nuclei
    """
    plane = image.data.load()
    progress(30, "read")
    labels, count = ndimage.label(np.asarray(plane) > threshold * float(plane.max()))
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    kept = [label for label in range(1, count + 1) if areas[label] >= smallest]
    log(f"{len(kept)} of {count} pieces are nuclei")
    renumbered = np.zeros(count + 1, "uint16")
    renumbered[kept] = np.arange(1, len(kept) + 1)
    return from_xarray(plane.copy(data=renumbered[labels]), name=f"nuclei of {image.name}")


@register
def measure(labels: Image) -> Measured:
    """Measure nuclei.

    Parameters
    ----------
    labels : what `segment` returned
    """
    pixels = np.asarray(labels.data)
    count = int(pixels.max())
    return Measured(count, float((pixels > 0).sum() / count) if count else 0.0)
