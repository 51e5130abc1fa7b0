"""Logging in to a hub of others: a link and a code, a person, and no question the next time."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.person import Person
from tests.serving import ServedHub, serving

HERE = Path(__file__).parent
BOUND_S = 120.0
PASSWORD = "four words that match"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[ServedHub]:
    with serving(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def administrator(hub: ServedHub) -> Person:
    """Return the person who has just set the hub up."""
    person = Person()
    person.open(hub.ready["setup_url"])
    person.submit(name="ada", organization="Lab", password=PASSWORD, again=PASSWORD)
    return person


def visit(hub: ServedHub, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / "use_hub.py"), hub.url]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def link_and_code(app: subprocess.Popen[str]) -> tuple[str, str]:
    """Read what the app tells the person, until both are there."""
    assert app.stderr is not None
    said = ""
    for line in app.stderr:
        said += line
        link, code = re.search(r"(http\S+)", said), re.search(r"code (\w{4}-\w{4})", said)
        if link and code:
            return link[1], code[1]
    raise AssertionError(said)


def test_a_person_approves_once_and_is_not_asked_again(
    hub: ServedHub, administrator: Person, user_folders: dict[str, str]
):
    app = visit(hub, user_folders)
    link, code = link_and_code(app)
    page = administrator.open(link)
    if 'name="password"' in page:
        page = administrator.submit(name="ada", password=PASSWORD)
    assert code in page
    assert "visitor" in page
    administrator.submit(answer="approve", seen="yes")
    output, errors = app.communicate(timeout=BOUND_S)

    assert (app.returncode, output) == (0, "organization lab\n"), errors

    again = visit(hub, user_folders)
    output, errors = again.communicate(timeout=BOUND_S)
    assert (again.returncode, output, errors) == (0, "organization lab\n", "")


def test_a_person_may_say_no(hub: ServedHub, administrator: Person, user_folders: dict[str, str]):
    app = visit(hub, user_folders)
    link, _code = link_and_code(app)
    if 'name="password"' in administrator.open(link):
        administrator.submit(name="ada", password=PASSWORD)
    administrator.submit(answer="deny")
    output, _errors = app.communicate(timeout=BOUND_S)

    assert output.startswith("LoginRefusedError")


@pytest.mark.parametrize("who", ["the hub", "the app"])
def test_a_headless_app_that_nobody_lets_in_ends_with_the_command_that_does(
    tmp_path: Path, user_folders: dict[str, str], who: str
):
    options, variables = {
        "the hub": (["--set", "identity.device_code_s=1"], {}),
        "the app": ([], {"ARKITEKT_FAKTS__LOGIN_TIMEOUT_S": "1"}),
    }[who]
    with serving(tmp_path / "hub", *options) as hub:
        output, _errors = visit(hub, user_folders | variables).communicate(timeout=BOUND_S)

    assert output.startswith("LoginRequiredError")
    assert f"`arkitekt-di auth --app visitor --app-version 2.0 login {hub.url}`" in output
