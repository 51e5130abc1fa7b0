"""``run``, ``call``, ``actions`` and ``tasks`` in processes of their own, on a hub in another."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from arkitekt_di.testing.served_hub import ServedHub, served_hub
from tests.cli.terminal import Running, Terminal

LAB = '''
import asyncio
import time
from collections.abc import Iterator

from arkitekt_di import easy, log, progress, register

lab = easy("lab", version="1.0", settings={"rekuest.grace_s": 2.0})


@register
def halve(number: float, by: float = 2.0) -> float:
    """Halve a number.

    Parameters
    ----------
    number : what is halved
    by : into how many parts
    """
    log(f"halving {number:g}")
    return number / by


@register
def count(n: int) -> Iterator[int]:
    """Count."""
    yield from range(n)


@register
async def wait() -> None:
    """Wait for ever."""
    progress(10, "waiting")
    await asyncio.Event().wait()
'''


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with served_hub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def terminal(hub: ServedHub, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "lab.py").write_text(LAB)
    return Terminal(folder, hub.environment(folder / "user"))


@pytest.fixture(scope="module")
def agent(terminal: Terminal) -> Iterator[Running]:
    with terminal.running("run", "lab.py:lab") as agent:
        agent.until(r"lab serves count, halve, wait at http://127\.0\.0\.1:")
        yield agent


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("agent")
class TestCall:
    def test_arguments_are_read_by_their_ports_and_the_result_is_printed(self, terminal: Terminal, agent: Running):
        called = terminal.arkitekt("call", "halve", "number=10")

        assert (called.returncode, called.stdout) == (0, "5.0\n"), called.stderr
        assert "halve: halving 10" in called.stderr
        agent.until(r"▶ halve\(number=10\.0\)")
        agent.until("halve: halving 10")
        agent.until(r"✓ halve in \d+\.\d\d s")

    def test_values_of_a_generator_are_lines_of_json(self, terminal: Terminal):
        called = terminal.inside("call", "count", "n=3", "--json")

        assert (called.returncode, called.stdout) == (0, "0\n1\n2\n"), called.stderr

    def test_an_error_of_the_function_is_a_message_and_with_debug_its_traceback(self, terminal: Terminal):
        called = terminal.arkitekt("call", "halve", "number=1", "by=0")
        debugged = terminal.inside("--debug", "call", "halve", "number=1", "by=0")

        assert called.returncode == debugged.returncode == 6
        assert called.stderr.splitlines()[1].startswith("arkitekt-di: ZeroDivisionError: float division by zero")
        assert "Traceback" not in called.stderr
        assert "return number / by" in debugged.stderr

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("halve", "number=ten"), 2, "number: float wanted, got 'ten'"),
            (("halve", "number=1", "numbr=2"), 2, "there are number, by"),
            (("halve",), 2, "number: no value was given"),
            (("third",), 1, "third"),
        ],
        ids=["value", "name", "missing", "action"],
    )
    def test_what_cannot_be_called_is_told(self, terminal: Terminal, arguments: tuple[str, ...], code: int, said: str):
        called = terminal.inside("call", *arguments)

        assert called.returncode == code
        assert said in called.stderr
        assert "Traceback" not in called.stderr

    def test_ctrl_c_cancels_the_task(self, terminal: Terminal, agent: Running):
        with terminal.running("call", "wait") as calling:
            agent.until(r"▶ wait\(\)")
            assert calling.interrupt() == 130
        agent.until("✗ wait cancelled after")

    def test_actions_show_arguments_and_who_offers_them(self, terminal: Terminal):
        listed = terminal.inside("actions", "halve")
        (offer,) = json.loads(terminal.inside("actions", "halve", "--json").stdout)

        assert "halve(number: float, by: float = 2.0) -> float" in listed.stdout
        assert "by: into how many parts" in listed.stdout
        assert "lab (connected)" in listed.stdout
        assert (offer["interface"], offer["agent"]["connected"]) == ("halve", True)

    def test_tasks_show_what_became_of_them(self, terminal: Terminal):
        terminal.inside("call", "count", "n=2")

        listed = terminal.inside("tasks")
        newest = json.loads(terminal.inside("tasks", "--json", "--limit", "1").stdout)[0]

        assert "✓ count(n=2)" in listed.stdout
        assert (newest["latestEventKind"], newest["action"]["key"]) == ("COMPLETED", "count")

    def test_tasks_are_followed_by_people_and_by_programs(self, terminal: Terminal):
        with (
            terminal.running("tasks", "--follow") as person,
            terminal.running("tasks", "--follow", "--json") as program,
        ):
            person.until("Following the tasks of your organization")
            program.until("Following")
            terminal.inside("call", "count", "n=2")

            person.until(r"▶ count\(n=2\) queued")
            person.until("✓ count completed")
            told = [json.loads(program.until('"kind": "YIELD"')), json.loads(program.until('"kind": "COMPLETED"'))]
            assert person.interrupt() == 0

        assert [event["function"] for event in told] == ["count", "count"]
        assert told[0]["returns"] == {"return0": 0}
        assert told[0]["task"] == told[1]["task"]


@pytest.mark.timeout(300)
def test_a_module_without_an_app_is_told(terminal: Terminal):
    (terminal.folder / "empty.py").write_text("answer = 42\n")
    (terminal.folder / "broken.py").write_text("import nowhere_to_be_found\n")

    for target, said in [
        ("missing.py", "there is no file"),
        ("empty.py", "empty has none at all"),
        ("lab.py:app", "lab has no app 'app', but the apps lab"),
        ("broken.py", "importing it failed with ModuleNotFoundError"),
    ]:
        ran = terminal.arkitekt("run", target)
        assert ran.returncode == 3
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr


@pytest.mark.timeout(300)
def test_a_saved_file_is_served_and_a_broken_one_is_passed_over(terminal: Terminal, tmp_path: Path):
    app = tmp_path / "app.py"
    version = (
        'import time\nfrom arkitekt_di import easy, register\napp = easy("reloaded")\n\n\n@register\n'
        'def version(wait: float = 0.0) -> int:\n    """Say which version this is."""\n    time.sleep(wait)\n'
    )
    app.write_text(f"{version}    return 1\n")
    here = Terminal(tmp_path, terminal.environment)
    with here.running("run", "app.py", "--reload") as agent:
        agent.until("reloaded serves version at")
        assert here.inside("call", "version").stdout == "1\n"

        app.write_text(f"{version}    return 2 +\n")
        agent.until("app.py changed")
        agent.until("SyntaxError")
        agent.until("the version before goes on")
        with here.running("call", "version", "wait=2") as calling:
            agent.until(r"▶ version\(wait=2\.0\)")
            app.write_text(f"{version}    return 3\n")
            agent.until("✓ version in 2")  # what had begun was finished by the version that it began in
            calling.until("^1$")
        agent.until("reloaded serves version at")
        assert here.inside("call", "version").stdout == "3\n"

        assert agent.interrupt() == 0
