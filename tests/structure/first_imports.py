"""Prints each module that cannot be imported first: their names come by the standard input.

Run it with ``python -m tests.structure.first_imports``.

Whether a module can be imported depends on what was imported before it only where imports run in a circle through it.
So every import is recorded while all modules are loaded, in a process of its own, and only those that stand on a
circle are tried.  A package is run before its modules, so a module that is there afterwards was tried with it; each
other one is imported in a copy of the process.  One process for each of several hundred modules would take minutes.
"""

import builtins
import contextlib
import importlib
import json
import os
import sys
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import IO, Any

PACKAGE = "arkitekt_di"

Imports = Mapping[str, set[str]]


def parents(name: str) -> Iterable[str]:
    """Yield the packages of a module, outermost first: they are run before it."""
    parts = name.split(".")
    return (".".join(parts[:count]) for count in range(1, len(parts)))


def recorded(names: Iterable[str]) -> Imports:
    """Import all modules, and return what each of ours imported meanwhile.

    An import within a function counts as one of the module that the function stands in, which whoever called it
    imported in its turn: no circle is missed, some may be seen that are none.
    """
    imports: defaultdict[str, set[str]] = defaultdict(set)
    import_statement, import_function = builtins.__import__, importlib.import_module

    def note(importer: str, imported: str) -> None:
        if importer.startswith(PACKAGE) and imported.startswith(PACKAGE):
            imports[importer] |= {*parents(imported), imported}

    def statement(
        name: str, globals: Mapping[str, Any] | None = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        module = import_statement(name, globals, locals, fromlist or (), level)
        importer = (globals or {}).get("__name__", "")
        for part in fromlist or ():
            note(importer, f"{name}.{part}" if f"{name}.{part}" in sys.modules else name)
        note(importer, name)
        return module

    def function(name: str, package: str | None = None) -> Any:
        note(sys._getframe(1).f_globals.get("__name__", ""), name)
        return import_function(name, package)

    builtins.__import__, importlib.import_module = statement, function
    try:
        for name in names:
            import_function(name)
    finally:
        builtins.__import__, importlib.import_module = import_statement, import_function
    for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
        imports[name] |= set(parents(name))
    return imports


def on_circles(imports: Imports) -> list[str]:
    """Return the modules that import themselves by way of others."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            ahead += (found := imports.get(ahead.pop(), set()) - seen)
            seen |= found
        return seen

    return sorted(name for name in imports if name in reached(name))


def in_fork(work: Callable[[], object]) -> int:
    """Run *work* in a copy of this process, and return how that ended: 0 where nothing was raised."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  # told by the copy's end
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def tell_circles(names: Sequence[str], out: IO[str]) -> None:
    """Write the modules on circles, and what all modules together need of others."""
    circles = on_circles(recorded(names))
    foreign = [name for name in sys.modules if not name.startswith(PACKAGE)]
    json.dump({"circles": circles, "foreign": foreign}, out)
    out.flush()


def tell_failures(package: str, members: Iterable[str]) -> None:
    """Import a package, and print which of its modules cannot be imported after it: nothing runs before that."""
    if package:
        importlib.import_module(package)
    for name in members:
        if name not in sys.modules and in_fork(partial(importlib.import_module, name)):
            print(name, flush=True)


def main(names: Sequence[str]) -> None:
    """Print the modules that cannot be imported first."""
    with tempfile.TemporaryFile("w+") as out:
        if in_fork(partial(tell_circles, names, out)):
            sys.exit("not everything can be imported together")
        out.seek(0)
        told = json.load(out)
    for name in told["foreign"]:  # once, not in each copy
        with contextlib.suppress(ImportError):  # a name that a library only pretends
            importlib.import_module(name)
    by_package: defaultdict[str, list[str]] = defaultdict(list)
    for name in told["circles"]:
        by_package[name.rpartition(".")[0]].append(name)
    for package, members in by_package.items():
        if in_fork(partial(tell_failures, package, members)):
            print(package)


if __name__ == "__main__":
    main(sys.stdin.read().split())
