"""The GraphQL of the data service: the operations of every area in one schema."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from strawberry.extensions import ParserCache
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.scalar import ScalarDefinition

from arkitekt_di.server.comments.schema import CommentMutation, CommentQuery, CommentSubscription
from arkitekt_di.server.files import inputs as file_inputs
from arkitekt_di.server.files import schema as files
from arkitekt_di.server.folders.schema import FolderMutation, FolderQuery, FolderSubscription
from arkitekt_di.server.graphql import scalars
from arkitekt_di.server.graphql.limits import CACHED_DOCUMENTS, BoundDocuments, CheckedOnce
from arkitekt_di.server.graphql.served_schema import ServedSchema
from arkitekt_di.server.images import inputs as image_inputs
from arkitekt_di.server.images import wire as image_wire
from arkitekt_di.server.images.schema import ImageMutation, ImageQuery, ImageSubscription
from arkitekt_di.server.metrics import schema as metrics
from arkitekt_di.server.ngff.schema import NgffMutation
from arkitekt_di.server.provenance.schema import ProvenanceQuery
from arkitekt_di.server.rois import inputs as roi_inputs
from arkitekt_di.server.rois import schema as rois
from arkitekt_di.server.tables import schema as tables
from arkitekt_di.server.tables import transformations


@dataclass(frozen=True)
class Area:
    """What one kind of records brings to the schema; strawberry types whose fields are merged with the others'."""

    query: type | None = None
    mutation: type | None = None
    subscription: type | None = None
    scalars: Mapping[object, ScalarDefinition] = field(default_factory=dict)
    others: tuple[type, ...] = ()


AREAS = (
    Area(ImageQuery, ImageMutation, ImageSubscription, {**image_wire.SCALARS, **image_inputs.SCALARS}),
    Area(rois.RoiQuery, rois.RoiMutation, rois.RoiSubscription, roi_inputs.SCALARS),
    Area(FolderQuery, FolderMutation, FolderSubscription),
    Area(files.FileQuery, files.FileMutation, files.FileSubscription, file_inputs.SCALARS),
    Area(metrics.MetricQuery, metrics.MetricMutation),
    Area(tables.TableQuery, tables.TableMutation, tables.TableSubscription, tables.SCALARS, transformations.KINDS),
    Area(CommentQuery, CommentMutation, CommentSubscription),
    Area(ProvenanceQuery),
    Area(mutation=NgffMutation),
)


@functools.cache
def make_schema() -> ServedSchema:
    """Return the schema: one for every hub of this process, as it knows none of them and takes long to make."""
    watched = tuple(area.subscription for area in AREAS if area.subscription is not None)
    known = scalars.SCALARS | {kind: scalar for area in AREAS for kind, scalar in area.scalars.items()}
    return ServedSchema(
        query=merge_types("Query", tuple(area.query for area in AREAS if area.query is not None)),
        mutation=merge_types("Mutation", tuple(area.mutation for area in AREAS if area.mutation is not None)),
        subscription=merge_types("Subscription", watched),
        types=[kind for area in AREAS for kind in area.others],
        extensions=[
            BoundDocuments,
            lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
            lambda: CheckedOnce(maxsize=CACHED_DOCUMENTS),
        ],
        config=StrawberryConfig(scalar_map=known, disable_field_suggestions=True),
    )
