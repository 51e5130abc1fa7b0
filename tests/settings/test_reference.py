"""The reference page tells every key, command and refused key as the code has them."""

from itertools import groupby
from pathlib import Path

import pytest

from arkitekt_di.cli.config import app
from arkitekt_di.settings.documentation import descriptions, summary
from arkitekt_di.settings.fields import settings_of
from arkitekt_di.settings.listing import shown
from arkitekt_di.settings.load import NAMED_VARIABLES
from arkitekt_di.settings.models import AppSettings, ServerSettings
from arkitekt_di.settings.trust import REFUSED_IN_PROJECT_FILES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "settings.md").read_text()


def tables_of(model):
    """Return the tables of the page: run this module to print them after a change of the models."""
    lines = []
    for above, members in groupby(settings_of(model), key=lambda setting: setting.key[:-1]):
        settings = list(members)
        title = f"### `{'.'.join(above)}`" if above else "### Outside any section"
        lines += [
            "",
            title,
            "",
            summary(settings[0].section),
            "",
            "| key | type | default | meaning |",
            "|---|---|---|---|",
        ]
        lines += [row_of(setting) for setting in settings]
    return "\n".join(lines).replace("``", "`")


def row_of(setting):
    name = setting.key[-1]
    entry = descriptions(setting.section)[name]
    default = shown(name, setting.field.get_default(call_default_factory=True))
    written = "none" if default is None else f"`{default}`"
    return f"| `{name}` | {entry.type.replace('|', 'or')} | {written} | {entry.text} |"


@pytest.mark.parametrize("model", [AppSettings, ServerSettings])
def test_the_page_has_the_table_of_every_section(model):
    assert tables_of(model) in PAGE


@pytest.mark.parametrize("model", [AppSettings, ServerSettings])
def test_every_key_is_described_by_the_docstring_of_its_section(model):
    undescribed = [
        setting.key for setting in settings_of(model) if setting.key[-1] not in descriptions(setting.section)
    ]

    assert undescribed == []


def test_no_docstring_describes_a_key_that_is_gone():
    for model in (AppSettings, ServerSettings):
        for section in {setting.section for setting in settings_of(model)}:
            assert set(descriptions(section)) <= set(section.model_fields)


def test_the_page_has_every_command():
    names = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]

    assert [name for name in names if f"`arkitekt-di config {name}" not in PAGE] == []


def test_the_page_has_every_variable_with_a_name_of_its_own():
    rows = [f"| `{variable}` | `{key}` |" for variable, key in NAMED_VARIABLES.items()]

    assert "\n".join(rows) in PAGE


def test_the_page_has_every_key_that_a_project_may_not_set():
    rows = [f"| `{key}` | {reason} |" for key, reason in REFUSED_IN_PROJECT_FILES.items()]

    assert "\n".join(rows) in PAGE


if __name__ == "__main__":
    print(tables_of(AppSettings), tables_of(ServerSettings), sep="\n\n## Settings of a hub\n")  # its purpose
