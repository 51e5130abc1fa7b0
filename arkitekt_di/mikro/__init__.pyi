from arkitekt_di.mikro.functions import adelete_image as adelete_image
from arkitekt_di.mikro.functions import afrom_xarray as afrom_xarray
from arkitekt_di.mikro.functions import aget_image as aget_image
from arkitekt_di.mikro.functions import arename_image as arename_image
from arkitekt_di.mikro.functions import asearch_images as asearch_images
from arkitekt_di.mikro.functions import awatch_image as awatch_image
from arkitekt_di.mikro.functions import awatch_images as awatch_images
from arkitekt_di.mikro.functions import delete_image as delete_image
from arkitekt_di.mikro.functions import from_xarray as from_xarray
from arkitekt_di.mikro.functions import get_image as get_image
from arkitekt_di.mikro.functions import rename_image as rename_image
from arkitekt_di.mikro.functions import search_images as search_images
from arkitekt_di.mikro.functions import watch_image as watch_image
from arkitekt_di.mikro.functions import watch_images as watch_images
from arkitekt_di.mikro.image import Image as Image
from arkitekt_di.mikro.in_memory import InMemoryImageRecords as InMemoryImageRecords
from arkitekt_di.mikro.in_memory import InMemoryPixelStore as InMemoryPixelStore
from arkitekt_di.mikro.pixels.s3 import S3PixelStore as S3PixelStore
from arkitekt_di.mikro.records import GraphQLImageRecords as GraphQLImageRecords
from arkitekt_di.mikro.service import Mikro as Mikro
from arkitekt_di.mikro.watching import Change as Change
from arkitekt_di.mikro.watching import Watch as Watch

__all__ = [
    "Change",
    "GraphQLImageRecords",
    "Image",
    "InMemoryImageRecords",
    "InMemoryPixelStore",
    "Mikro",
    "S3PixelStore",
    "Watch",
    "adelete_image",
    "afrom_xarray",
    "aget_image",
    "arename_image",
    "asearch_images",
    "awatch_image",
    "awatch_images",
    "delete_image",
    "from_xarray",
    "get_image",
    "rename_image",
    "search_images",
    "watch_image",
    "watch_images",
]
