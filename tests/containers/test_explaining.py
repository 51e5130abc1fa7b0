"""What an app says about where its services come from."""

from pathlib import Path

import pytest

from arkitekt_di import App, builder, embedded
from arkitekt_di.builders import find_builder
from arkitekt_di.containers.explaining import replaced_by
from arkitekt_di.containers.jupy import JupyContainer
from arkitekt_di.errors import CompositionError
from arkitekt_di.fakts.presenter import PrintPresenter
from tests.apps import Quiet
from tests.containers.services import WithHub, WithOtherHub, WithOtherLease


def lines(app: App, name: str) -> list[str]:
    return [line.strip() for line in app.explain(name).splitlines()]


def test_what_nobody_replaced_has_nobody_to_thank():
    said = lines(embedded("x"), "mikro.pixels")

    assert said[:2] == ["mikro.pixels", "is S3PixelStore"]
    assert not [line for line in said if line.startswith("put there")]
    assert "needs fakts" in said


def test_a_preset_is_named_and_a_preset_of_it_before_it():
    assert "put there by preset EasyFakts" in lines(find_builder("easy")("x"), "fakts.last_resort")
    assert list(replaced_by(JupyContainer, "fakts.presenter")) == ["JupyFakts"]
    assert list(replaced_by(WithOtherHub, "hub")) == ["WithOtherHub", "WithHub"]
    assert list(replaced_by(WithHub, "fakts.discovery")) == ["FaktsBesideHub"]
    assert list(replaced_by(WithOtherLease, "fakts.discovery")) == ["WithOtherAddress"]
    assert list(replaced_by(WithHub, "mikro")) == []


def test_the_whole_chain_is_told_the_one_that_holds_first():
    lab = builder("lab", base=embedded, overrides={"fakts.discovery": Quiet("lab")})
    app = lab("x", overrides={"fakts.discovery": Quiet("mine")})

    with app.override({"fakts.discovery": Quiet("test")}):
        said = lines(app, "fakts.discovery")

    chain = [line for line in said if line.startswith(("put there by", "over"))]
    assert chain == [
        "put there by app.override(...)",
        "over the argument overrides=",
        "over builder 'lab'",
        "over preset EmbeddedFakts",
    ]
    assert "put there by the argument overrides=" in lines(app, "fakts.discovery")


def test_an_attribute_that_was_set_is_told():
    app = embedded("x")
    app.mikro = Quiet("mikro")  # type: ignore[assignment]  # anything may stand for it

    assert lines(app, "mikro")[:3] == ["mikro", "is Quiet", "put there by app.mikro = ..."]


def test_each_setting_is_told_with_its_origin_and_secrets_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arkitekt.yaml").write_text("mikro:\n  codec: zstd\n")
    app = embedded("x", settings={"fakts.mandate_key": "canary"})

    assert f"setting mikro.codec = 'zstd', from {tmp_path}/arkitekt.yaml:2:10" in lines(app, "mikro")
    assert "canary" not in app.explain("fakts")
    assert "setting fakts.mandate_key = '**********', from argument" in lines(app, "fakts")


def test_a_misspelt_name_tells_the_nearest():
    with pytest.raises(CompositionError, match="did you mean 'mikro'"):
        embedded("x").explain("mirko")


def test_an_object_of_an_app_made_from_a_container_has_no_settings_to_tell():
    container = embedded("x").container

    assert not [line for line in lines(App(container), "koil") if line.startswith("setting")]
    assert type(PrintPresenter()).__name__ not in App(container).explain("koil")
