"""Transformations between coordinate systems, as far as tables name them: this hub keeps none yet."""

import strawberry

from arkitekt_di.server.images.wire import CoordinateSystem


@strawberry.interface(description="How positions in one space become positions in another.")
class Transformation:
    """What every transformation has."""

    id: strawberry.ID
    kind: str
    name: str | None
    version: int
    input: CoordinateSystem
    output: CoordinateSystem


@strawberry.type
class ScaleTransformation(Transformation):
    """A factor for each axis."""

    scale: list[float]


@strawberry.type
class TranslationTransformation(Transformation):
    """A distance along each axis."""

    translation: list[float]


@strawberry.type
class AffineTransformation(Transformation):
    """A matrix."""

    affine: list[list[float]]


@strawberry.type
class RotationTransformation(Transformation):
    """A matrix that turns."""

    affine: list[list[float]]


@strawberry.type
class MapAxisTransformation(Transformation):
    """Axes by other names."""

    input_axes: list[str]
    output_axes: list[str]


@strawberry.type
class TransformationStep:
    """One of several transformations that follow one another."""

    kind: str
    scale: list[float]
    translation: list[float]
    affine: list[list[float]]
    reason: str | None


@strawberry.type
class SequenceTransformation(Transformation):
    """One after the other."""

    steps: list[TransformationStep]


@strawberry.type
class Field:
    """An array whose values are positions."""

    id: strawberry.ID


@strawberry.type
class FieldPart:
    """Values looked up in an array."""

    unit: str | None
    min: float | None
    max: float | None
    values: list[float] | None
    spatial: bool
    dereference: bool
    field: Field | None


@strawberry.type
class TransformationPart:
    """What becomes of some of the axes."""

    kind: str
    input_axes: list[str]
    output_axes: list[str]
    scale: list[float]
    translation: list[float]
    affine: list[list[float]]
    field: FieldPart | None


@strawberry.type
class ByDimensionTransformation(Transformation):
    """Each axis by itself."""

    input_axes: list[str]
    output_axes: list[str]
    parts: list[TransformationPart]


KINDS = (
    ScaleTransformation,
    TranslationTransformation,
    AffineTransformation,
    RotationTransformation,
    MapAxisTransformation,
    SequenceTransformation,
    ByDimensionTransformation,
)
"""All there are; named to the schema, as no field returns them by their own names."""
