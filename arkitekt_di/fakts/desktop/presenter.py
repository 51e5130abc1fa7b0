"""Shows logins in a desktop program."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arkitekt_di.errors import LoginRefusedError
from arkitekt_di.fakts.desktop.cards import LoginCard
from arkitekt_di.fakts.desktop.front import Front
from arkitekt_di.protocols.presenter import LoginPrompt


class DesktopPresenter:
    """Shows link and code until the login is decided, here or at the hub.

    Parameters
    ----------
    front : Front
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    @asynccontextmanager
    async def showing(self, prompt: LoginPrompt) -> AsyncIterator[None]:
        """Show the prompt; raises `LoginRefusedError` where the person cancels it."""
        card, waiting = LoginCard(prompt), asyncio.current_task()
        refusal = asyncio.wrap_future(card.answer)  # so that everything below happens on this loop
        is_decided = False

        def end(_: "asyncio.Future[None]") -> None:
            if not is_decided and waiting is not None:
                waiting.cancel()

        refusal.add_done_callback(end)
        try:
            with self._front.showing(card):
                yield
        except asyncio.CancelledError as error:
            # As `asyncio.timeout` does: only a cancellation of ours becomes an error.
            if refusal.cancelled() and waiting is not None and waiting.uncancel() <= 0:
                raise LoginRefusedError(prompt.hub, "the login was cancelled in this program") from error
            raise
        finally:
            is_decided = True
            refusal.cancel()
