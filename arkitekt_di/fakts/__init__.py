"""Discovery of the hub, and the configuration that it gives to the app."""

from arkitekt_di.fakts.service import Fakts

__all__ = ["Fakts"]
