"""Apps whose workflows go on where they were, after the end of their process."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from arkitekt_di import easy, scheduler, submit
from arkitekt_di.errors import ConfigurationError, ServiceNotGrantedError
from arkitekt_di.messages.fakts import Alias
from arkitekt_di.messages.manifest import REKUEST_SERVICE
from arkitekt_di.testing.shielding import shielded_environment
from tests.apps import Quiet
from tests.cli.terminal import Terminal
from tests.serving import ServedHub, start_hub

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(autouse=True)
def nobody_elses_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in shielded_environment(tmp_path / "folders").items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("key", "value"), [("rekuest.kind", "in_memory"), ("rekuest.journal", "none"), ("fakts.cache", "none")]
)
def test_what_would_make_it_forget_its_workflows_is_refused(key: str, value: str):
    with pytest.raises(ConfigurationError) as caught:
        scheduler("night", settings={key: value})

    assert [problem.key for problem in caught.value.problems] == [key]


def test_a_mandate_key_is_memory_enough():
    app = scheduler("night", no_cache=True, settings={"fakts.mandate_key": "key"})

    assert app.check() is app


def test_it_wants_functions_and_waits_for_the_hub_as_long_as_it_serves():
    app = scheduler("night").check()

    wanted = {one.service: one.optional for one in app.manifest.requirements}
    assert wanted[REKUEST_SERVICE] is False
    assert app.settings.transport.give_up_s == app.settings.rekuest.give_up_s
    assert {one.service: one.optional for one in easy("x").manifest.requirements}[REKUEST_SERVICE] is True


class WithoutFunctions(Quiet):
    """Stands for the configuration of a hub that has no functions."""

    async def aget_alias(self, key: str) -> Alias:
        raise ServiceNotGrantedError(key, ["mikro"])


def test_a_hub_without_functions_is_refused_when_the_app_is_entered():
    journal: list[str] = []
    services = {"fakts": WithoutFunctions("fakts", journal), "herre": Quiet("herre", journal), "lease": Quiet("lease")}
    app = scheduler("night", overrides=services)

    with pytest.raises(ServiceNotGrantedError, match="rekuest") as caught, app:
        pass

    assert caught.value.__notes__ == ["while starting the service 'functions'"]
    assert journal[:2] == ["+fakts", "+herre"]


NIGHT = """
from arkitekt_di import acall, scheduler, workflow
from arkitekt_di.rekuest import Task

app = scheduler("night", version="1.0")


@workflow
async def survey(n: int, task: Task) -> list[int]:
    '''Take so many steps.'''
    begun = task.record("begun", lambda: 100)
    return [begun + await acall("step", number) for number in range(n)]
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedHub]:
    hub = start_hub(tmp_path / "hub", "--local", "--set", "idle_s=3600", "--set", "tasks.lost_after_s=0.3")
    try:
        yield hub
    finally:
        hub.stop()


def test_a_workflow_goes_on_where_it_was_after_its_process_was_killed(hub: ServedHub, tmp_path: Path):
    terminal = Terminal(tmp_path, hub.environment(tmp_path / "user"))
    (tmp_path / "night.py").write_text(NIGHT)
    taken: list[int] = []
    has_begun, may_end = threading.Event(), threading.Event()

    def step(number: int) -> int:
        """Take a step; the second one waits."""
        taken.append(number)
        if number == 1:
            has_begun.set()
            may_end.wait(60)
        return number

    with hub.app("worker") as worker:
        worker.rekuest.register(step)
        with worker.rekuest.serving():
            with terminal.running("run", "night.py") as first:
                first.until("night serves survey")
                task = submit("survey", 3)
                assert has_begun.wait(60)
                first.process.kill()
                first.process.wait(60)
            may_end.set()
            with terminal.running("run", "night.py") as second:
                second.until("night serves survey")
                result = task.result()

    assert result == [100, 101, 102]
    assert taken == [0, 1, 2]
