"""The app: services as attributes, opened and closed as a context, in sync and in async code."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Never, ParamSpec, Self, TypeVar, cast

from arkitekt_di.containers.application import REQUIREMENTS, AppContainer
from arkitekt_di.containers.check import check
from arkitekt_di.containers.drawing import Node, mermaid, nodes
from arkitekt_di.containers.explaining import Replacement, explain, put_there_by
from arkitekt_di.containers.lifecycle import Lifecycle
from arkitekt_di.containers.named_classes import put_named_classes
from arkitekt_di.containers.overriding import overriding, replace
from arkitekt_di.containers.presets import Preset
from arkitekt_di.errors import AppClosedError, AppEnteredError, ConfigurationError
from arkitekt_di.fakts import Fakts
from arkitekt_di.governing import APPS
from arkitekt_di.herre import Herre
from arkitekt_di.koil import Koil
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.mikro import Mikro
from arkitekt_di.rekuest import Rekuest
from arkitekt_di.settings.load import Loaded, load_app_settings
from arkitekt_di.settings.models import AppSettings

P = ParamSpec("P")
R = TypeVar("R")


SERVICES = ("fakts", "herre", "mikro", "rekuest")
"""The services that an app has as attributes; anything may be put in their place while it is closed."""


class App:
    """One application: its services, and the time in which they are open.

    Open it as a context.  With ``with app:`` the event loop runs in a thread of its own; with ``async with app:`` the
    app joins the loop that is running.  The app governs the functional helpers, such as
    `arkitekt_di.mikro.from_xarray`, until it is left.  It can be entered again and then holds fresh services.

    Parameters
    ----------
    container : AppContainer
        Describes every service and its settings; belongs to this app alone.
    loaded : Loaded of AppSettings, optional
        Its settings with their origins, for `explain`.
    history : iterable of Replacement, optional
        What was replaced in the container, for `explain`.

    Raises
    ------
    AppEnteredError
        An attribute is set, or the app entered, while it is open.
    AppClosedError
        A service is asked for while the app is not open.

    See Also
    --------
    arkitekt_di.easy : Make an app with everything set up.
    """

    __slots__ = (
        "__weakref__",
        "_container",
        "_history",
        "_is_open",
        "_koil",
        "_lifecycle",
        "_loaded",
        "_lock",
        *SERVICES,
    )

    fakts: Fakts
    """The hub in use and the configuration that it gave."""
    herre: Herre
    """Who is logged in."""
    mikro: Mikro
    """Images."""
    rekuest: Rekuest
    """Functions."""

    def __init__(
        self,
        container: AppContainer,
        *,
        loaded: Loaded[AppSettings] | None = None,
        history: Iterable[Replacement] = (),
    ) -> None:
        self._is_open = False
        self._container = container
        self._loaded = loaded
        self._history = list(history)
        self._lock = threading.Lock()
        self._lifecycle = Lifecycle(container)
        self._koil: Koil | None = None

    @classmethod
    def from_container(
        cls,
        container: type[AppContainer],
        identifier: str,
        version: str = "0.0.1",
        *,
        config: Path | str | None = None,
        overrides: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Self:
        """Make an app from a container class of one's own.

        Parameters
        ----------
        container : type of AppContainer
            A subclass of `AppContainer` or of a preset's container; what it names anew, every dependant sees.
        identifier : str
            Name of the app.
        version : str, default "0.0.1"
            Version of the app.
        config : Path or str, optional
            A YAML file with settings, above those that are found by themselves.
        overrides : mapping of str to object, optional
            Objects that stand for services, by dotted name.
        settings : mapping of str to object, optional
            Settings that win over every file and variable; keys may be dotted.

        Returns
        -------
        App
            Closed; enter it with ``with`` or ``async with``.

        Raises
        ------
        ConfigurationError
            Settings are wrong; all problems at once, each with file, line and column.
        CompositionError
            *overrides* names a service that the container has not.
        """
        preset = Preset(container.__name__, lambda: container)
        manifest = Manifest(identifier=identifier, version=version, requirements=REQUIREMENTS)
        return cls.from_preset(preset, manifest, config=config, overrides=overrides, settings=settings)

    @classmethod
    def from_preset(
        cls,
        preset: Preset,
        manifest: Manifest,
        *,
        config: Path | str | None = None,
        overrides: Mapping[str, object] | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> Self:
        """Make an app of a preset, as builders do; *config*, *overrides* and *settings* as for `from_container`."""
        loaded = load_app_settings(
            *preset.files, arguments=settings or {}, files=() if config is None else (Path(config),)
        )
        if problems := preset.demand(loaded.settings):
            raise ConfigurationError(problems)
        container = preset.make(settings=loaded.settings, manifest=manifest)
        history = [Replacement(name, f"builder {preset.name!r}") for name in preset.overrides]
        history += put_named_classes(container, loaded)
        for name, value in (overrides or {}).items():
            replace(container, name, value)
            history.append(Replacement(name, "the argument overrides="))
        return cls(container, loaded=loaded, history=history)

    @property
    def container(self) -> AppContainer:
        """The container that the services come from."""
        return self._container

    @property
    def manifest(self) -> Manifest:
        """What the app says about itself to the hub."""
        return self._container.manifest()

    @property
    def identifier(self) -> str:
        """Name of the app."""
        return self.manifest.identifier

    @property
    def version(self) -> str:
        """Version of the app."""
        return self.manifest.version

    @property
    def settings(self) -> AppSettings:
        """The settings in use; change them with arguments of the builder, environment or YAML files."""
        return self._container.settings()

    @property
    def is_open(self) -> bool:
        """Whether the app is between enter and exit, or on its way."""
        return self._is_open

    @property
    def koil(self) -> Koil:
        """The bridge between sync and async code."""
        if self._koil is None:
            raise AppClosedError(self.identifier)
        return self._koil

    # --- before it is entered ---------------------------------------------------------------------

    def __setattr__(self, name: str, value: object) -> None:
        if name != "_is_open" and self._is_open:
            raise AppEnteredError(self.identifier, f"set {name!r}")
        if name in SERVICES:
            replace(self._container, name, value)
            self._history.append(Replacement(name, f"app.{name} = ..."))
        else:
            super().__setattr__(name, value)

    @contextmanager
    def override(self, values: Mapping[str, object] | None = None, /, **services: object) -> Iterator[Self]:
        """Let other objects stand for services while the block runs.

        Parameters
        ----------
        values : mapping of str to object, optional
            By dotted name, for what is inside a service: ``{"mikro.records": fake}``.
        **services : object
            By name, such as ``mikro=fake``.

        Yields
        ------
        App
            This app; enter it inside the block.

        Raises
        ------
        AppEnteredError
            The app is open at the beginning or at the end of the block.
        CompositionError
            There is no such service; the error tells the nearest name.
        """
        self._refuse_when_open("override services")
        replaced = {**(values or {}), **services}
        with overriding(self._container, replaced):
            steps = [Replacement(name, "app.override(...)") for name in replaced]
            self._history += steps
            try:
                yield self
                self._refuse_when_open("end an override")
            finally:
                self._history[:] = [step for step in self._history if not any(step is own for own in steps)]

    def check(self) -> Self:
        """Look for holes, cycles and arguments that do not fit, before anything starts.

        Raises
        ------
        CompositionError
            Names the provider, and the path for a cycle.
        """
        check(self._container)
        return self

    def explain(self, name: str) -> str:
        """Tell what stands at *name* and why: which preset or override put it there, what it needs, its settings.

        Parameters
        ----------
        name : str
            Dotted name of a provider, such as ``mikro.pixels``; `graph` shows them all.

        Returns
        -------
        str
            A few lines to print; secrets are hidden.

        Raises
        ------
        CompositionError
            There is no such provider; the error tells the nearest.
        """
        return explain(self._container, name, history=self._history, loaded=self._loaded)

    def graph(self) -> str:
        """Return a drawing of the services and what they need, in the Mermaid language.

        What was replaced has a dashed frame and tells by whom: a preset, a builder, a line of a file, an override.
        """
        return mermaid(self.nodes())

    def nodes(self) -> list[Node]:
        """Return every provider with its class, what it needs, and who put it there: what `graph` draws."""
        return list(nodes(self._container, lambda name: put_there_by(self._container, name, self._history)))

    # --- enter and exit ---------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._begin()
        try:
            koil = self._container.koil.service()
            koil.__enter__()
            try:
                koil.call(self._lifecycle.start)
                self._resolve(koil)
            except BaseException:
                koil.__exit__(*sys.exc_info())
                raise
        except BaseException:
            self._end()
            raise
        APPS.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        APPS.leave(self)
        koil = self.koil
        try:
            koil.call(self._lifecycle.stop)
        finally:
            try:
                koil.__exit__(kind, error, traceback)
            finally:
                self._end()

    async def __aenter__(self) -> Self:
        self._begin()
        try:
            koil = self._container.koil.service()
            await koil.__aenter__()
            try:
                await self._lifecycle.start()
                self._resolve(koil)
            except BaseException:
                await koil.__aexit__(*sys.exc_info())
                raise
        except BaseException:
            self._end()
            raise
        APPS.enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        APPS.leave(self)
        koil = self.koil
        try:
            await self._lifecycle.stop()
        finally:
            try:
                await koil.__aexit__(kind, error, traceback)
            finally:
                self._end()

    def _begin(self) -> None:
        with self._lock:
            self._refuse_when_open("enter it")
            self._is_open = True

    def _resolve(self, koil: Koil) -> None:
        """Hold the services as attributes: helpers ask for them at each call, so nothing stands between."""
        for name in SERVICES:
            object.__setattr__(self, name, getattr(self._container, name).service())
        object.__setattr__(self, "_koil", koil)

    def _end(self) -> None:
        for name in SERVICES:
            with suppress(AttributeError):  # of an app that did not open
                object.__delattr__(self, name)
        object.__setattr__(self, "_koil", None)
        self._lifecycle.forget()
        self._is_open = False

    def _refuse_when_open(self, action: str) -> None:
        if self._is_open:
            raise AppEnteredError(self.identifier, action)

    # --- threads ----------------------------------------------------------------------------------

    def bind(self, fn: Callable[P, R], /) -> Callable[P, R]:
        """Return *fn* so that this app governs while it runs, in whichever thread that is.

        For ``threading.Thread`` and pools, which do not pass on which app governs.
        """
        return APPS.context_of(self).run(self.koil.bind, fn)  # koil keeps the context in which it is asked

    def thread(self, target: Callable[..., object], /, *args: Any, **kwargs: Any) -> threading.Thread:
        """Return a thread, not yet started, in which this app governs."""
        return APPS.context_of(self).run(self.koil.thread, target, *args, **kwargs)

    def executor(self) -> Executor:
        """Return a pool of threads in which this app governs."""
        return _GovernedExecutor(self, self.koil.executor())

    # --- to look at -------------------------------------------------------------------------------

    def __repr__(self) -> str:
        state = "closed" if self._koil is None else f"open on {self.fakts.hub.name!r}"
        return f"<App {self.identifier!r} {self.version} {state}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(_in_words(service))}</td></tr>"
            for name, service in self._held()
        )
        return f"<details open><summary>{escape(repr(self))}</summary><table>{rows}</table></details>"

    def _held(self) -> Iterator[tuple[str, object]]:
        if self._koil is not None:
            yield "koil", self._koil
            yield from ((name, getattr(self, name)) for name in SERVICES)


def _refuse(app: App, name: str) -> Never:
    """Say why an app has no such attribute: it is closed, or there is none."""
    if name in SERVICES:
        raise AppClosedError(app.identifier)
    raise AttributeError(f"{type(app).__name__!r} object has no attribute {name!r}", name=name, obj=app)


# Not defined in the class: for type checkers every name would then be an attribute.
setattr(App, "__getattr__", _refuse)  # noqa: B010


def _in_words(service: object) -> str:
    """Return what a service says about itself; the name of its class where that is nothing but an address in memory."""
    kind = type(service)
    return kind.__name__ if kind.__repr__ is object.__repr__ else repr(service)


class _GovernedExecutor(Executor):
    """Binds to an app what it hands to another executor."""

    def __init__(self, app: App, executor: Executor) -> None:
        self._app = app
        self._executor = executor

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Schedule a call in which the app governs."""
        return self._executor.submit(self._app.bind(fn), *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  # as the base has it
        """Take no more calls."""
        self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)


current_app: Final = cast("Callable[[], App]", APPS.find)  # what governs was entered, and that is an App
"""Return the app that governs here.

Looks at the context first (which ``await``, tasks and ``asyncio.to_thread`` pass on), then at the thread (those that
the app started), then for the only app that is open.

Returns
-------
App
    Open.

Raises
------
NoAppError
    No app is open.
AppClosedError
    The app of this context was left.
AmbiguousAppError
    Several apps are open, and nothing says which one is meant.
"""
