"""Looks at what is installed."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from arkitekt_di import __version__
from arkitekt_di.doctor.finding import Finding, fault, good, note

DISTRIBUTION = "arkitekt-di"
FOR_DEVELOPERS = frozenset({"test", "docs"})
"""Extras that nobody needs to use the package."""


def look_at_installation() -> Iterator[Finding]:
    """Compare what is installed with what the package needs, and tell which extras are there."""
    yield good("installation", f"{DISTRIBUTION} {__version__} on Python {platform.python_version()}")
    needed = [Requirement(line) for line in requires(DISTRIBUTION) or ()]
    for requirement in needed:
        if _applies(requirement, extra=""):
            yield from _look_at(requirement)
    extras = sorted({extra for requirement in needed for extra in _extras_of(requirement)} - FOR_DEVELOPERS)
    missing = [extra for extra in extras if not _is_complete(extra, needed)]
    yield good("extras", f"installed: {', '.join(extra for extra in extras if extra not in missing) or 'none'}")
    if missing:
        yield note("extras", f"not installed: {', '.join(missing)}", f"pip install '{DISTRIBUTION}[{missing[0]}]'")


def _look_at(requirement: Requirement) -> Iterator[Finding]:
    found = _installed(requirement)
    wanted = f"{requirement.name}{requirement.specifier}"
    if found is None:
        yield fault("installation", f"{requirement.name} is not installed", f"pip install '{wanted}'")
    elif not requirement.specifier.contains(found, prereleases=True):
        what = f"{requirement.name} {found} is installed, but {wanted} is needed"
        yield fault("installation", what, f"pip install '{wanted}'")


def _is_complete(extra: str, needed: list[Requirement]) -> bool:
    of_the_extra = [one for one in needed if _applies(one, extra=extra) and not _applies(one, extra="")]
    return all(_installed(one) is not None for one in of_the_extra)


def _installed(requirement: Requirement) -> str | None:
    try:
        return version(requirement.name)
    except PackageNotFoundError:
        return None


def _applies(requirement: Requirement, *, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _extras_of(requirement: Requirement) -> Iterator[str]:
    if requirement.marker is not None:
        _, marked, rest = str(requirement.marker).partition("extra == ")
        if marked:
            yield rest.split('"')[1]
