import pytest

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.server.changes import MAX_WAITING, Change, ChangeKind, Changes

pytestmark = pytest.mark.anyio


def change(number: int) -> Change[str]:
    return Change(ChangeKind.DELETED, str(number), None)


async def test_a_watcher_that_falls_behind_sees_what_waited_and_is_let_go() -> None:
    changes: Changes[str] = Changes()
    with changes.watch("lab") as watch:
        for number in range(MAX_WAITING + 10):
            changes.publish("lab", change(number))

        news = aiter(watch)
        seen = [(await anext(news)).record_id for _ in range(MAX_WAITING)]
        with pytest.raises(ConnectionLostError, match=f"{MAX_WAITING} changes"):
            await anext(news)

    assert seen == [str(number) for number in range(MAX_WAITING)]


async def test_changes_go_to_those_who_watch_that_organization() -> None:
    changes: Changes[str] = Changes()
    with changes.watch("lab") as first, changes.watch("lab") as second, changes.watch("rivals") as other:
        changes.publish("lab", change(1))
        changes.publish("rivals", change(2))

        assert [(await anext(aiter(watch))).record_id for watch in (first, second, other)] == ["1", "1", "2"]
    assert not changes.has_watchers("lab")
