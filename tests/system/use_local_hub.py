"""Stores a picture in the user's local hub and prints what it sees there, as JSON.

Arguments: name of the app, name of the picture.
"""

import json
import sys

import numpy as np

from arkitekt_di import easy
from arkitekt_di.mikro import from_xarray, search_images

if __name__ == "__main__":
    with easy(sys.argv[1]) as app:
        from_xarray(np.full((4, 4), 7, "uint8"), name=sys.argv[2])
        seen = sorted(image.name for image in search_images())
        print(json.dumps({"hub": app.fakts.url, "seen": seen}))
