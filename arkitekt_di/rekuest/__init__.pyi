from arkitekt_di.messages.calls import ActionRecord as ActionRecord
from arkitekt_di.messages.definitions import Effects as Effects
from arkitekt_di.messages.widgets import SearchWidget as SearchWidget
from arkitekt_di.messages.widgets import SliderWidget as SliderWidget
from arkitekt_di.messages.widgets import StringWidget as StringWidget
from arkitekt_di.rekuest.agent.states import state as state
from arkitekt_di.rekuest.caller.remote_task import RemoteTask as RemoteTask
from arkitekt_di.rekuest.declared import declare as declare
from arkitekt_di.rekuest.functions import acall as acall
from arkitekt_di.rekuest.functions import afind as afind
from arkitekt_di.rekuest.functions import aiterate as aiterate
from arkitekt_di.rekuest.functions import asearch_actions as asearch_actions
from arkitekt_di.rekuest.functions import asubmit as asubmit
from arkitekt_di.rekuest.functions import call as call
from arkitekt_di.rekuest.functions import find as find
from arkitekt_di.rekuest.functions import iterate as iterate
from arkitekt_di.rekuest.functions import search_actions as search_actions
from arkitekt_di.rekuest.functions import submit as submit
from arkitekt_di.rekuest.in_memory import InMemoryTaskHub as InMemoryTaskHub
from arkitekt_di.rekuest.injection import context as context
from arkitekt_di.rekuest.offer import Offer as Offer
from arkitekt_di.rekuest.offer import OfferOptions as OfferOptions
from arkitekt_di.rekuest.ports.notes import Description as Description
from arkitekt_di.rekuest.ports.notes import Label as Label
from arkitekt_di.rekuest.ports.notes import Unit as Unit
from arkitekt_di.rekuest.ports.structures import memory_structure as memory_structure
from arkitekt_di.rekuest.ports.structures import register_structure as register_structure
from arkitekt_di.rekuest.ports.told import Reference as Reference
from arkitekt_di.rekuest.progress_bar import tqdm as tqdm
from arkitekt_di.rekuest.registry import Registry as Registry
from arkitekt_di.rekuest.registry import background as background
from arkitekt_di.rekuest.registry import register as register
from arkitekt_di.rekuest.registry import shutdown as shutdown
from arkitekt_di.rekuest.registry import startup as startup
from arkitekt_di.rekuest.registry import workflow as workflow
from arkitekt_di.rekuest.service import Rekuest as Rekuest
from arkitekt_di.rekuest.task import Caller as Caller
from arkitekt_di.rekuest.task import Task as Task
from arkitekt_di.rekuest.task import current_task as current_task
from arkitekt_di.rekuest.task import log as log
from arkitekt_di.rekuest.task import progress as progress

__all__ = [
    "ActionRecord",
    "Caller",
    "Description",
    "Effects",
    "InMemoryTaskHub",
    "Label",
    "Offer",
    "OfferOptions",
    "Reference",
    "Registry",
    "Rekuest",
    "RemoteTask",
    "SearchWidget",
    "SliderWidget",
    "StringWidget",
    "Task",
    "Unit",
    "acall",
    "afind",
    "aiterate",
    "asearch_actions",
    "asubmit",
    "background",
    "call",
    "context",
    "current_task",
    "declare",
    "find",
    "iterate",
    "log",
    "memory_structure",
    "progress",
    "register",
    "register_structure",
    "search_actions",
    "shutdown",
    "startup",
    "state",
    "submit",
    "tqdm",
    "workflow",
]
