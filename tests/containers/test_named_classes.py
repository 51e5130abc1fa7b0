"""Classes that settings files put in the place of services."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arkitekt_di import App, builder, easy, embedded
from arkitekt_di.errors import ConfigurationError
from arkitekt_di.fakts.presenter import PrintPresenter
from arkitekt_di.mikro import InMemoryImageRecords, InMemoryPixelStore, from_xarray
from arkitekt_di.settings.places import user_file
from tests.apps import Quiet

LAB = '''
from arkitekt_di.fakts.presenter import PrintPresenter
from arkitekt_di.herre import Herre
from arkitekt_di.mikro.records import GraphQLImageRecords


class LabRecords(GraphQLImageRecords):
    """Made with the arguments of what it stands for."""


class LabPresenter(PrintPresenter):
    """Takes none."""


class LabHerre(Herre):
    """A service with a life."""

    async def start(self):
        print("the login of the lab begins")
        await super().start()


class Odd:
    def __init__(self, colour, shape):
        self.colour, self.shape = colour, shape


records = 3
'''


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a project, in which somebody works; ``lab_of_ours`` can be imported."""
    for kind in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "lab_of_ours.py").write_text(LAB)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def user_says(text: str) -> Path:
    path = user_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def kind_at(app: App, name: str) -> str:
    """Return the name of the class of what the container gives."""
    provider: Any = app.container
    for part in name.split("."):
        provider = getattr(provider, part)
    return type(provider()).__name__


def test_a_class_that_the_user_names_stands_for_a_service_and_the_app_tells_which_line_says_so():
    path = user_says(
        "overrides:\n  mikro.records: lab_of_ours:LabRecords\n  fakts.presenter: lab_of_ours:LabPresenter\n"
    )

    app = easy("analysis").check()

    assert kind_at(app, "mikro.records") == "LabRecords"
    assert kind_at(app, "fakts.presenter") == "LabPresenter"
    assert f"  put there by {path}:2:18" in app.explain("mikro.records").splitlines()
    assert f"put there by {path}:3:20" in app.graph()
    assert "LabRecords" in app.graph()


def test_each_app_has_an_instance_of_its_own_and_other_builders_are_left_alone():
    named = {"overrides": {"mikro.records": "lab_of_ours:LabRecords"}}
    one, other = easy("one", settings=named), easy("other", settings=named)

    assert one.container.mikro.records() is one.container.mikro.records()
    assert one.container.mikro.records() is not other.container.mikro.records()
    assert kind_at(easy("third"), "mikro.records") == "GraphQLImageRecords"


def test_a_service_is_started_with_the_app(capsys: pytest.CaptureFixture[str]):
    with embedded("test", settings={"overrides.herre": "lab_of_ours:LabHerre"}) as app:
        from_xarray(np.zeros((2, 2)), name="zeros")

        assert type(app.herre).__name__ == "LabHerre"
    assert capsys.readouterr().out == "the login of the lab begins\n"


def test_an_argument_wins_over_a_file_and_a_file_over_the_builder():
    user_says("overrides: {fakts.presenter: 'lab_of_ours:LabPresenter'}\n")
    lab = builder("lab", base=embedded, overrides={"fakts.presenter": PrintPresenter()})

    assert kind_at(lab("x"), "fakts.presenter") == "LabPresenter"
    assert kind_at(lab("x", overrides={"fakts.presenter": Quiet("mine")}), "fakts.presenter") == "Quiet"
    said = lab("x").explain("fakts.presenter").splitlines()
    assert said[2:4] == [f"  put there by {user_file()}:1:30", "  over builder 'lab'"]


def test_what_the_settings_choose_is_what_a_class_stands_for():
    named = {"overrides.mikro.pixels": "arkitekt_di.mikro:InMemoryPixelStore"}

    app = embedded("x", settings={**named, "mikro.kind": "in_memory"})

    assert isinstance(app.container.mikro.pixels(), InMemoryPixelStore)
    assert isinstance(app.container.mikro.records(), InMemoryImageRecords)


def test_everything_that_is_wrong_is_told_at_once_with_file_line_and_key():
    path = user_says(
        """overrides:
  mirko: lab_of_ours:LabRecords
  mikro.records: lab_of_ours.LabRecords
  mikro.pixels: lab_that_is_gone:Pixels
  herre: lab_of_ours:Missing
  fakts: lab_of_ours:records
  transport: lab_of_ours:Odd
"""
    )

    with pytest.raises(ConfigurationError) as caught:
        easy("analysis")

    told = [(problem.origin, problem.line, problem.key) for problem in caught.value.problems]
    keys = ["mirko", "mikro.records", "mikro.pixels", "herre", "fakts", "transport"]
    assert told == [(str(path), line, f"overrides.{key}") for line, key in enumerate(keys, start=2)]
    for said, problem in zip(
        [
            "did you mean 'mikro'?",
            "write module:Class",
            "ModuleNotFoundError: No module named 'lab_that_is_gone'. Install its package",
            "has no attribute 'Missing'",
            "is no class, but a int",
            "does not take the arguments of HttpClient: missing a required argument: 'shape'",
        ],
        caught.value.problems,
        strict=True,
    ):
        assert said in problem.message


def test_a_class_that_does_not_keep_the_promise_is_found_by_a_check():
    app = easy("analysis", settings={"overrides.mikro.records": "lab_of_ours:LabPresenter"})

    with pytest.raises(Exception, match="wants ImageRecords, but LabPresenter has no"):
        app.check()


def test_the_code_of_a_cloned_project_is_not_even_imported(lab: Path):
    (lab / "evil.py").write_text("open('harm', 'w').close()\nclass Records: ...\n")
    (lab / "arkitekt.yaml").write_text("overrides:\n  mikro.records: evil:Records\n")

    with pytest.raises(ConfigurationError, match="a project file may not set this"):
        easy("analysis")

    assert not (lab / "harm").exists()


def test_a_project_may_not_have_images_forgotten(lab: Path):
    (lab / "arkitekt.yaml").write_text("mikro: {kind: in_memory}\n")

    with pytest.raises(ConfigurationError, match=r"arkitekt\.yaml:1:15: mikro\.kind: a project file may not set this"):
        easy("analysis")
