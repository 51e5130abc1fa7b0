"""The koil: sync code on one side, an event loop on the other."""

import _thread
import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Generator, Iterable
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Any, Never, ParamSpec, Self, TypeVar, cast, overload

from arkitekt_di.errors import AppEnteredError, KoilClosedError, KoilError, NotPicklableError
from arkitekt_di.governing import Governor
from arkitekt_di.koil.background import BackgroundWork, raise_failures
from arkitekt_di.koil.crossing import Call, Submission
from arkitekt_di.koil.generators import step_in_thread
from arkitekt_di.koil.loops import JoinedLoop, Loop, OwnedLoop
from arkitekt_di.koil.many import run_all, run_each
from arkitekt_di.koil.options import take_option
from arkitekt_di.koil.streams import Prefetch, step_by_step
from arkitekt_di.koil.threads import BoundExecutor, bound
from arkitekt_di.koil.workers import Workers
from arkitekt_di.settings.models import KoilSettings

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Y = TypeVar("Y")
H = TypeVar("H", bound=Loop)

_MOST_AT_ONCE = 32
"""Items that `Koil.map` works on at once where nothing else is asked for."""


class Koil:
    """A bridge from sync code to an event loop.

    ``with`` starts a loop in a daemon thread of its own; ``async with`` joins the loop that runs already.  A koil can
    be entered again once it has been left.  Its methods may be called from any thread.

    Parameters
    ----------
    settings : KoilSettings, optional
        Which loop the thread runs, and how long cancelled work may clean up.
    identifier : str, default "koil"
        Name in messages and of the threads.

    Raises
    ------
    AppEnteredError
        On entering a koil that is open.
    ConfigurationError
        On entering, where the loop that the settings choose is not installed.
    ExceptionGroup
        On leaving, where background work failed; it holds the error that left the block, too.

    See Also
    --------
    dual : One function for both worlds.

    Examples
    --------
    >>> import asyncio
    >>> with Koil() as koil:
    ...     koil.call(asyncio.sleep, 0, "slept")
    'slept'
    """

    def __init__(self, settings: KoilSettings | None = None, *, identifier: str = "koil") -> None:
        self._settings = settings or KoilSettings()
        self._identifier = identifier
        self._lock = threading.Lock()
        self._home: Loop | None = None
        self._workers: Workers | None = None

    # --- enter and leave ----------------------------------------------------------------------------

    def __enter__(self) -> Self:
        home = self._begin(lambda: OwnedLoop(self._settings, self._identifier))
        try:
            home.open(KOILS.owning_thread(self))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        home = self._home
        if not isinstance(home, OwnedLoop):
            raise KoilClosedError
        home.refuse_here("Koil.__exit__")
        try:
            home.close()
        finally:
            self._end()
        raise_failures(home.failures, error)

    async def __aenter__(self) -> Self:
        self._begin(lambda: JoinedLoop(self._settings.grace_s))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        home = self._home
        if not isinstance(home, JoinedLoop):
            raise KoilClosedError
        try:
            await home.close()
        finally:
            self._end()
        raise_failures(home.failures, error)

    def _begin(self, new_home: Callable[[], H]) -> H:
        with self._lock:
            if self._home is not None:
                if not self._home.is_forked:
                    raise AppEnteredError(self._identifier, "enter it again")
                KOILS.leave(self)
            self._home = home = new_home()
            self._workers = Workers(self._identifier, self._settings.threads, self._settings.grace_s)
            KOILS.enter(self)
        return home

    def _end(self) -> None:
        with self._lock:
            self._home = None
            if self._workers is not None:
                self._workers.close()
        KOILS.leave(self)

    def _open_home(self) -> Loop:
        if (home := self._home) is None:
            raise KoilClosedError
        return home

    # --- from sync to async -------------------------------------------------------------------------

    @overload
    def call(
        self, fn: Callable[..., Coroutine[Any, Any, R]], /, *args: Any, timeout: float | None, **kwargs: Any
    ) -> R: ...
    @overload
    def call(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    def call(self, fn: Callable[..., Coroutine[Any, Any, Any]], /, *args: Any, **kwargs: Any) -> Any:
        """Run a coroutine function on the loop and block until it is done.

        Context variables go in; what the function changes comes back, also where it raises.  Ctrl-C cancels the
        function, waits for its cleanup, at most for the grace of the settings, and goes on.

        Parameters
        ----------
        fn : callable
            The coroutine function; an error that it raises comes out with its own frames.
        *args, **kwargs
            Its arguments.
        timeout : float, optional
            Longest run, in seconds.  Where *fn* itself takes a ``timeout``, the keyword goes to *fn*:
            `call_within` has no such doubt.

        Returns
        -------
        object
            What *fn* returns.

        Raises
        ------
        OwnLoopError
            The caller is on the loop, or on the thread of another koil's loop, which the call would block.
        KoilClosedError
            The koil is not open, or was closed during the call.
        ForkedError
            The koil was opened before this process was forked.
        CallTimeoutError
            The timeout passed; *fn* was cancelled.
        """
        seconds = take_option("timeout", fn, kwargs) if kwargs else None
        call = Call(self._checked(fn), fn, args, kwargs)
        call.wait(seconds)
        if call.error is not None:
            raise call.take_error()
        return call.value

    def call_within(
        self, seconds: float, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do as `call`, at most *seconds* long.

        Raises
        ------
        CallTimeoutError
            The time passed; *fn* was cancelled, and could clean up for the grace of the settings.
        """
        call = Call[R](self._checked(fn), fn, args, kwargs)
        call.wait(seconds)
        if call.error is not None:
            raise call.take_error()
        return cast("R", call.value)

    def submit(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run a coroutine function on the loop without waiting; from any thread, the loop's own too.

        Returns
        -------
        concurrent.futures.Future
            Its ``cancel()`` asks the function to end; it counts as cancelled once the function has cleaned up.
            Its callbacks run on the loop's thread.

        Raises
        ------
        KoilClosedError
            The koil is not open.
        ForkedError
            The koil was opened before this process was forked.
        """
        return self.prepare(fn, *args, **kwargs).send()

    def prepare(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> Submission[R]:
        """Return the future of `submit` before the work is sent, for who has to cancel it even when interrupted."""
        home = self._open_home()
        home.check()
        return Submission(home, fn, args, kwargs)

    def background(self, fn: Callable[P, Coroutine[Any, Any, object]], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a coroutine function on the loop until it ends or the koil is left.

        A failure is logged at once and raised, in an ExceptionGroup, where the koil is left.
        """
        home = self._open_home()
        home.check()
        BackgroundWork(home, fn, args, kwargs).send()

    def gather(self, *coroutines: Coroutine[Any, Any, R]) -> list[R]:
        """Run coroutines at the same time in one crossing.

        Returns
        -------
        list
            Their results, in order.

        Raises
        ------
        BaseException
            The first failure, after the other coroutines were cancelled and have cleaned up.
        """
        try:
            self._checked(self.gather)
        except KoilError:
            for coroutine in coroutines:
                coroutine.close()
            raise
        return self.call(run_all, coroutines)

    def map(
        self, fn: Callable[[T], Coroutine[Any, Any, R]], items: Iterable[T], *, limit: int = _MOST_AT_ONCE
    ) -> list[R]:
        """Run a coroutine function on each item in one crossing.

        Parameters
        ----------
        fn : callable
            The coroutine function, which takes one item.
        items : iterable
            Read to its end, in the caller's thread, before the first call.
        limit : int, default 32
            Most items that are worked on at the same time.

        Returns
        -------
        list
            The results, in the order of the items.

        Raises
        ------
        BaseException
            The first failure, after what ran beside it was cancelled and has cleaned up.
        """
        return self.call(run_each, fn, list(items), limit)

    @overload
    def iterate(
        self, fn: Callable[..., AsyncIterable[Y]], /, *args: Any, buffer: int, **kwargs: Any
    ) -> Generator[Y, Any, None]: ...
    @overload
    def iterate(
        self, fn: Callable[P, AsyncIterable[Y]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Generator[Y, Any, None]: ...
    def iterate(self, fn: Callable[..., AsyncIterable[Any]], /, *args: Any, **kwargs: Any) -> Generator[Any, Any, None]:
        """Iterate over an async generator from sync code.

        Parameters
        ----------
        fn : callable
            The async generator function, or anything that returns an async iterable.
        *args, **kwargs
            Its arguments.
        buffer : int, default 0
            Items fetched ahead of their use, which is many times faster.  With 0 each item is fetched when it is
            asked for, and ``send`` and ``throw`` reach the generator; with a buffer it has run on already.
            Where *fn* itself takes a ``buffer``, the keyword goes to *fn*.

        Returns
        -------
        generator
            Leaving it early, by ``break``, ``close`` or by forgetting it, runs the ``finally`` of *fn* at once.

        Raises
        ------
        OwnLoopError, KoilClosedError, ForkedError
            As `call` does.
        """
        buffer = take_option("buffer", fn, kwargs) if kwargs else None
        self._checked(fn)
        stream = aiter(fn(*args, **kwargs))
        return Prefetch(stream, buffer).items(self) if buffer else step_by_step(self, stream)

    async def cross(self, fn: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Await a coroutine function that runs on this koil's loop, from a coroutine on another loop."""
        future = self.submit(fn, *args, **kwargs)
        outcome = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(outcome)
        except asyncio.CancelledError:
            if not outcome.done():
                future.cancel()
                await asyncio.wait([outcome], timeout=self.grace_s)
            raise

    def _checked(self, fn: object) -> Loop:
        home = self._open_home()
        home.check(fn)
        return home

    # --- from async to sync -------------------------------------------------------------------------

    async def run_sync(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do as the function `run_sync`, with the threads of this koil."""
        return await self._open_workers().run(fn, args, kwargs)

    def iterate_sync(
        self, fn: Callable[P, Iterable[Y]], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncGenerator[Y, Any]:
        """Do as the function `iterate_sync`, with a thread of this koil."""
        return step_in_thread(self._open_workers(), fn, args, kwargs)

    def _open_workers(self) -> Workers:
        self._open_home().check_process()
        return cast("Workers", self._workers)

    # --- threads ------------------------------------------------------------------------------------

    def bind(self, fn: Callable[P, R], /) -> Callable[P, R]:
        """Return *fn* so that, in any thread, it sees this koil and the present context variables."""
        return bound(KOILS.context_of(self), fn)

    def thread(self, target: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> threading.Thread:
        """Return a thread, not yet started, whose *target* sees this koil and the present context variables."""
        return threading.Thread(target=self.bind(target), args=args, kwargs=kwargs, name=f"{self._identifier}-thread")

    def executor(self, max_workers: int | None = None) -> Executor:
        """Return a thread pool whose functions see this koil and the context variables of who submits them."""
        return BoundExecutor(self, max_workers)

    # --- to look at ---------------------------------------------------------------------------------

    @property
    def identifier(self) -> str:
        """Name in messages and of the threads."""
        return self._identifier

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop; raises `KoilClosedError` where the koil is not open."""
        return self._open_home().loop

    @property
    def grace_s(self) -> float:
        """Longest wait for cancelled work to clean up, in seconds."""
        return self._settings.grace_s

    @property
    def is_open(self) -> bool:
        """Whether the koil takes work."""
        return self._home is not None and not self._home.is_closing

    def is_own_loop(self) -> bool:
        """Tell whether the caller runs on this koil's loop, where only ``await`` is possible."""
        home = self._home
        return home is not None and home.thread_id == _thread.get_ident() and (home.is_dedicated or home.runs())

    def __repr__(self) -> str:
        return f"<Koil {self._identifier!r} {'open' if self.is_open else 'closed'}>"

    def __reduce__(self) -> Never:
        raise NotPicklableError


KOILS: Governor[Koil] = Governor("koil")
"""The koils of this process."""
