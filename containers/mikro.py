"""mikro: images, as records and pixels."""

from dependency_injector import providers

from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.mikro.areas import Areas
from arkitekt_di.mikro.comments.records import GraphQLCommentRecords
from arkitekt_di.mikro.comments.service import Comments
from arkitekt_di.mikro.files.records import GraphQLFileRecords
from arkitekt_di.mikro.files.service import Files
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords
from arkitekt_di.mikro.folders.service import Folders
from arkitekt_di.mikro.in_memory_records import InMemoryRecords
from arkitekt_di.mikro.metrics.records import GraphQLMetricRecords
from arkitekt_di.mikro.metrics.service import Metrics
from arkitekt_di.mikro.pixels.s3 import S3PixelStore
from arkitekt_di.mikro.provenance.records import GraphQLProvenanceRecords
from arkitekt_di.mikro.provenance.service import Provenances
from arkitekt_di.mikro.records import GraphQLImageRecords
from arkitekt_di.mikro.rois.records import GraphQLRoiRecords
from arkitekt_di.mikro.rois.service import Rois
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.mikro.tables.records import GraphQLTableRecords
from arkitekt_di.mikro.tables.service import Tables
from arkitekt_di.protocols.comments import CommentRecords
from arkitekt_di.protocols.fakts import AliasSource
from arkitekt_di.protocols.files import FileRecords
from arkitekt_di.protocols.folders import FolderRecords
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.metrics import MetricRecords
from arkitekt_di.protocols.mikro import ImageRecords, PixelStore
from arkitekt_di.protocols.provenance import ProvenanceRecords
from arkitekt_di.protocols.rois import RoiRecords
from arkitekt_di.protocols.tables import TableRecords
from arkitekt_di.protocols.transport import GraphQL
from arkitekt_di.settings.models import MikroSettings
from arkitekt_di.transport.graphql import HttpGraphQL
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.service_address import ServiceAddress


class MikroContainer(Container):
    """Asks the hub for records over GraphQL, and moves pixels to and from its object store; or keeps all in memory."""

    cfg = providers.Dependency(instance_of=MikroSettings)
    http = providers.Dependency(instance_of=HttpClient)
    aliases: providers.Dependency[AliasSource] = providers.Dependency()
    tokens: providers.Dependency[TokenSource] = providers.Dependency()
    bridge: providers.Dependency[Bridge] = providers.Dependency()

    graphql: providers.Provider[GraphQL] = providers.ThreadSafeSingleton(
        HttpGraphQL,
        http,
        tokens,
        endpoint=providers.ThreadSafeSingleton(ServiceAddress, aliases, "mikro", "graphql"),
    )
    memory = providers.ThreadSafeSingleton(InMemoryRecords)
    _kind, _kept = cfg.provided.kind, memory.provided  # one of each for all choices; not to be seen in the container
    records: providers.Provider[ImageRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLImageRecords, graphql),
        in_memory=_kept.images,
    )
    pixels: providers.Provider[PixelStore] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(
            S3PixelStore,
            endpoint=providers.ThreadSafeSingleton(ServiceAddress, aliases, "s3"),
            trusted=http.provided.pinned,
        ),
        in_memory=_kept.pixels,
    )
    folder_records: providers.Provider[FolderRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLFolderRecords, graphql),
        in_memory=_kept.folders,
    )
    metric_records: providers.Provider[MetricRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLMetricRecords, graphql),
        in_memory=_kept.metrics,
    )
    table_records: providers.Provider[TableRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLTableRecords, graphql),
        in_memory=_kept.tables,
    )
    file_records: providers.Provider[FileRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLFileRecords, graphql),
        in_memory=_kept.files,
    )

    folders: providers.Provider[Folders] = providers.ThreadSafeSingleton(Folders, folder_records, bridge)
    files: providers.Provider[Files] = providers.ThreadSafeSingleton(Files, file_records, pixels, folders, bridge, cfg)
    tables: providers.Provider[Tables] = providers.ThreadSafeSingleton(
        Tables, table_records, pixels, folders, bridge, cfg
    )
    metrics: providers.Provider[Metrics] = providers.ThreadSafeSingleton(Metrics, metric_records)
    roi_records: providers.Provider[RoiRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLRoiRecords, graphql),
        in_memory=_kept.rois,
    )
    rois: providers.Provider[Rois] = providers.ThreadSafeSingleton(Rois, roi_records, bridge)
    comment_records: providers.Provider[CommentRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLCommentRecords, graphql),
        in_memory=_kept.comments,
    )
    comments: providers.Provider[Comments] = providers.ThreadSafeSingleton(Comments, comment_records, bridge)
    provenance_records: providers.Provider[ProvenanceRecords] = providers.Selector(
        _kind,
        hub=providers.ThreadSafeSingleton(GraphQLProvenanceRecords, graphql),
        in_memory=_kept.provenance,
    )
    provenance: providers.Provider[Provenances] = providers.ThreadSafeSingleton(Provenances, provenance_records)
    areas: providers.Provider[Areas] = providers.ThreadSafeSingleton(
        Areas,
        folders=folders,
        rois=rois,
        files=files,
        tables=tables,
        metrics=metrics,
        comments=comments,
        provenance=provenance,
    )
    service: providers.Provider[Mikro] = Service(Mikro, records, pixels, bridge, cfg, areas=areas)

    del _kind, _kept
