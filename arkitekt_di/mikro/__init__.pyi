from arkitekt_di.mikro.comments.functions import acreate_comment as acreate_comment
from arkitekt_di.mikro.comments.functions import adelete_comment as adelete_comment
from arkitekt_di.mikro.comments.functions import aedit_comment as aedit_comment
from arkitekt_di.mikro.comments.functions import aget_comments as aget_comments
from arkitekt_di.mikro.comments.functions import awatch_comments as awatch_comments
from arkitekt_di.mikro.comments.functions import create_comment as create_comment
from arkitekt_di.mikro.comments.functions import delete_comment as delete_comment
from arkitekt_di.mikro.comments.functions import edit_comment as edit_comment
from arkitekt_di.mikro.comments.functions import get_comments as get_comments
from arkitekt_di.mikro.comments.functions import watch_comments as watch_comments
from arkitekt_di.mikro.comments.in_memory import InMemoryCommentRecords as InMemoryCommentRecords
from arkitekt_di.mikro.comments.records import GraphQLCommentRecords as GraphQLCommentRecords
from arkitekt_di.mikro.comments.service import Comment as Comment
from arkitekt_di.mikro.comments.service import Comments as Comments
from arkitekt_di.mikro.files.file import File as File
from arkitekt_di.mikro.files.functions import adelete_file as adelete_file
from arkitekt_di.mikro.files.functions import aget_file as aget_file
from arkitekt_di.mikro.files.functions import aiterate_files as aiterate_files
from arkitekt_di.mikro.files.functions import amove_file as amove_file
from arkitekt_di.mikro.files.functions import arename_file as arename_file
from arkitekt_di.mikro.files.functions import arestore_file as arestore_file
from arkitekt_di.mikro.files.functions import asearch_files as asearch_files
from arkitekt_di.mikro.files.functions import aupload_file as aupload_file
from arkitekt_di.mikro.files.functions import awatch_files as awatch_files
from arkitekt_di.mikro.files.functions import delete_file as delete_file
from arkitekt_di.mikro.files.functions import get_file as get_file
from arkitekt_di.mikro.files.functions import iterate_files as iterate_files
from arkitekt_di.mikro.files.functions import move_file as move_file
from arkitekt_di.mikro.files.functions import rename_file as rename_file
from arkitekt_di.mikro.files.functions import restore_file as restore_file
from arkitekt_di.mikro.files.functions import search_files as search_files
from arkitekt_di.mikro.files.functions import upload_file as upload_file
from arkitekt_di.mikro.files.functions import watch_files as watch_files
from arkitekt_di.mikro.files.in_memory import InMemoryFileRecords as InMemoryFileRecords
from arkitekt_di.mikro.files.records import GraphQLFileRecords as GraphQLFileRecords
from arkitekt_di.mikro.files.service import Files as Files
from arkitekt_di.mikro.finding import afind_images as afind_images
from arkitekt_di.mikro.finding import amove_image as amove_image
from arkitekt_di.mikro.finding import arestore_image as arestore_image
from arkitekt_di.mikro.finding import find_images as find_images
from arkitekt_di.mikro.finding import move_image as move_image
from arkitekt_di.mikro.finding import restore_image as restore_image
from arkitekt_di.mikro.folders.folder import Folder as Folder
from arkitekt_di.mikro.folders.functions import acreate_folder as acreate_folder
from arkitekt_di.mikro.folders.functions import adelete_folder as adelete_folder
from arkitekt_di.mikro.folders.functions import aensure_folder as aensure_folder
from arkitekt_di.mikro.folders.functions import afind_folder as afind_folder
from arkitekt_di.mikro.folders.functions import aget_folder as aget_folder
from arkitekt_di.mikro.folders.functions import aiterate_folders as aiterate_folders
from arkitekt_di.mikro.folders.functions import amove_folder as amove_folder
from arkitekt_di.mikro.folders.functions import arename_folder as arename_folder
from arkitekt_di.mikro.folders.functions import arestore_folder as arestore_folder
from arkitekt_di.mikro.folders.functions import asearch_folders as asearch_folders
from arkitekt_di.mikro.folders.functions import awatch_folder as awatch_folder
from arkitekt_di.mikro.folders.functions import awatch_folders as awatch_folders
from arkitekt_di.mikro.folders.functions import create_folder as create_folder
from arkitekt_di.mikro.folders.functions import delete_folder as delete_folder
from arkitekt_di.mikro.folders.functions import ensure_folder as ensure_folder
from arkitekt_di.mikro.folders.functions import find_folder as find_folder
from arkitekt_di.mikro.folders.functions import get_folder as get_folder
from arkitekt_di.mikro.folders.functions import iterate_folders as iterate_folders
from arkitekt_di.mikro.folders.functions import move_folder as move_folder
from arkitekt_di.mikro.folders.functions import rename_folder as rename_folder
from arkitekt_di.mikro.folders.functions import restore_folder as restore_folder
from arkitekt_di.mikro.folders.functions import search_folders as search_folders
from arkitekt_di.mikro.folders.functions import watch_folder as watch_folder
from arkitekt_di.mikro.folders.functions import watch_folders as watch_folders
from arkitekt_di.mikro.folders.in_memory import InMemoryFolderRecords as InMemoryFolderRecords
from arkitekt_di.mikro.folders.records import GraphQLFolderRecords as GraphQLFolderRecords
from arkitekt_di.mikro.folders.service import Folders as Folders
from arkitekt_di.mikro.formats.functions import aexport_image as aexport_image
from arkitekt_di.mikro.formats.functions import aimport_image as aimport_image
from arkitekt_di.mikro.formats.functions import aimport_images as aimport_images
from arkitekt_di.mikro.formats.functions import export_image as export_image
from arkitekt_di.mikro.formats.functions import import_image as import_image
from arkitekt_di.mikro.formats.functions import import_images as import_images
from arkitekt_di.mikro.formats.writing import Exported as Exported
from arkitekt_di.mikro.functions import adelete_image as adelete_image
from arkitekt_di.mikro.functions import afrom_xarray as afrom_xarray
from arkitekt_di.mikro.functions import aget_image as aget_image
from arkitekt_di.mikro.functions import arename_image as arename_image
from arkitekt_di.mikro.functions import asearch_images as asearch_images
from arkitekt_di.mikro.functions import delete_image as delete_image
from arkitekt_di.mikro.functions import from_xarray as from_xarray
from arkitekt_di.mikro.functions import get_image as get_image
from arkitekt_di.mikro.functions import rename_image as rename_image
from arkitekt_di.mikro.functions import search_images as search_images
from arkitekt_di.mikro.image import Image as Image
from arkitekt_di.mikro.in_memory import InMemoryImageRecords as InMemoryImageRecords
from arkitekt_di.mikro.in_memory_pixels import InMemoryPixelStore as InMemoryPixelStore
from arkitekt_di.mikro.metrics.functions import acreate_metric as acreate_metric
from arkitekt_di.mikro.metrics.functions import adelete_metric as adelete_metric
from arkitekt_di.mikro.metrics.functions import aget_metrics as aget_metrics
from arkitekt_di.mikro.metrics.functions import create_metric as create_metric
from arkitekt_di.mikro.metrics.functions import delete_metric as delete_metric
from arkitekt_di.mikro.metrics.functions import get_metrics as get_metrics
from arkitekt_di.mikro.metrics.in_memory import InMemoryMetricRecords as InMemoryMetricRecords
from arkitekt_di.mikro.metrics.records import GraphQLMetricRecords as GraphQLMetricRecords
from arkitekt_di.mikro.metrics.service import Metric as Metric
from arkitekt_di.mikro.metrics.service import Metrics as Metrics
from arkitekt_di.mikro.paging import Pages as Pages
from arkitekt_di.mikro.pixels.progress import Progress as Progress
from arkitekt_di.mikro.pixels.s3 import S3PixelStore as S3PixelStore
from arkitekt_di.mikro.pixels.verification import Damage as Damage
from arkitekt_di.mikro.provenance.functions import aget_provenance as aget_provenance
from arkitekt_di.mikro.provenance.functions import get_provenance as get_provenance
from arkitekt_di.mikro.provenance.in_memory import InMemoryProvenanceRecords as InMemoryProvenanceRecords
from arkitekt_di.mikro.provenance.records import GraphQLProvenanceRecords as GraphQLProvenanceRecords
from arkitekt_di.mikro.provenance.service import Provenances as Provenances
from arkitekt_di.mikro.records import GraphQLImageRecords as GraphQLImageRecords
from arkitekt_di.mikro.relating import aget_sources as aget_sources
from arkitekt_di.mikro.relating import arelate_image as arelate_image
from arkitekt_di.mikro.relating import aunrelate_image as aunrelate_image
from arkitekt_di.mikro.relating import get_sources as get_sources
from arkitekt_di.mikro.relating import relate_image as relate_image
from arkitekt_di.mikro.relating import unrelate_image as unrelate_image
from arkitekt_di.mikro.rois.functions import acreate_roi as acreate_roi
from arkitekt_di.mikro.rois.functions import acreate_rois as acreate_rois
from arkitekt_di.mikro.rois.functions import aget_roi as aget_roi
from arkitekt_di.mikro.rois.functions import aget_rois as aget_rois
from arkitekt_di.mikro.rois.functions import asearch_rois as asearch_rois
from arkitekt_di.mikro.rois.functions import awatch_rois as awatch_rois
from arkitekt_di.mikro.rois.functions import create_roi as create_roi
from arkitekt_di.mikro.rois.functions import create_rois as create_rois
from arkitekt_di.mikro.rois.functions import draw as draw
from arkitekt_di.mikro.rois.functions import get_roi as get_roi
from arkitekt_di.mikro.rois.functions import get_rois as get_rois
from arkitekt_di.mikro.rois.functions import search_rois as search_rois
from arkitekt_di.mikro.rois.functions import watch_rois as watch_rois
from arkitekt_di.mikro.rois.geojson import drafts_from as drafts_from
from arkitekt_di.mikro.rois.roi import Roi as Roi
from arkitekt_di.mikro.rois.service import Rois as Rois
from arkitekt_di.mikro.rois.shapes import drafts_of as drafts_of
from arkitekt_di.mikro.rois.shapes import shapes_of as shapes_of
from arkitekt_di.mikro.service import Mikro as Mikro
from arkitekt_di.mikro.table import Table as Table
from arkitekt_di.mikro.tables.functions import adelete_table as adelete_table
from arkitekt_di.mikro.tables.functions import afrom_dataframe as afrom_dataframe
from arkitekt_di.mikro.tables.functions import aget_table as aget_table
from arkitekt_di.mikro.tables.functions import aiterate_tables as aiterate_tables
from arkitekt_di.mikro.tables.functions import amove_table as amove_table
from arkitekt_di.mikro.tables.functions import arelate_table as arelate_table
from arkitekt_di.mikro.tables.functions import arename_table as arename_table
from arkitekt_di.mikro.tables.functions import arestore_table as arestore_table
from arkitekt_di.mikro.tables.functions import asearch_tables as asearch_tables
from arkitekt_di.mikro.tables.functions import awatch_tables as awatch_tables
from arkitekt_di.mikro.tables.functions import delete_table as delete_table
from arkitekt_di.mikro.tables.functions import from_dataframe as from_dataframe
from arkitekt_di.mikro.tables.functions import get_table as get_table
from arkitekt_di.mikro.tables.functions import iterate_tables as iterate_tables
from arkitekt_di.mikro.tables.functions import move_table as move_table
from arkitekt_di.mikro.tables.functions import relate_table as relate_table
from arkitekt_di.mikro.tables.functions import rename_table as rename_table
from arkitekt_di.mikro.tables.functions import restore_table as restore_table
from arkitekt_di.mikro.tables.functions import search_tables as search_tables
from arkitekt_di.mikro.tables.functions import watch_tables as watch_tables
from arkitekt_di.mikro.tables.in_memory import InMemoryTableRecords as InMemoryTableRecords
from arkitekt_di.mikro.tables.records import GraphQLTableRecords as GraphQLTableRecords
from arkitekt_di.mikro.tables.service import Tables as Tables
from arkitekt_di.mikro.verifying import averify_image as averify_image
from arkitekt_di.mikro.verifying import verify_image as verify_image
from arkitekt_di.mikro.watched import awatch_image as awatch_image
from arkitekt_di.mikro.watched import awatch_images as awatch_images
from arkitekt_di.mikro.watched import watch_image as watch_image
from arkitekt_di.mikro.watched import watch_images as watch_images
from arkitekt_di.mikro.watching import Change as Change
from arkitekt_di.mikro.watching import Watch as Watch
from arkitekt_di.mikro.writer import ImageWriter as ImageWriter
from arkitekt_di.mikro.writing import afrom_frames as afrom_frames
from arkitekt_di.mikro.writing import aimage_writer as aimage_writer
from arkitekt_di.mikro.writing import from_frames as from_frames
from arkitekt_di.mikro.writing import image_writer as image_writer

