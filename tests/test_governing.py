import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from arkitekt_di.errors import AmbiguousAppError, AppClosedError, NoAppError
from arkitekt_di.governing import Governor


class Named:
    def __init__(self, identifier: str) -> None:
        self.identifier = identifier


@pytest.fixture
def governor() -> Governor[Named]:
    return Governor("test")


def in_new_thread(fn):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(fn).result()


def test_without_an_app_the_error_shows_the_fix(governor: Governor[Named]):
    with pytest.raises(NoAppError, match=r"with app:"):
        governor.find()


def test_the_inner_app_governs_and_gives_the_outer_one_back(governor: Governor[Named]):
    outer, inner = Named("outer"), Named("inner")

    governor.enter(outer)
    governor.enter(inner)
    assert governor.find() is inner
    governor.leave(inner)
    assert governor.find() is outer


def test_leaving_the_outer_app_first_does_not_bring_it_back(governor: Governor[Named]):
    outer, inner = Named("outer"), Named("inner")

    governor.enter(outer)
    governor.enter(inner)
    governor.leave(outer)
    assert governor.find() is inner
    governor.leave(inner)
    with pytest.raises(NoAppError):
        governor.find()


def test_a_task_that_outlives_its_app_is_told_so_and_never_gets_another(governor: Governor[Named]):
    app, other = Named("gone"), Named("other")

    async def main() -> None:
        governor.enter(app)
        closed = asyncio.Event()

        async def late() -> Named:
            await closed.wait()
            return governor.find()

        task = asyncio.create_task(late())
        await asyncio.sleep(0)
        governor.leave(app)
        governor.enter(other)
        closed.set()
        with pytest.raises(AppClosedError, match="'gone'"):
            await task
        governor.leave(other)

    asyncio.run(main())


def test_tasks_side_by_side_do_not_mix(governor: Governor[Named]):
    async def one(name: str, entered: asyncio.Barrier) -> bool:
        app = Named(name)
        governor.enter(app)
        await entered.wait()
        found = governor.find()
        await entered.wait()
        governor.leave(app)
        return found is app

    async def main() -> list[bool]:
        barrier = asyncio.Barrier(8)
        return await asyncio.gather(*(one(str(index), barrier) for index in range(8)))

    assert all(asyncio.run(main()))


def test_a_plain_thread_finds_the_only_open_app(governor: Governor[Named]):
    app = Named("only")
    governor.enter(app)

    assert in_new_thread(governor.find) is app


def test_a_plain_thread_is_told_the_candidates_when_there_are_several(governor: Governor[Named]):
    governor.enter(Named("one"))
    governor.enter(Named("two"))

    with pytest.raises(AmbiguousAppError, match="'one', 'two'") as caught:
        in_new_thread(governor.find)

    assert caught.value.identifiers == ("one", "two")


def test_an_app_may_own_a_thread(governor: Governor[Named]):
    owner, other = Named("owner"), Named("other")
    governor.enter(owner)
    governor.enter(other)

    def work() -> Named:
        with governor.owning_thread(owner):
            return governor.find()

    assert in_new_thread(work) is owner


def test_a_context_can_be_made_for_any_open_app(governor: Governor[Named]):
    owner, other = Named("owner"), Named("other")
    governor.enter(owner)
    governor.enter(other)

    assert governor.context_of(owner).run(governor.find) is owner
    assert governor.find() is other
    governor.leave(owner)
    with pytest.raises(AppClosedError):
        governor.context_of(owner)


def test_leaving_in_another_context_than_entering_closes_the_app(governor: Governor[Named]):
    app = Named("app")
    entered = contextvars.copy_context()
    entered.run(governor.enter, app)

    governor.leave(app)

    with pytest.raises(AppClosedError):
        entered.run(governor.find)


def test_leaving_twice_is_an_error(governor: Governor[Named]):
    app = Named("app")
    governor.enter(app)
    governor.leave(app)

    with pytest.raises(AppClosedError):
        governor.leave(app)


class Reigns(RuleBasedStateMachine):
    """Apps are entered and left in any order; the last entered of those still open governs, in one context."""

    def __init__(self) -> None:
        super().__init__()
        self.governor: Governor[Named] = Governor("machine")
        self.open: list[Named] = []
        self.count = 0

    @rule()
    def enter(self) -> None:
        app = Named(str(self.count))
        self.count += 1
        self.governor.enter(app)
        self.open.append(app)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        app = data.draw(st.sampled_from(self.open))
        self.governor.leave(app)
        self.open.remove(app)

    @rule()
    def find(self) -> None:
        if self.open:
            assert self.governor.find() is self.open[-1]
        else:
            with pytest.raises(NoAppError):
                self.governor.find()

    @rule()
    def know_who_is_open(self) -> None:
        assert all(self.governor.is_open(app) for app in self.open)


TestReigns = Reigns.TestCase
TestReigns.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
