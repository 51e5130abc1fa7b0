"""Builders of one's own: from another builder, from a container class, and from an installed package."""

import inspect
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dependency_injector import providers
from typer.testing import CliRunner

from arkitekt_di import App, builder, easy, embedded, jupy, port, scheduler
from arkitekt_di.builders import find_builder
from arkitekt_di.cli.main import app as command_line
from arkitekt_di.containers.easy import EasyContainer
from arkitekt_di.containers.herre import HerreContainer
from arkitekt_di.errors import CompositionError, ConfigurationError
from arkitekt_di.fakts.presenter import PrintPresenter
from tests.apps import Quiet, offline_app


@pytest.fixture
def lab_yaml(tmp_path: Path) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text("mikro:\n  codec: zstd\nfakts:\n  browser: print\n")
    return path


@pytest.fixture(autouse=True)
def nobody_elses_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))


def test_a_builder_of_ones_own_starts_from_another_and_differs_in_its_yaml(lab_yaml: Path):
    lab = builder("lab", base=easy, config=lab_yaml)

    app = lab("analysis", version="2.0")

    assert (app.identifier, app.version) == ("analysis", "2.0")
    assert (app.settings.mikro.codec, app.settings.fakts.browser) == ("zstd", "print")
    assert easy("analysis").settings.mikro.codec == "lz4"


