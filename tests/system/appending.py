"""Appends two frames, says to which image, waits for a line, and tries to append another one.

Argument: address of the hub.
"""

import sys

import numpy as np

from arkitekt_di import easy
from arkitekt_di.errors import AppendConflictError
from arkitekt_di.mikro import image_writer

if __name__ == "__main__":
    with easy("killed", url=sys.argv[1], headless=True, no_cache=True):
        writer = image_writer(("t", "y", "x"), name="of two")
        writer.append(np.ones((40, 50), "uint8"))
        print(writer.append(np.ones((40, 50), "uint8")).id, flush=True)
        sys.stdin.readline()
        try:
            writer.append(np.ones((40, 50), "uint8"))
        except AppendConflictError as error:
            print(type(error).__name__, error.image_id)
