"""Regions of interest as GeoJSON (RFC 7946), in pixels instead of degrees: x first, then y."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from arkitekt_di.errors import RoiRefusedError
from arkitekt_di.messages.rois import RoiDraft, RoiKind
from arkitekt_di.mikro.rois.outlines import outline

_AXES: Final = ("x", "y")
_TYPES: Final = {
    RoiKind.POINT: "Point",
    RoiKind.MULTI_POINT: "MultiPoint",
    RoiKind.LINE: "LineString",
    RoiKind.PATH: "LineString",
}
_KINDS: Final = {"Point": RoiKind.POINT, "MultiPoint": RoiKind.MULTI_POINT, "LineString": RoiKind.PATH}


def feature_of(draft: RoiDraft, *, roi_id: str | None = None) -> dict[str, Any]:
    """Return one region as a GeoJSON feature; ellipses become polygons of 64 corners.

    Raises
    ------
    RoiRefusedError
        It has no x and y, or is a mask or a volume.
    """
    if not set(_AXES) <= set(draft.dims) or not draft.vectors:
        raise RoiRefusedError(f"a {draft.kind} on {', '.join(draft.dims) or 'no axes'} has no outline in x and y")
    places = [draft.dims.index(axis) for axis in _AXES]
    corners = outline(draft)[:, places].tolist()
    kind = _TYPES.get(draft.kind, "Polygon")
    coordinates: Any = corners[0] if kind == "Point" else corners if kind in _KINDS else [[*corners, corners[0]]]
    feature = {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": {
            "kind": draft.kind.value,
            "name": draft.label,
            "tags": list(draft.tags),
            "at": dict(draft.coordinates),
            **({} if draft.stroke_color is None else {"color": list(draft.stroke_color[:3])}),
        },
    }
    return feature if roi_id is None else {**feature, "id": roi_id}


def drafts_from(document: Mapping[str, Any]) -> list[RoiDraft]:
    """Return the regions in a feature, a collection of features or a geometry.

    Raises
    ------
    RoiRefusedError
        It is no GeoJSON, or holds what has no place here: holes, and collections of geometries.
    """
    match document.get("type"):
        case "FeatureCollection":
            return [draft for feature in document.get("features") or () for draft in drafts_from(feature)]
        case "Feature":
            properties = document.get("properties") or {}
            return [_described(draft, properties) for draft in drafts_from(document.get("geometry") or {})]
        case kind:
            return _drawn(kind, document.get("coordinates") or ())


def _drawn(kind: object, coordinates: Sequence[Any]) -> list[RoiDraft]:
    """Return the regions of one geometry."""
    match kind:
        case "MultiPolygon":
            return [_polygon(rings) for rings in coordinates]
        case "MultiLineString":
            return [_draft(RoiKind.PATH, line) for line in coordinates]
        case "Polygon":
            return [_polygon(coordinates)]
        case "Point":
            return [_draft(RoiKind.POINT, [coordinates])]
        case str() as name if name in _KINDS:
            return [_draft(_KINDS[name], coordinates)]
    raise RoiRefusedError(f"{kind!r} is no type of GeoJSON that a region can have")


def _polygon(rings: Sequence[Any]) -> RoiDraft:
    if len(rings) != 1:
        raise RoiRefusedError(f"a polygon of {len(rings)} rings has holes, and regions have none")
    ring = list(rings[0])
    return _draft(RoiKind.POLYGON, ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring)


def _draft(kind: RoiKind, positions: Sequence[Any]) -> RoiDraft:
    try:
        corners = np.asarray(positions, dtype=float)[:, :2]
    except (ValueError, TypeError, IndexError) as error:
        raise RoiRefusedError("its coordinates are not pairs of numbers") from error
    return RoiDraft(kind=kind, dims=_AXES, vectors=tuple(map(tuple, corners.tolist())))


def _described(draft: RoiDraft, properties: Mapping[str, Any]) -> RoiDraft:
    color = properties.get("color")
    return RoiDraft(
        **dict(draft)
        | {
            "kind": _kind_of(draft, properties.get("kind")),
            "label": str(properties.get("name") or ""),
            "tags": tuple(str(tag) for tag in properties.get("tags") or ()),
            "coordinates": dict(properties.get("at") or {}),
            "stroke_color": tuple(color) if isinstance(color, list) else None,
        }
    )


def _kind_of(draft: RoiDraft, said: object) -> RoiKind:
    """Return the kind that was written beside the outline, where it is one that the outline can be."""
    keeps = {RoiKind.RECTANGLE: len(draft.vectors) == 4, RoiKind.LINE: len(draft.vectors) == 2}
    kind = next((kind for kind in keeps if kind.value == said), None)
    return kind if kind is not None and keeps[kind] else draft.kind
