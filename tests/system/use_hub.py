"""Logs in to the hub at an address without a browser, stores a picture and prints who is logged in.

Argument: address of the hub.
"""

import sys

import numpy as np

from arkitekt_di import easy
from arkitekt_di.errors import LoginError
from arkitekt_di.mikro import from_xarray, get_image

if __name__ == "__main__":
    try:
        with easy("visitor", version="2.0", url=sys.argv[1], headless=True) as app:
            image = from_xarray(np.eye(4), name="visit")
            assert get_image(image.id).data.shape == (4, 4)
            print("organization", app.herre.user.organization)
    except LoginError as error:
        print(type(error).__name__, error)
