"""The bridge between sync and async code: the only owner of threads and loops."""

from arkitekt_di.koil.bridge import Koil
from arkitekt_di.koil.current import (
    check_cancelled,
    current_koil,
    iterate_sync,
    run_sync,
    sleep,
    unkoil,
    unkoil_gen,
)
from arkitekt_di.koil.dual import Dual, dual
from arkitekt_di.koil.koilable import koilable

__all__ = [
    "Dual",
    "Koil",
    "check_cancelled",
    "current_koil",
    "dual",
    "iterate_sync",
    "koilable",
    "run_sync",
    "sleep",
    "unkoil",
    "unkoil_gen",
]
