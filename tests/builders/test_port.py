"""Apps that nobody sits in front of: they fail at once, or run without a question."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arkitekt_di import easy, jupy, port, qt, scheduler
from arkitekt_di.errors import ConfigurationError
from tests.server.identity.test_operator import arkitekt, listed
from tests.serving import ServedHub, serving

BOUND_S = 120.0


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, user_folders: dict[str, str], tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("FAKTS", "FAKTS_FILE", "FAKTS_URL", "FAKTS_TOKEN", "FAKTS_MANDATE_KEY", "ARKITEKT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in user_folders.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)


def problems(**arguments: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        port("segmenter", **arguments)  # type: ignore[arg-type]  # every argument here is a string
    return [problem.key for problem in caught.value.problems]


def test_all_that_is_missing_is_told_at_once():
    assert problems() == ["fakts.url", "fakts.mandate_key"]


def test_each_thing_that_is_missing_is_told_alone():
    assert problems(url="http://127.0.0.1:1") == ["fakts.mandate_key"]
    assert problems(mandate_key="key") == ["fakts.url"]
    assert problems(url="http://127.0.0.1:1", token="token") == ["fakts.facts_file"]


@pytest.mark.parametrize(
    "variables",
    [
        {"FAKTS_URL": "http://127.0.0.1:1", "FAKTS_MANDATE_KEY": "canary"},
        {"FAKTS_URL": "http://127.0.0.1:1", "FAKTS_TOKEN": "client:canary"},
        {"FAKTS_FILE": "facts.json", "ARKITEKT_TOKEN": "canary"},
        {"FAKTS_URL": "http://127.0.0.1:1", "ARKITEKT_FAKTS__MANDATE_KEY_FILE": "/run/secrets/key"},
    ],
    ids=" ".join,
)
def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    app = port("segmenter")

    assert app.check() is app
    assert app.settings.herre.login == "never"
    assert "canary" not in repr(app) + repr(app.settings)


@pytest.mark.parametrize("make", [easy, port], ids=["easy", "port"])
def test_plain_http_is_allowed_where_the_call_says_so_and_only_there(make):
    where = {"url": "http://hub.lab.org"} | ({"mandate_key": "key"} if make is port else {})

    assert not make("segmenter", **where).settings.transport.insecure
    assert make("segmenter", **where, insecure=True).settings.transport.insecure
    assert not make("segmenter", **where, insecure=False).settings.transport.insecure


@pytest.mark.parametrize("make", [easy, jupy, port, qt, scheduler], ids=repr)
def test_every_builder_asks_for_plain_http_where_the_call_says_so_and_only_there(make):
    where = {"url": "http://hub.lab.org"} | ({"mandate_key": "key"} if make is port else {})

    assert make.order("segmenter", **where, insecure=True).settings["transport.insecure"] is True
    for options in ({}, {"insecure": False}):
        assert "transport.insecure" not in make.order("segmenter", **where, **options).settings


def test_no_provider_of_it_can_ask_a_person_or_start_a_hub():
    graph = port("segmenter", url="http://127.0.0.1:1", mandate_key="key").graph()

    assert "LocalHub" not in graph
    assert "fakts_grant --> fakts_device_code" not in graph
    assert "fakts_discovery --> fakts_remembered" not in graph


PROGRAM = """
import sys
import numpy as np
from arkitekt_di import easy, port
from arkitekt_di.mikro import from_xarray
with port("segmenter", mandate_key_file=sys.argv[1]) as app:
    print(from_xarray(np.zeros((4, 4), "uint8"), name="plane").name)
"""


def test_a_program_in_a_container_stores_an_image_with_a_mounted_key(user_folders: dict[str, str], tmp_path: Path):
    started = subprocess.run(
        [sys.executable, "-m", "arkitekt_di", "hub", "start"], env=user_folders, capture_output=True, check=True
    )
    assert started.returncode == 0
    record = json.loads(next(Path(user_folders["XDG_DATA_HOME"]).rglob("hub.json")).read_text())
    key = tmp_path / "key"
    key.write_text(record["mandate_key"])
    key.chmod(0o600)

    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(key)],
        env=user_folders | {"FAKTS_URL": record["url"]},
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
    )

    assert (ran.returncode, ran.stdout) == (0, "plane\n"), ran.stderr


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """Serve a hub for people, with Ada in it."""
    with serving(tmp_path_factory.mktemp("lab") / "data") as hub:
        arkitekt("users", "add", "ada", "--organization", "Lab", data=hub.data, typed="canary horse battery staple\n")
        yield hub


def mandate(hub: ServedHub, *words: str) -> dict[str, str]:
    made: dict[str, str] = listed("mandates", "add", "container", *words, data=hub.data)[0]
    return made


HEADLESS = """
import sys
import numpy as np
from arkitekt_di import port
from arkitekt_di.mikro import from_xarray
with port(sys.argv[1]) as app:
    print(from_xarray(np.zeros((4, 4), "uint8"), name="plane").name, "in", app.herre.user.organization)
"""


def headless(app: str, variables: dict[str, str], folders: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", HEADLESS, app]
    return subprocess.run(
        command, env=folders | variables, capture_output=True, text=True, timeout=BOUND_S, check=False
    )


@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_program_stores_an_image_at_the_hub_of_a_lab(
    lab: ServedHub, user_folders: dict[str, str], tmp_path: Path, place: str
):
    whose = ["--user", "ada"] if place == "environment" else ["--service-account"]
    made = mandate(lab, *whose, "--app", "segmenter", "--expires", "90d")
    (tmp_path / "key").write_text(f"{made['key']}\n")
    (tmp_path / "key").chmod(0o600)
    given = {
        "environment": {"FAKTS_MANDATE_KEY": made["key"]},
        "file": {"ARKITEKT_FAKTS__MANDATE_KEY_FILE": str(tmp_path / "key")},
    }

    ran = headless("segmenter", {"FAKTS_URL": lab.url, **given[place]}, user_folders)

    assert (ran.returncode, ran.stdout) == (0, "plane in lab\n"), ran.stderr
    (shown,) = [one for one in listed("mandates", "list", data=lab.data) if one["id"] == made["id"]]
    assert shown["last_used"]
    (event,) = listed("audit", "list", "--action", "mandate-used", "--actor", made["user"], data=lab.data)
    assert event["subject"] == "segmenter"


def test_a_key_that_was_removed_or_is_for_another_app_is_told_as_such(lab: ServedHub, user_folders: dict[str, str]):
    made = mandate(lab, "--user", "ada", "--app", "segmenter")
    given = {"FAKTS_URL": lab.url, "FAKTS_MANDATE_KEY": made["key"]}
    other = headless("cell-counter", given, user_folders)
    arkitekt("mandates", "remove", made["id"], data=lab.data)
    removed = headless("segmenter", given, user_folders)

    assert (other.returncode, removed.returncode) == (1, 1)
    assert "the mandate key is for another app" in other.stderr
    assert "this hub has no such mandate key, or it was removed" in removed.stderr
    assert made["key"] not in other.stderr + removed.stderr


def test_a_key_that_the_hub_does_not_know_is_told_at_once(user_folders: dict[str, str], tmp_path: Path):
    key = tmp_path / "key"
    key.write_text("canary-of-a-key")
    key.chmod(0o600)
    with serving(tmp_path / "hub") as hub:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(key)],
            env=user_folders | {"FAKTS_URL": hub.url},
            capture_output=True,
            text=True,
            timeout=BOUND_S,
            check=False,
        )

    assert ran.returncode == 1
    assert "the key is not accepted" in ran.stderr
    assert "canary" not in ran.stderr