__all__ = [
    "Change",
    "Comment",
    "Comments",
    "Damage",
    "Exported",
    "File",
    "Files",
    "Folder",
    "Folders",
    "GraphQLCommentRecords",
    "GraphQLFileRecords",
    "GraphQLFolderRecords",
    "GraphQLImageRecords",
    "GraphQLMetricRecords",
    "GraphQLProvenanceRecords",
    "GraphQLTableRecords",
    "Image",
    "ImageWriter",
    "InMemoryCommentRecords",
    "InMemoryFileRecords",
    "InMemoryFolderRecords",
    "InMemoryImageRecords",
    "InMemoryMetricRecords",
    "InMemoryPixelStore",
    "InMemoryProvenanceRecords",
    "InMemoryTableRecords",
    "Metric",
    "Metrics",
    "Mikro",
    "Pages",
    "Progress",
    "Provenances",
    "Roi",
    "Rois",
    "S3PixelStore",
    "Table",
    "Tables",
    "Watch",
    "acreate_comment",
    "acreate_folder",
    "acreate_metric",
    "acreate_roi",
    "acreate_rois",
    "adelete_comment",
    "adelete_file",
    "adelete_folder",
    "adelete_image",
    "adelete_metric",
    "adelete_table",
    "aedit_comment",
    "aensure_folder",
    "aexport_image",
    "afind_folder",
    "afind_images",
    "afrom_dataframe",
    "afrom_frames",
    "afrom_xarray",
    "aget_comments",
    "aget_file",
    "aget_folder",
    "aget_image",
    "aget_metrics",
    "aget_provenance",
    "aget_roi",
    "aget_rois",
    "aget_sources",
    "aget_table",
    "aimage_writer",
    "aimport_image",
    "aimport_images",
    "aiterate_files",
    "aiterate_folders",
    "aiterate_tables",
    "amove_file",
    "amove_folder",
    "amove_image",
    "amove_table",
    "arelate_image",
    "arelate_table",
    "arename_file",
    "arename_folder",
    "arename_image",
    "arename_table",
    "arestore_file",
    "arestore_folder",
    "arestore_image",
    "arestore_table",
    "asearch_files",
    "asearch_folders",
    "asearch_images",
    "asearch_rois",
    "asearch_tables",
    "aunrelate_image",
    "aupload_file",
    "averify_image",
    "awatch_comments",
    "awatch_files",
    "awatch_folder",
    "awatch_folders",
    "awatch_image",
    "awatch_images",
    "awatch_rois",
    "awatch_tables",
    "create_comment",
    "create_folder",
    "create_metric",
    "create_roi",
    "create_rois",
    "delete_comment",
    "delete_file",
    "delete_folder",
    "delete_image",
    "delete_metric",
    "delete_table",
    "drafts_from",
    "drafts_of",
    "draw",
    "edit_comment",
    "ensure_folder",
    "export_image",
    "find_folder",
    "find_images",
    "from_dataframe",
    "from_frames",
    "from_xarray",
    "get_comments",
    "get_file",
    "get_folder",
    "get_image",
    "get_metrics",
    "get_provenance",
    "get_roi",
    "get_rois",
    "get_sources",
    "get_table",
    "image_writer",
    "import_image",
    "import_images",
    "iterate_files",
    "iterate_folders",
    "iterate_tables",
    "move_file",
    "move_folder",
    "move_image",
    "move_table",
    "relate_image",
    "relate_table",
    "rename_file",
    "rename_folder",
    "rename_image",
    "rename_table",
    "restore_file",
    "restore_folder",
    "restore_image",
    "restore_table",
    "search_files",
    "search_folders",
    "search_images",
    "search_rois",
    "search_tables",
    "shapes_of",
    "unrelate_image",
    "upload_file",
    "verify_image",
    "watch_comments",
    "watch_files",
    "watch_folder",
    "watch_folders",
    "watch_image",
    "watch_images",
    "watch_rois",
    "watch_tables",
]
