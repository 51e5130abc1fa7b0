"""A configuration that the user gives, where a hub is not to be asked for one."""

import os
from collections.abc import Sequence
from typing import Protocol

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from arkitekt_di.errors import ConfigurationError, Problem
from arkitekt_di.messages.fakts import ActiveFakts
from arkitekt_di.settings.document import read_document
from arkitekt_di.settings.files import file_layer
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.settings.origins import Kind, Origin
from arkitekt_di.settings.tree import Branch, Node, plain

GIVEN = Origin(Kind.ARGUMENT)


class Facts(Protocol):
    """Knows a configuration without asking a hub."""

    def read(self) -> ActiveFakts | None:
        """Return the configuration, or None where there is none.

        Raises
        ------
        ConfigurationError
            What was given is no configuration.
        """
        ...


class StaticFacts:
    """Always the same configuration.

    Parameters
    ----------
    configuration : ActiveFakts
    """

    def __init__(self, configuration: ActiveFakts) -> None:
        self._configuration = configuration

    def read(self) -> ActiveFakts | None:
        """Return it."""
        return self._configuration


class ConfiguredFacts:
    """What the settings say, themselves or in a file; the former goes first.

    Parameters
    ----------
    settings : FaktsSettings
    """

    def __init__(self, settings: FaktsSettings) -> None:
        self._settings = settings

    def read(self) -> ActiveFakts | None:
        """Return the configuration, or None where the settings name none."""
        if self._settings.facts is not None:
            document = read_document(self._settings.facts, GIVEN)  # JSON is YAML; neither can make objects or grow here
            return _checked(document.node, document.problems, GIVEN, "fakts.facts")
        if self._settings.facts_file is not None:
            layer = file_layer(self._settings.facts_file, Kind.NAMED_FILE, os.environ)
            return _checked(layer.tree, layer.problems, layer.tree.origin, "")
        return None


def _checked(node: Node | None, problems: Sequence[Problem], origin: Origin, key: str) -> ActiveFakts:
    if problems:
        raise ConfigurationError(problems)
    if not isinstance(node, Branch):
        raise ConfigurationError(
            [Problem(origin.place, None, None, key, "this is no configuration: it has no members")]
        )
    try:
        return ActiveFakts.model_validate(plain(node))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise ConfigurationError([_problem(wrong, origin, key) for wrong in found]) from error


def _problem(wrong: ErrorDetails, origin: Origin, key: str) -> Problem:
    where = ".".join(part for part in (key, *map(str, wrong["loc"])) if part)
    return Problem(origin.place, None, None, where, wrong["msg"][:1].lower() + wrong["msg"][1:])
