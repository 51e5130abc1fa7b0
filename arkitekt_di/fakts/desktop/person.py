"""Asks the person in front of a desktop program."""

import asyncio

from arkitekt_di.fakts.desktop.cards import QuestionCard
from arkitekt_di.fakts.desktop.front import Front

NOTHING = ""
"""The answer of whoever closes a question: it is no yes to anything."""


class DesktopPerson:
    """Asks by a line of text beneath the question.

    Parameters
    ----------
    front : Front
    """

    def __init__(self, front: Front) -> None:
        self._front = front

    async def ask(self, question: str, *, timeout_s: float) -> str | None:
        """Return what is typed, nothing where the question is turned away, None without an answer in time."""
        card = QuestionCard(question.strip())
        with self._front.showing(card):
            try:
                async with asyncio.timeout(timeout_s):
                    return (await asyncio.wrap_future(card.answer)).strip()
            except TimeoutError:
                return None
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                return NOTHING
