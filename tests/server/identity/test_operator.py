"""What the operator of a hub does with commands."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from arkitekt_di.cli.main import app
from arkitekt_di.errors import (
    AccountRefusedError,
    ClientRefusedError,
    DataFolderInUseError,
    HubDataNotFoundError,
    UserNotFoundError,
)
from arkitekt_di.server.data_folder import DataFolder
from arkitekt_di.server.identity.keys import SigningKeys
from tests.migrated import begin_migrated
from tests.server.identity.harness import PASSWORD, browsing, running

pytestmark = pytest.mark.anyio


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # no settings of this repository
    begin_migrated(tmp_path)
    return tmp_path


def arkitekt(*words: str, data: Path, typed: str = "") -> str:
    """Run the command; an error of ours is raised."""
    ran = CliRunner().invoke(app, [*words, "--data", str(data)], input=typed, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def listed(*words: str, data: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(arkitekt(*words, "--json", data=data))
    return found


def test_people_are_added_and_listed_and_passwords_are_read_from_standard_input(data: Path) -> None:
    said = arkitekt("users", "add", "ada", "--organization", "Babbage Lab", "--admin", data=data, typed=f"{PASSWORD}\n")
    arkitekt("users", "add", "eve", "--organization", "babbage lab", data=data, typed=f"{PASSWORD}\n")

    assert PASSWORD not in said
    assert listed("users", "list", data=data) == [
        {"name": "ada", "organization": "babbage-lab", "role": "admin"},
        {"name": "eve", "organization": "babbage-lab", "role": "member"},
    ]
    with pytest.raises(AccountRefusedError):
        arkitekt("users", "add", "ada", "--organization", "x", data=data, typed=f"{PASSWORD}\n")


async def test_a_new_password_ends_the_logins_of_a_hub_that_runs(data: Path, keys: Path) -> None:
    async with running(data, keys) as hub, browsing(hub) as browser:
        tokens = await hub.log_in()
        await browser.log_in()
        assert "cell-counter" in (await browser.get("/apps")).text

        await _aside("users", "reset-password", "ada", data=data, typed="another horse battery\n")

        assert (await hub.userinfo(tokens["access_token"])).status == 401
        assert "/login" in (await browser.get("/apps")).url
        assert (await browser.log_in()).status == 403
        assert (await browser.log_in(password="another horse battery")).status == 200
    with pytest.raises(UserNotFoundError):
        await _aside("users", "reset-password", "nobody", data=data, typed=f"{PASSWORD}\n")


def test_clients_are_registered_listed_renewed_and_removed(data: Path) -> None:
    arkitekt("users", "add", "ada", "--organization", "Lab", data=data, typed=f"{PASSWORD}\n")
    redirect = "https://site.example.org/cb"

    (added,) = listed("clients", "add", "site", "--kind", "web", "--redirect-uri", redirect, data=data)
    (shown,) = listed("clients", "list", data=data)
    (renewed,) = listed("clients", "new-secret", added["client_id"], data=data)

    assert (shown["name"], shown["kind"], shown["redirect_uris"]) == ("site", "web", redirect)
    assert shown["organization"] == "lab"
    assert len(added["client_secret"]) == 43
    assert renewed["client_secret"] != added["client_secret"]
    assert added["client_secret"] not in str(shown)
    arkitekt("clients", "remove", added["client_id"], data=data)
    assert listed("clients", "list", data=data) == []
    with pytest.raises(ClientRefusedError):
        arkitekt("clients", "add", "site", "--kind", "web", data=data)


async def test_a_rotated_key_signs_and_the_old_one_still_verifies(data: Path) -> None:
    async with running(data, data / "keys") as hub:
        tokens = await hub.log_in()
        before = [key["kid"] for key in (await hub.send("GET", "/o/.well-known/jwks.json")).json["keys"]]

    said = await _aside("keys", "rotate", data=data)

    loaded = SigningKeys(data / "keys")
    await loaded.start()
    assert loaded.current[0] in said
    assert loaded.current[0] not in before
    assert [key["kid"] for key in loaded.public()["keys"]] == [*before, loaded.current[0]]
    assert tokens["access_token"]


async def test_a_key_is_not_rotated_under_a_running_hub(data: Path) -> None:
    folder = DataFolder(data)
    folder.keys.mkdir()
    await folder.start()

    with pytest.raises(DataFolderInUseError):
        await _aside("keys", "rotate", data=data)
    await folder.stop()


def test_a_folder_without_a_hub_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (("users", "list"), ("clients", "list"), ("keys", "rotate")):
        with pytest.raises(HubDataNotFoundError, match="--data"):
            arkitekt(*words, data=tmp_path / "misspelt")
    assert list(tmp_path.iterdir()) == []


async def _aside(*words: str, data: Path, typed: str = "") -> str:
    """Run the command in a thread: it has a loop of its own."""
    return await asyncio.to_thread(arkitekt, *words, data=data, typed=typed)
