"""An agent in a process of its own: serves the bodies until it is ended."""

import sys

from arkitekt_di import easy
from tests.rekuest import bodies

if __name__ == "__main__":
    with easy("bodies", url=sys.argv[1] if len(sys.argv) > 1 else None) as app, app.rekuest.serving(bodies):
        print("ready", flush=True)
        sys.stdin.read()
