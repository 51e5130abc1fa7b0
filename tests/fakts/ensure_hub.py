"""A program that wants the local hub in the folder that it is given, and prints the hub's process."""

import asyncio
import sys
from pathlib import Path

from arkitekt_di.fakts.local_hub import LocalHub
from arkitekt_di.settings.models import HubSettings

command = (sys.executable, str(Path(__file__).with_name("stand_in_hub.py")), "good")
print(asyncio.run(LocalHub(HubSettings(folder=Path(sys.argv[1])), command).ensure()).pid)
