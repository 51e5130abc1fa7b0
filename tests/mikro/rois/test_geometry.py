"""Regions go to GeoJSON, to napari's arrays and to pixels, and come back as they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.errors import RoiRefusedError
from arkitekt_di.messages.rois import RoiDraft, RoiKind
from arkitekt_di.mikro import drafts_from, drafts_of, draw, shapes_of
from arkitekt_di.mikro.rois.geojson import feature_of
from arkitekt_di.mikro.rois.outlines import inside, outline, slices

PLACES = st.floats(-1000, 1000, allow_nan=False).map(lambda value: round(value, 3))
CORNERS = st.lists(st.tuples(PLACES, PLACES), min_size=3, max_size=12, unique=True)


@given(CORNERS, st.text("abc ", max_size=5), st.integers(0, 9))
def test_a_polygon_survives_geojson(corners: list[tuple[float, float]], label: str, z: int) -> None:
    drawn = draw(corners, dims=("y", "x"), at={"z": z}, label=label, tags=["a"], color=(1, 2, 3))

    (back,) = drafts_from({"type": "FeatureCollection", "features": [feature_of(drawn)]})

    assert (back.kind, back.label, back.coordinates, back.tags) == (RoiKind.POLYGON, label, {"z": z}, ("a",))
    assert back.stroke_color == (1, 2, 3)
    assert [(y, x) for x, y in back.vectors] == corners


@given(CORNERS, st.sampled_from(["polygon", "path"]), st.integers(0, 9))
def test_a_shape_survives_napari(corners: list[tuple[float, float]], kind: str, t: int) -> None:
    drawn = draw(corners, kind, dims=("y", "x"), at={"t": t})

    data, types = shapes_of([drawn], ("t", "y", "x"))

    assert types == [kind]
    assert data[0].shape == (len(corners), 3)
    assert drafts_of(data, types, ("t", "y", "x")) == [drawn]


def test_known_geometries_of_rfc_7946_are_read() -> None:
    ring = [[100.0, 0.0], [101.0, 0.0], [101.0, 1.0], [100.0, 1.0], [100.0, 0.0]]  # RFC 7946, appendix A.3

    (polygon,) = drafts_from({"type": "Polygon", "coordinates": [ring]})
    (point,) = drafts_from({"type": "Point", "coordinates": [100.0, 0.0]})
    lines = drafts_from({"type": "MultiLineString", "coordinates": [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]})

    assert (polygon.dims, polygon.vectors) == (("x", "y"), tuple(map(tuple, ring[:-1])))
    assert (point.kind, point.vectors) == (RoiKind.POINT, ((100.0, 0.0),))
    assert [line.kind for line in lines] == [RoiKind.PATH, RoiKind.PATH]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 0], [1, 1]]]},
        {"type": "Point", "coordinates": "here"},
        {"type": "Feature", "geometry": None},
    ],
    ids=str,
)
def test_what_has_no_place_here_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(RoiRefusedError):
        drafts_from(document)


def test_the_pixels_of_a_box_are_those_it_touches() -> None:
    box = draw([[1.4, -3], [3.6, 2.5]], "rectangle", dims=("y", "x"), at={"c": 1})

    assert slices(box, {"c": 2, "y": 10, "x": 10}) == {"y": slice(1, 5), "x": slice(0, 4), "c": 1}


def test_pixels_inside_an_outline_are_those_whose_centres_are() -> None:
    box = draw([[0.5, 0.5], [2.5, 3.5]], "rectangle", dims=("y", "x"))
    disc = draw([[0, 0], [100, 100]], "ellipse", dims=("y", "x"))

    assert np.argwhere(inside(box, ("y", "x"), (5, 5))).tolist() == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2], [2, 3]]
    assert inside(disc, ("y", "x"), (101, 101)).sum() == pytest.approx(np.pi * 50**2, rel=0.01)
    assert np.allclose(np.hypot(*(outline(disc) - 50).T), 50)


@pytest.mark.parametrize(
    ("vectors", "kind"), [([[0, 0]], "polygon"), ([[0, 0]], "star"), ([[0, np.nan], [1, 1], [2, 2]], "polygon")]
)
def test_what_is_no_region_is_refused_before_it_is_sent(vectors: object, kind: str) -> None:
    with pytest.raises(RoiRefusedError, match=kind):
        draw(vectors, kind)  # type: ignore[arg-type]  # on purpose


def test_a_mask_is_no_shape_and_has_no_outline() -> None:
    mask = RoiDraft(kind=RoiKind.MASK, mask_id="4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d", coordinates={"label": 3})

    for refused in (lambda: shapes_of([mask], ("y", "x")), lambda: feature_of(mask)):
        with pytest.raises(RoiRefusedError):
            refused()
