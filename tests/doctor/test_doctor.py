"""Faults that were planted, each of which the doctor has to name, with what mends it."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from arkitekt_di.cli.main import app as command_line
from arkitekt_di.doctor import Finding, Grade, examine
from arkitekt_di.doctor.folders import look_at_folders
from arkitekt_di.doctor.installation import look_at_installation
from arkitekt_di.fakts.local_hub import RECORD_NAME
from arkitekt_di.messages.hub import HubRecord
from arkitekt_di.private_file import make_private_folder, write_private
from arkitekt_di.process import birth_of
from arkitekt_di.testing.hub import InMemoryHub

pytestmark = pytest.mark.anyio

KEY = "canary of a key"


@pytest.fixture(autouse=True)
def a_home_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    for name in ("FAKTS_URL", "FAKTS_MANDATE_KEY", "ARKITEKT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARKITEKT_HERRE__STORE", "file")


@pytest.fixture
async def hub() -> AsyncIterator[InMemoryHub]:
    async with InMemoryHub(mandate_key=KEY) as hub:
        yield hub


def everything(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "hypothesis" not in str(path)}


async def findings(url: str | None = None) -> list[Finding]:
    return [finding async for finding in examine(url)]


async def faults(url: str | None = None) -> list[Finding]:
    return [finding for finding in await findings(url) if finding.grade is Grade.FAULT]


async def the_fault(url: str | None = None) -> Finding:
    found = await faults(url)
    assert len(found) == 1, found
    return found[0]


async def test_a_healthy_place_has_no_fault_and_nothing_is_left_behind(tmp_path: Path):
    before = everything(tmp_path)

    found = await findings()

    assert Grade.FAULT not in {finding.grade for finding in found}
    assert [finding.what for finding in found if finding.subject == "hub"] == [
        "none is named, and your local one does not run: an app starts it"
    ]
    assert everything(tmp_path) == before


async def test_a_misspelt_setting_is_named_with_its_line(tmp_path: Path):
    (tmp_path / "arkitekt.yaml").write_text("mikro:\n  codek: zstd\n")

    found = await the_fault()

    assert found.subject == "settings"
    assert "arkitekt.yaml:2:3" in found.what
    assert "did you mean 'codec'" in found.what


async def test_a_setting_that_a_project_may_not_make_is_named(tmp_path: Path):
    (tmp_path / "arkitekt.yaml").write_text("fakts:\n  url: https://elsewhere.example\n")

    assert "a project file may not set this" in (await the_fault()).what


async def test_a_hub_that_does_not_answer_is_named():
    assert "no hub answers at http://127.0.0.1:1" in (await the_fault("http://127.0.0.1:1")).what


async def test_an_address_that_is_no_hub_is_named(hub: InMemoryHub):
    hub.answers["/.well-known/fakts"] = (404, {}, {})

    assert hub.url in (await the_fault(hub.url)).what


async def test_a_hub_of_another_protocol_is_named(hub: InMemoryHub):
    hub.document["protocol_version"] = "1"

    assert "protocol" in (await the_fault(hub.url)).what


async def test_a_login_that_is_missing_is_named_with_the_command(hub: InMemoryHub):
    found = await the_fault(hub.url)

    assert (found.subject, found.fix) == ("login", f"arkitekt-di auth login {hub.url}")


async def test_a_key_that_the_hub_refuses_is_named_and_not_shown(hub: InMemoryHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FAKTS_MANDATE_KEY", "another canary")

    found = await the_fault(hub.url)

    assert "the key is not accepted" in found.what
    assert "canary" not in str(found)


async def test_a_service_that_does_not_answer_is_named(hub: InMemoryHub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FAKTS_MANDATE_KEY", KEY)
    hub.answers["/mikro/ht"] = (503, {}, {})

    found = await faults(hub.url)

    assert {finding.subject for finding in found} == {"services"}
    assert any("mikro" in finding.what and "503" in finding.what for finding in found)
    assert KEY not in str(found)


async def test_a_clock_that_is_wrong_is_named(hub: InMemoryHub):
    examination = examine(hub.url, clock=lambda: time.time() + 7200)

    found = [finding async for finding in examination if finding.subject == "clock"]

    assert len(found) == 1
    assert "ahead of the hub" in found[0].what
    assert "timedatectl" in found[0].fix


async def test_a_local_hub_of_another_version_is_named(hub: InMemoryHub, tmp_path: Path):
    import os

    record = HubRecord(
        url=hub.url,
        pid=os.getpid(),
        birth=birth_of(os.getpid()),
        version="0.0.0",
        started_at=0,
        mandate_key=SecretStr(KEY),
    )
    folder = make_private_folder(tmp_path / "data" / "arkitekt" / "hub")
    text = record.model_dump(mode="json") | {"mandate_key": KEY}
    write_private(folder / RECORD_NAME, json.dumps(text).encode())

    found = [finding for finding in await faults() if finding.subject == "hub"]

    assert len(found) == 1
    assert "version 0.0.0" in found[0].what
    assert "arkitekt-di hub stop" in found[0].fix


def test_a_login_that_others_can_read_is_named(tmp_path: Path):
    folder = tmp_path / "tokens"
    folder.mkdir(mode=0o755)
    (folder / "login.json").touch(mode=0o644)

    fixes = [finding.fix for finding in look_at_folders([folder])]

    assert fixes == [f"chmod go-rwx '{folder}'", f"chmod go-rwx '{folder / 'login.json'}'"]


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path):
    (tmp_path / "arkitekt").touch()

    found = list(look_at_folders([tmp_path / "arkitekt" / "tokens"]))

    assert [finding.grade for finding in found] == [Grade.FAULT]
    assert f"{tmp_path / 'arkitekt'} is no folder" in found[0].what


def test_a_full_disk_is_named(tmp_path: Path):
    found = list(look_at_folders([tmp_path / "tokens"], needed_bytes=2**70))

    assert [finding.grade for finding in found] == [Grade.FAULT]
    assert "MiB left" in found[0].what


def test_a_package_that_is_too_old_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    info = tmp_path / "zarr-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zarr\nVersion: 2.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    found = [finding for finding in look_at_installation() if finding.grade is Grade.FAULT]

    assert [finding.what for finding in found] == ["zarr 2.0 is installed, but zarr>=3.1 is needed"]
    assert [finding.fix for finding in found] == ["pip install 'zarr>=3.1'"]


def test_the_command_says_what_to_do_and_exits_with_one(tmp_path: Path):
    ran = CliRunner().invoke(command_line, ["doctor", "http://127.0.0.1:1"])

    assert ran.exit_code == 1
    assert "✗ hub: no hub answers" in ran.stdout
    assert "To be mended: 1" in ran.stdout


def test_the_command_is_quiet_where_all_is_well():
    ran = CliRunner().invoke(command_line, ["doctor", "--json"])

    assert ran.exit_code == 0
    assert {json.loads(line)["grade"] for line in ran.stdout.splitlines()} <= {"good", "note"}
