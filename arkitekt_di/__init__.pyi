from arkitekt_di.app import App as App
from arkitekt_di.app import current_app as current_app
from arkitekt_di.builders import builder as builder
from arkitekt_di.builders import easy as easy
from arkitekt_di.builders import embedded as embedded
from arkitekt_di.builders import jupy as jupy
from arkitekt_di.builders import port as port
from arkitekt_di.errors import ArkitektError as ArkitektError

__version__: str
__all__ = ["App", "ArkitektError", "__version__", "builder", "current_app", "easy", "embedded", "jupy", "port"]
