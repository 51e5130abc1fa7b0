"""Functions of an agent that store and read images."""

import asyncio

import numpy as np

from arkitekt_di import register
from arkitekt_di.mikro import Image, afrom_xarray, from_xarray


@register
def brighten(image: Image) -> Image:
    """Add one, in a thread."""
    return from_xarray(image.data.compute() + np.uint16(1), name="brighter")


@register
async def brighten_async(image: Image) -> Image:
    """Add one, on the loop of the app."""
    data = await image.adata()
    return await afrom_xarray(await asyncio.to_thread(data.compute) + np.uint16(1), name="brighter")
