"""A settings file to begin with: every key with its meaning and default, all commented out."""

from collections.abc import Iterator
from itertools import groupby

from pydantic import BaseModel

from arkitekt_di.settings.documentation import descriptions, summary
from arkitekt_di.settings.fields import Setting, settings_of
from arkitekt_di.settings.listing import shown, yaml_value
from arkitekt_di.settings.origins import dotted
from arkitekt_di.settings.trust import REFUSED_IN_FILES, REFUSED_IN_PROJECT_FILES


def template(model: type[BaseModel], *, schema: str) -> str:
    """Return the text of the file.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        The settings.
    schema : str
        Address of the JSON Schema, as editors read it: relative to the file, or absolute.
    """
    return "\n".join([f"# yaml-language-server: $schema={schema}", *_lines(model), ""])


def _lines(model: type[BaseModel]) -> Iterator[str]:
    for above, settings in groupby(settings_of(model), key=lambda setting: setting.key[:-1]):
        members = list(settings)
        yield ""
        if above:
            indent = "  " * (len(above) - 1)
            yield f"{indent}# {summary(members[0].section)}"
            yield f"{indent}{above[-1]}:"
        for setting in members:
            yield from _entry(setting, "  " * len(above))


def _entry(setting: Setting, indent: str) -> Iterator[str]:
    name = setting.key[-1]
    if description := descriptions(setting.section).get(name):
        yield f"{indent}# {description.text}"
    if dotted(setting.key) in REFUSED_IN_FILES:
        yield f"{indent}# Not in any file: an argument or a variable says it for one call."
    if dotted(setting.key) in REFUSED_IN_PROJECT_FILES:
        yield f"{indent}# Not in the file of a project."
    default = shown(name, setting.field.get_default(call_default_factory=True))
    yield f"{indent}#{name}: {yaml_value(default)}"
