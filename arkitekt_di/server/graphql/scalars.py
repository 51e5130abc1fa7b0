"""Scalars of the schema beside GraphQL's own."""

from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

ByteCount = NewType("ByteCount", int)
Unit = NewType("Unit", str)

SCALARS: dict[object, ScalarDefinition] = {
    # GraphQL's own Int ends at 2**31: fewer bytes than a picture has.
    ByteCount: strawberry.scalar(name="ByteCount", serialize=int, description="A number of bytes."),
    Unit: strawberry.scalar(name="Unit", serialize=str, description="A unit of OME-NGFF 0.5, such as micrometer."),
}