def test_whoever_uses_a_builder_has_the_last_word(lab_yaml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lab = builder("lab", base=easy, config=lab_yaml)
    (tmp_path / "arkitekt.yaml").write_text("mikro:\n  codec: none\n")

    assert lab("analysis").settings.mikro.codec == "none"
    monkeypatch.setenv("ARKITEKT_MIKRO__CODEC", "lz4")
    assert lab("analysis").settings.mikro.codec == "lz4"
    assert lab("analysis", settings={"mikro.codec": "zstd"}).settings.mikro.codec == "zstd"


def test_a_builder_of_a_builder_goes_first(lab_yaml: Path, tmp_path: Path):
    room_yaml = tmp_path / "room.yaml"
    room_yaml.write_text("mikro:\n  codec: none\n")

    room = builder("room", base=builder("lab", base=easy, config=lab_yaml), config=room_yaml)

    assert (room("x").settings.mikro.codec, room("x").settings.fakts.browser) == ("none", "print")


def test_a_builder_replaces_services_for_every_dependant():
    quiet = Quiet("herre")
    lab = builder("lab", base=embedded, overrides={"herre": quiet, "fakts.presenter": PrintPresenter()})

    assert lab("analysis").container.herre.service() is quiet
    assert "Quiet" not in embedded("analysis").graph()
    assert "herre<br/>Quiet" in lab("analysis").graph()


def test_an_object_is_shared_by_the_apps_of_a_builder_and_a_provider_is_not():
    shared = builder("shared", base=embedded, overrides={"fakts.presenter": PrintPresenter()})
    own = builder("own", base=embedded, overrides={"fakts.presenter": providers.Singleton(PrintPresenter)})

    assert shared("a").container.fakts.presenter() is shared("b").container.fakts.presenter()
    assert own("a").container.fakts.presenter() is not own("b").container.fakts.presenter()


def test_the_caller_may_override_what_a_builder_overrides():
    mine, theirs = Quiet("mine"), Quiet("theirs")
    lab = builder("lab", base=embedded, overrides={"herre": theirs})

    assert lab("analysis", overrides={"herre": mine}).container.herre.service() is mine


def test_a_misspelt_override_is_told_when_the_builder_is_made():
    with pytest.raises(CompositionError, match="did you mean 'mikro'"):
        builder("lab", base=easy, overrides={"mirko": object()})


def test_the_base_has_to_be_a_builder():
    with pytest.raises(CompositionError, match="is no builder, but a PresetMeta: try easy"):
        builder("lab", base=EasyContainer)


def test_a_builder_looks_like_the_function_that_it_stands_for():
    signature = inspect.signature(easy)

    assert list(signature.parameters)[:4] == ["identifier", "version", "headless", "logo"]
    assert signature.return_annotation is App
    assert repr(easy) == "<builder 'easy'>"
    assert inspect.getdoc(easy)
    assert inspect.signature(builder("lab", base=easy)) == signature


@pytest.mark.parametrize("make", [easy, port, scheduler, jupy, embedded], ids=repr)
def test_an_argument_that_there_is_not_is_refused(make):
    with pytest.raises(TypeError, match="unexpected keyword argument 'ulr'"):
        make("analysis", ulr="http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("/home/ada/nuclei.py", "nuclei"),
        ("/usr/bin/segment", "segment"),
        ("/opt/our_lab/__main__.py", "our_lab"),
        ("-c", "python"),
        ("-", "python"),
        ("", "python"),
    ],
    ids=["script", "command", "module", "text", "input", "prompt"],
)
def test_an_app_without_a_name_is_called_as_what_runs(argument: str, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", [argument, "--option"])

    assert easy().identifier == name


def test_building_leaves_the_logging_of_the_process_alone():
    before = [(logging.getLogger(name), *_state(name)) for name in (None, "arkitekt_di")]

    embedded("quiet").check()

    assert [(logging.getLogger(name), *_state(name)) for name in (None, "arkitekt_di")] == before


def _state(name: str | None) -> tuple[int, list[logging.Handler]]:
    logger = logging.getLogger(name)
    return logger.level, list(logger.handlers)


def test_a_log_level_is_set_only_where_it_is_asked_for(caplog: pytest.LogCaptureFixture):
    import logging

    logger = logging.getLogger("arkitekt_di")
    before = logger.level
    try:
        easy("quiet")
        assert logger.level == before
        easy("loud", log_level="debug")
        assert logger.level == logging.DEBUG
    finally:
        logger.setLevel(before)


class OwnContainer(EasyContainer):
    """A container of a user's own."""

    herre = providers.Container(
        HerreContainer,
        cfg=EasyContainer.settings.provided.herre,
        cache=providers.Object("none"),
        claims=EasyContainer.fakts.service,
        http=EasyContainer.transport.service,
        presenter=EasyContainer.fakts.presenter,
        person=EasyContainer.fakts.person,
    )


def test_an_app_from_a_container_class_of_ones_own(lab_yaml: Path):
    app = App.from_container(OwnContainer, "own", "1.2", config=lab_yaml, settings={"koil.threads": 3})

    assert (app.identifier, app.version) == ("own", "1.2")
    assert (app.settings.mikro.codec, app.settings.koil.threads) == ("zstd", 3)
    assert app.container.herre.cache() == "none"
    assert app.check() is app


def test_what_is_wrong_in_the_yaml_of_a_builder_names_file_line_and_key(tmp_path: Path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("mikro:\n  codek: zstd\n")

    with pytest.raises(ConfigurationError, match=r"wrong\.yaml:2:3: mikro\.codek.*did you mean 'codec'"):
        builder("lab", base=easy, config=wrong)("analysis")


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab_yaml: Path):
    """Return a function that installs a package with an entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(package: str, entry: str, code: str) -> None:
        (tmp_path / f"{package}.py").write_text(code)
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[arkitekt_di.builders]\n{entry}\n")

    return install


LAB = """
from arkitekt_di import builder, easy
lab = builder("our_lab", base=easy, config={config!r})
"""


def test_a_package_offers_a_builder_to_everybody_who_installs_it(offer, lab_yaml: Path):
    offer("our_lab_package", "our_lab = our_lab_package:lab", LAB.format(config=str(lab_yaml)))

    assert find_builder("our_lab")("analysis").settings.mikro.codec == "zstd"
    drawn = CliRunner().invoke(command_line, ["graph", "--preset", "our_lab"])
    assert drawn.stdout.startswith("graph TD")
    shown = CliRunner().invoke(command_line, ["config", "get", "--preset", "our_lab", "mikro.codec"])
    assert shown.stdout.strip() == "zstd"


PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "our-lab"
version = "2.1"
[tool.setuptools]
packages = ["our_lab"]
package-data = {our_lab = ["*.yaml"]}
[project.entry-points."arkitekt_di.builders"]
bench = "our_lab:bench"
"""

PACKAGE = """
from pathlib import Path
from arkitekt_di import builder, easy
bench = builder("bench", base=easy, config=Path(__file__).with_name("bench.yaml"))
"""

USE = """
import json
from arkitekt_di.builders import find_builder
app = find_builder("bench")("analysis")
print(json.dumps([app.settings.mikro.codec, app.explain("mikro.pixels")]))
"""


def test_a_package_that_pip_installed_offers_its_builder_with_its_yaml(tmp_path: Path, user_folders: dict[str, str]):
    source, installed = tmp_path / "source", tmp_path / "installed"
    (source / "our_lab").mkdir(parents=True)
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "our_lab" / "__init__.py").write_text(PACKAGE)
    (source / "our_lab" / "bench.yaml").write_text("mikro:\n  codec: zstd\n")
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
    subprocess.run([*pip, "--target", installed, source], check=True, capture_output=True, timeout=120)
    path = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])

    def run(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=user_folders | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout

    codec, explained = json.loads(run("-c", USE))
    shown = json.loads(run("-m", "arkitekt_di", "config", "show", "--preset", "bench", "--json"))

    assert codec == "zstd"
    origin = next(entry["origin"] for entry in shown if entry["key"] == "mikro.codec")
    assert origin.startswith(f"{installed / 'our_lab' / 'bench.yaml'}:2:")
    assert f"setting mikro.codec = 'zstd', from {origin}" in explained


def test_a_builder_that_does_not_load_is_told_with_its_reason(offer):
    offer("broken_lab", "broken = broken_lab:lab", "raise RuntimeError('no licence')")

    with pytest.raises(CompositionError, match="does not load from broken_lab:lab: no licence"):
        find_builder("broken")


def test_what_a_package_offers_has_to_be_a_builder(offer):
    offer("odd_lab", "odd = odd_lab:lab", "lab = 3")

    with pytest.raises(CompositionError, match="odd_lab:lab is no builder"):
        find_builder("odd")


def test_two_packages_may_not_offer_one_name(offer, lab_yaml: Path):
    for package in ("first_lab", "second_lab"):
        offer(package, f"twice = {package}:lab", LAB.format(config=str(lab_yaml)))

    with pytest.raises(CompositionError, match="first_lab:lab, second_lab:lab"):
        find_builder("twice")


def test_an_unknown_builder_tells_the_nearest_and_all():
    with pytest.raises(
        CompositionError, match=r"known: easy, jupy, port, scheduler, qt, embedded.*did you mean 'jupy'"
    ):
        find_builder("jupi")


def test_apps_of_several_builders_live_side_by_side():
    with offline_app("one") as one, offline_app("two") as two:
        assert one.koil is not two.koil
        assert one.mikro is not two.mikro
