"""``image.plot()``: one plane of an image on a matplotlib axes."""

from typing import Any

import xarray as xr

from arkitekt_di.errors import MissingExtraError
from arkitekt_di.messages.ngff import default_colors
from arkitekt_di.mikro.pixels.units import short_unit
from arkitekt_di.mikro.shown import composite, is_colour, plane_of


def plot_plane(data: xr.DataArray, *, name: str, pixel_size: dict[str, float], unit: dict[str, str], ax: Any) -> Any:
    """Draw the plane that stands for an image, with axes in its units and the names of its channels in their colours.

    Parameters
    ----------
    data : xarray.DataArray
    name : str
        The title.
    pixel_size, unit : dict
        By dimension; pixels are counted where there is none.
    ax : matplotlib.axes.Axes or None
        Where to draw; a new figure where it is None.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise MissingExtraError("plot", "image.plot()") from error
    plane = plane_of(data).load()
    axes = plt.subplots()[1] if ax is None else ax
    down, along = (str(dim) for dim in plane.dims[-2:])
    steps = [pixel_size.get(dim, 1.0) for dim in (along, down)]
    height, width = plane.shape[-2:]
    # The middle of a pixel is where its coordinate is, so the picture begins half a pixel before 0.
    extent = (-0.5 * steps[0], (width - 0.5) * steps[0], (height - 0.5) * steps[1], -0.5 * steps[1])
    axes.imshow(composite(plane, is_rgb=is_colour(data)), extent=extent, interpolation="nearest")
    axes.set_xlabel(_label(along, pixel_size, unit))
    axes.set_ylabel(_label(down, pixel_size, unit))
    axes.set_title(name)
    if plane.ndim > 2 and not is_colour(data):  # planes have two
        _name_channels(axes, plane)
    return axes


def _label(dim: str, pixel_size: dict[str, float], unit: dict[str, str]) -> str:
    if dim not in pixel_size:
        return f"{dim} [px]"
    return f"{dim} [{short_unit(unit[dim])}]" if dim in unit else dim


def _name_channels(axes: Any, plane: xr.DataArray) -> None:
    names = plane.coords["c"].values.tolist() if "c" in plane.coords else range(plane.shape[0])
    for row, (label, color) in enumerate(zip(names, default_colors(plane.shape[0]), strict=True)):
        axes.text(
            0.02,
            0.97 - 0.07 * row,
            str(label),
            color=f"#{color}",
            transform=axes.transAxes,
            va="top",
            fontweight="bold",
        )
