"""What runs before, beside and after the tasks of an agent."""

import asyncio
import inspect
import typing
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from arkitekt_di.koil import run_sync
from arkitekt_di.rekuest.injection import Injector, is_injected
from arkitekt_di.rekuest.registry import Registry
from arkitekt_di.rekuest.task import local_task


class Hooks:
    """Runs the hooks of a registry.

    Parameters
    ----------
    registry : Registry
    injector : Injector
        Gives their parameters, and takes what startup hooks return.
    """

    def __init__(self, registry: Registry, injector: Injector) -> None:
        self._registry = registry
        self._injector = injector

    async def start(self) -> list[object]:
        """Run the startup hooks, one after the other, and return what they shared."""
        shared: list[object] = []
        for hook in self._registry.startups.values():
            returned = await self._run(hook)
            for value in returned if isinstance(returned, tuple) else (returned,):
                if value is not None:
                    self._injector.share(value)
                    shared.append(value)
        return shared

    async def stop(self) -> None:
        """Run the shutdown hooks, all of them; raises an `ExceptionGroup` of what they raised."""
        failures: list[Exception] = []
        for hook in reversed(self._registry.shutdowns.values()):
            try:
                await self._run(hook)
            except Exception as failure:  # noqa: BLE001  # collected and raised below
                failures.append(failure)
        if failures:
            raise ExceptionGroup("shutdown hooks failed", failures)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[list["asyncio.Task[Any]"]]:
        """Run the background hooks while the block runs, and cancel them at its end."""
        tasks = [
            asyncio.create_task(self._run(hook), name=f"background {name}")
            for name, hook in self._registry.backgrounds.items()
        ]
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, hook: Callable[..., Any]) -> Any:
        values = self._injector.values(hook.__name__, _wanted(hook), local_task(hook.__name__, "hook"))
        if inspect.iscoroutinefunction(hook):
            return await hook(**values)
        return await run_sync(hook, **values)


def _wanted(hook: Callable[..., Any]) -> Mapping[str, Any]:
    hints = typing.get_type_hints(hook)
    return {name: hint for name, hint in hints.items() if name != "return" and is_injected(hint)}
