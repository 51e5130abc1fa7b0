"""Finds the app of a module that is named on the command line, and what it offers."""

import importlib
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType, TracebackType

from arkitekt_di.app import App
from arkitekt_di.errors import AppNotLoadedError
from arkitekt_di.rekuest.registry import registry_of

_ABOVE = {__file__, importlib.__file__, "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>"}
"""Files whose frames say nothing about a user's module."""


@dataclass(frozen=True)
class LoadedApp:
    """An app, closed, with the modules whose functions it serves.

    Attributes
    ----------
    app : App
    modules : tuple of module
        The module that was named, and those beside and below it that it has loaded and that offer something.
    """

    app: App
    modules: tuple[ModuleType, ...]

    @property
    def functions(self) -> list[str]:
        """Names of what is offered."""
        offered = {offer.interface for module in self.modules for offer in registry_of(module)}
        return sorted(offered)


def load_app(target: str, *, is_telling: bool = False) -> LoadedApp:
    """Import a module and find its app.

    Parameters
    ----------
    target : str
        ``MODULE`` or ``MODULE:APP``: a file such as ``script.py``, or the dotted name of a module that can be imported
        from the current folder; without a name the module's ``app``, or its only one.
    is_telling : bool
        Print the traceback where the module raises, from its own first line on.

    Raises
    ------
    AppNotLoadedError
        There is no such module or app, or the module raises.
    """
    place, name = split_target(target)
    module = _imported(target, place, is_telling=is_telling)
    return LoadedApp(_app_of(target, module, name), tuple(_offering(module)) or (module,))


def split_target(target: str) -> tuple[str, str | None]:
    """Return the module and the name of the app."""
    place, mark, name = target.rpartition(":")
    return (place, name) if mark and name.isidentifier() else (target, None)


def folder_of(target: str) -> Path:
    """Return the folder that holds the code of a module: its own, or that of the package it is in; imports nothing."""
    place, _ = split_target(target)
    if place.endswith(".py"):
        return Path(place).absolute().parent
    package = Path.cwd() / place.partition(".")[0]
    return package if package.is_dir() else Path.cwd()


def _imported(target: str, place: str, *, is_telling: bool) -> ModuleType:
    path = Path(place).absolute() if place.endswith(".py") else None
    if path is not None and not path.is_file():
        raise AppNotLoadedError(target, f"there is no file {path}")
    folder, name = (str(Path.cwd()), place) if path is None else (str(path.parent), path.stem)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as `python script.py` does; bodies in processes of their own import from there too
    try:
        module = import_module(name)
    except (Exception, SystemExit) as error:  # whatever a user's module raises, or where it leaves
        if is_telling:
            traceback.print_exception(error.with_traceback(_own_frames(error.__traceback__)))
        raise AppNotLoadedError(target, f"importing it failed with {type(error).__name__}: {error}") from error
    if path is not None and Path(module.__file__ or "") != path:
        raise AppNotLoadedError(target, f"another module is called {name!r}: {module.__file__}; rename the file")
    return module


def _own_frames(frames: TracebackType | None) -> TracebackType | None:
    """Leave out the frames above the module: they are ours, and the import system's."""
    shown = frames
    while shown is not None and shown.tb_frame.f_code.co_filename in _ABOVE:
        shown = shown.tb_next
    return shown


def _app_of(target: str, module: ModuleType, name: str | None) -> App:
    apps = {key: value for key, value in vars(module).items() if isinstance(value, App)}
    wanted = "app" if name is None and "app" in apps else name
    if wanted is not None:
        if wanted not in apps:
            raise AppNotLoadedError(target, f"{module.__name__} has no app {wanted!r}, but {_listed(apps)}")
        return apps[wanted]
    if len({id(app) for app in apps.values()}) != 1:
        raise AppNotLoadedError(target, f"{module.__name__} has {_listed(apps)}; name one, as in {target}:app")
    return next(iter(apps.values()))


def _listed(apps: dict[str, App]) -> str:
    return f"the apps {', '.join(sorted(apps))}" if apps else "none at all"


def _offering(module: ModuleType) -> Iterator[ModuleType]:
    root = sys.modules.get(module.__name__.partition(".")[0], module)
    folder = Path(root.__file__ or "").parent
    for one in list(sys.modules.values()):
        path = Path(getattr(one, "__file__", None) or "")
        inside = path.is_relative_to(folder) and "site-packages" not in path.relative_to(folder).parts
        if one is module or (inside and len(registry_of(one))):
            yield one
