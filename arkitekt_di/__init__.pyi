from arkitekt_di.app import App as App
from arkitekt_di.app import current_app as current_app
from arkitekt_di.builders import builder as builder
from arkitekt_di.builders import easy as easy
from arkitekt_di.builders import embedded as embedded
from arkitekt_di.builders import jupy as jupy
from arkitekt_di.builders import port as port
from arkitekt_di.builders import qt as qt
from arkitekt_di.builders import scheduler as scheduler
from arkitekt_di.errors import ArkitektError as ArkitektError
from arkitekt_di.rekuest.functions import acall as acall
from arkitekt_di.rekuest.functions import afind as afind
from arkitekt_di.rekuest.functions import aiterate as aiterate
from arkitekt_di.rekuest.functions import asubmit as asubmit
from arkitekt_di.rekuest.functions import call as call
from arkitekt_di.rekuest.functions import find as find
from arkitekt_di.rekuest.functions import iterate as iterate
from arkitekt_di.rekuest.functions import search_actions as search_actions
from arkitekt_di.rekuest.functions import submit as submit
from arkitekt_di.rekuest.ports.structures import register_structure as register_structure
from arkitekt_di.rekuest.registry import background as background
from arkitekt_di.rekuest.registry import register as register
from arkitekt_di.rekuest.registry import shutdown as shutdown
from arkitekt_di.rekuest.registry import startup as startup
from arkitekt_di.rekuest.registry import workflow as workflow
from arkitekt_di.rekuest.task import Task as Task
from arkitekt_di.rekuest.task import log as log
from arkitekt_di.rekuest.task import progress as progress

__version__: str
__all__ = [
    "App",
    "ArkitektError",
    "Task",
    "__version__",
    "acall",
    "afind",
    "aiterate",
    "asubmit",
    "background",
    "builder",
    "call",
    "current_app",
    "easy",
    "embedded",
    "find",
    "iterate",
    "jupy",
    "log",
    "port",
    "progress",
    "qt",
    "register",
    "register_structure",
    "scheduler",
    "search_actions",
    "shutdown",
    "startup",
    "submit",
    "workflow",
]
