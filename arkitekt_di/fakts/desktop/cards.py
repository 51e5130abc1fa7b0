"""What a desktop program shows a person who is asked something, and the place for the answer."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from arkitekt_di.fakts.location import HubLocation
from arkitekt_di.protocols.presenter import LoginPrompt

T = TypeVar("T")


@dataclass(eq=False)
class Card(Generic[T]):
    """One question; answered at most once, from any thread.

    Attributes
    ----------
    answer : concurrent.futures.Future
        Gets the answer; is cancelled where the person wants none of it.
    """

    answer: "Future[T]" = field(default_factory=Future, init=False, repr=False)

    def settle(self, value: T) -> None:
        """Answer, where that has not happened."""
        if not self.answer.done():
            self.answer.set_result(value)

    def refuse(self) -> None:
        """Turn the question away, where it is not answered."""
        self.answer.cancel()


@dataclass(eq=False)
class LoginCard(Card[None]):
    """A login that waits at a page of the hub; there is nothing to answer but a refusal."""

    prompt: LoginPrompt


@dataclass(eq=False)
class QuestionCard(Card[str]):
    """A question that is answered by a line of text."""

    question: str


@dataclass(frozen=True)
class Choice:
    """A hub that can be chosen.

    Attributes
    ----------
    label : str
        What a person reads.
    location : HubLocation or None
        Where it is; None for the user's own hub on this machine, which may have to be started.
    """

    label: str
    location: HubLocation | None


@dataclass(eq=False)
class ChoiceCard(Card[Choice]):
    """The hubs to choose from; an address that is typed in is a choice too."""

    choices: tuple[Choice, ...]


Shown = LoginCard | QuestionCard | ChoiceCard
"""Everything that can be shown."""
