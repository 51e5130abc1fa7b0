"""Builders: container presets with their settings, ready to be entered."""

from arkitekt_di.builders.builder import Builder, Order, builder
from arkitekt_di.builders.desktop import qt
from arkitekt_di.builders.embedding import embedded
from arkitekt_di.builders.finding import find_builder
from arkitekt_di.builders.notebooks import jupy
from arkitekt_di.builders.options import AppOptions
from arkitekt_di.builders.scheduling import scheduler
from arkitekt_di.builders.scripts import easy
from arkitekt_di.builders.unattended import port

__all__ = [
    "AppOptions",
    "Builder",
    "Order",
    "builder",
    "easy",
    "embedded",
    "find_builder",
    "jupy",
    "port",
    "qt",
    "scheduler",
]
