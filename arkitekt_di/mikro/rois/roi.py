"""A region of interest, as an object to work with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from arkitekt_di.errors import OwnLoopError, RoiRefusedError
from arkitekt_di.messages.rois import RoiDraft, RoiEdit, RoiKind, RoiRecord
from arkitekt_di.mikro.crossing import across
from arkitekt_di.mikro.rois.geojson import feature_of
from arkitekt_di.mikro.rois.outlines import inside, slices, vertices
from arkitekt_di.protocols.koil import Bridge


class RoiHome(Protocol):
    """What a region asks of the service that it comes from."""

    @property
    def bridge(self) -> Bridge:
        """The way to the app's loop."""
        ...

    async def aedit(self, roi_id: str, edit: RoiEdit) -> "Roi":
        """Change a region."""
        ...

    async def adelete(self, roi_id: str) -> None:
        """Remove a region."""
        ...

    async def adata(self, image_id: str) -> xr.DataArray:
        """Return the pixels of an image, lazily."""
        ...


class Roi:
    """A region of interest of an image.

    It is a view of the moment it was asked for: changing it gives another `Roi`.  Two are equal when they are the same
    region of the same hub.

    Attributes
    ----------
    id, image_id : str
    kind : RoiKind
    label, description : str
    tags : tuple of str
    dims : tuple of str
        Axes of the image that the columns of `vector_data` belong to.
    coordinates : dict of str to int
        Positions on other axes that it is at.
    stroke_color, fill_color : tuple of int or None
    mask_id : str or None
        The image of labels that a mask is in.
    """

    __slots__ = ("_home", "_record")

    def __init__(self, record: RoiRecord, home: RoiHome) -> None:
        self._record = record
        self._home = home

    @property
    def id(self) -> str:
        """Identifier given by the hub."""
        return self._record.id

    @property
    def image_id(self) -> str:
        """The image that it is drawn on."""
        return self._record.image_id

    @property
    def kind(self) -> RoiKind:
        """Its shape."""
        return self._record.kind

    @property
    def label(self) -> str:
        """Its name; empty where it has none."""
        return self._record.label

    @property
    def description(self) -> str:
        """Free text about it."""
        return self._record.description

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""
        return self._record.tags

    @property
    def dims(self) -> tuple[str, ...]:
        """Axes that the columns of `vector_data` belong to."""
        return self._record.dims

    @property
    def coordinates(self) -> dict[str, int]:
        """Positions on other axes that it is at."""
        return self._record.coordinates

    @property
    def stroke_color(self) -> tuple[int, ...] | None:
        """Red, green, blue and maybe opacity, from 0 to 255."""
        return self._record.stroke_color

    @property
    def fill_color(self) -> tuple[int, ...] | None:
        """The same, of its inside."""
        return self._record.fill_color

    @property
    def mask_id(self) -> str | None:
        """The image of labels that a mask is in."""
        return self._record.mask_id

    @property
    def draft(self) -> RoiDraft:
        """What was drawn."""
        return self._record

    @property
    def vector_data(self) -> npt.NDArray[np.float64]:
        """Its vertices: one row a vertex, one column for each of `dims`, in pixels of the image."""
        return vertices(self._record)

    @property
    def created_at(self) -> datetime | None:
        """When it was drawn."""
        return None if self._record.created_at is None else datetime.fromisoformat(self._record.created_at)

    def to_geojson(self) -> dict[str, Any]:
        """Return it as a GeoJSON feature (RFC 7946), in pixels: x first, then y; raises `RoiRefusedError`."""
        return feature_of(self._record, roi_id=self.id)

    async def acrop(self) -> xr.DataArray:
        """Return the pixels of the box around it, lazily, read on the app's loop; see `crop`."""
        return self._cut(await across(self._home.bridge, self._home.adata, self.image_id))

    def crop(self) -> xr.DataArray:
        """Return the pixels of the box around it, lazily.

        Axes that it is at a position of are dropped; those that it is everywhere on are whole.

        Returns
        -------
        xarray.DataArray
            Backed by Dask: only the chunks that are computed are read.

        Raises
        ------
        RoiRefusedError
            It lies outside of the image, or is a mask, whose box is that of its label.
        OwnLoopError
            This is the app's own loop, which must not block: ``await roi.acrop()``.
        """
        self._refuse_own_loop("crop")
        return self._home.bridge.call(self.acrop)

    def _cut(self, data: xr.DataArray) -> xr.DataArray:
        if not self._record.vectors:
            raise RoiRefusedError("a mask has no box of its own: compare the image of labels with its label")
        sizes = {str(dim): size for dim, size in data.sizes.items()}
        cut = data.isel(slices(self._record, sizes))
        if not cut.size:
            raise RoiRefusedError("the region lies outside of the image")
        return cut

    def to_mask(self, sizes: dict[str, int]) -> npt.NDArray[np.bool_]:
        """Return which pixels of a plane its outline holds.

        Parameters
        ----------
        sizes : dict of str to int
            Pixels along the two dims of the plane, such as ``{"y": 512, "x": 512}``.

        Returns
        -------
        numpy.ndarray
            Booleans of that shape; a pixel is inside where its centre is.
        """
        if len(sizes) != 2 or not set(sizes) <= set(self.dims) or len(self._record.vectors) < 2:
            raise RoiRefusedError(f"a {self.kind} on {', '.join(self.dims)} covers no area of {', '.join(sizes)}")
        first, second = sizes
        return inside(self._record, (first, second), (sizes[first], sizes[second]))

    async def aupdate(
        self,
        *,
        label: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
        vectors: npt.ArrayLike | None = None,
        color: Sequence[int] | None = None,
    ) -> "Roi":
        """Change it, and return it as it is then; see `update`."""
        edit = RoiEdit(
            label=label,
            description=description,
            tags=None if tags is None else tuple(tags),
            vectors=None if vectors is None else tuple(map(tuple, np.asarray(vectors, dtype=float).tolist())),
            stroke_color=None if color is None else tuple(color),
        )
        return await across(self._home.bridge, self._home.aedit, self.id, edit)

    def update(
        self,
        *,
        label: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
        vectors: npt.ArrayLike | None = None,
        color: Sequence[int] | None = None,
    ) -> "Roi":
        """Change it, and return it as it is then; what is left out stays.

        Raises
        ------
        RoiNotFoundError
            It is gone.
        HubRefusedError
            The hub does not keep it in this way.
        """
        self._refuse_own_loop("update")
        return self._home.bridge.call(
            self.aupdate, label=label, description=description, tags=tags, vectors=vectors, color=color
        )

    async def adelete(self) -> None:
        """Remove it for good."""
        await across(self._home.bridge, self._home.adelete, self.id)

    def delete(self) -> None:
        """Remove it for good; see `adelete`."""
        self._refuse_own_loop("delete")
        self._home.bridge.call(self.adelete)

    def _refuse_own_loop(self, name: str) -> None:
        if self._home.bridge.is_own_loop():
            raise OwnLoopError(f"roi.{name}(...)", f"roi.a{name}(...)")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Roi) and (self.id, self.image_id) == (other.id, other.image_id)

    def __hash__(self) -> int:
        return hash((self.id, self.image_id))

    def __repr__(self) -> str:
        label = f" {self.label!r}" if self.label else ""
        at = "".join(f", {dim}={place}" for dim, place in self.coordinates.items())
        return f"<Roi {self.kind}{label} on {', '.join(self.dims)}{at}, id {self.id}>"
