"""Every YAML file that comes with the package loads."""

from importlib.resources import files

import pytest

from arkitekt_di.config import PRESETS, preset_path
from arkitekt_di.errors import ConfigurationError
from arkitekt_di.settings.load import load_app_settings
from arkitekt_di.settings.models import AppSettings, FaktsSettings, RekuestSettings
from arkitekt_di.settings.origins import Kind

SHIPPED = sorted(entry.name for entry in files("arkitekt_di.config").iterdir() if entry.name.endswith(".yaml"))


def test_every_preset_has_its_file_and_every_file_its_preset():
    assert [f"{name}.yaml" for name in sorted(PRESETS)] == SHIPPED


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_loads_and_opens_with_what_it_is_for(name):
    loaded = load_app_settings(preset_path(name), environ={})

    assert {origin.kind for origin in loaded.origins.values()} == {Kind.PRESET}
    assert preset_path(name).read_text().startswith(f'# Preset "{name}": ')


def test_easy_keeps_the_defaults():
    assert load_app_settings(preset_path("easy"), environ={}).settings == AppSettings()


def test_embedded_opens_no_browser_and_keeps_no_tokens():
    expected = AppSettings(
        fakts=FaktsSettings(browser="print", cache="none"), rekuest=RekuestSettings(journal="none", heartbeat="loop")
    )

    assert load_app_settings(preset_path("embedded"), environ={}).settings == expected


def test_a_preset_that_does_not_exist_is_refused():
    with pytest.raises(ConfigurationError, match="choose one of 'easy', 'embedded'"):
        preset_path("../easy")
