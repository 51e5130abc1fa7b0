"""Checks all layers together against the model, and says in plain words what is wrong with which value."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from arkitekt_di.errors import Problem
from arkitekt_di.settings.origins import Kind
from arkitekt_di.settings.suggestion import did_you_mean
from arkitekt_di.settings.tree import Branch, nearest, plain

M = TypeVar("M", bound=BaseModel)

MESSAGES: Mapping[str, str] = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "finite_number": "must be a finite number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "literal_error": "must be one of {expected}",
    "missing": "must be set",
    "path_type": "must be a path",
    "string_type": "must be text",
    "tuple_type": "must be a list",
}
"""Our words for the error types of pydantic; other types keep pydantic's words."""

NOUNS: Mapping[type, str] = {
    type(None): "null (no value)",
    bool: "a truth value",
    dict: "a section",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "text",
}


def check(model: type[M], tree: Branch) -> tuple[M | None, list[Problem]]:
    """Return the settings, or None and everything that is wrong with the values."""
    try:
        return model.model_validate(plain(tree)), []
    except ValidationError as error:
        return None, [_problem(details, tree) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, tree: Branch) -> Problem:
    key, node = nearest(tree, details["loc"])
    if details["type"] == "missing":
        key = (*key, details["loc"][-1])
    return node.origin.problem(key, _message(details, may_be_text=node.origin.kind is Kind.ARGUMENT))


def _message(details: ErrorDetails, *, may_be_text: bool) -> str:
    """Say what is wrong without the value, which may be a secret."""
    context: dict[str, Any] = details.get("ctx", {})
    template = MESSAGES.get(details["type"])
    if template is None:
        return details["msg"][:1].lower() + details["msg"][1:]
    message = template.format(**context)
    if details["type"] == "literal_error":
        return message + did_you_mean(str(details["input"]), re.findall(r"'([^']*)'", context["expected"]))
    noun = NOUNS.get(type(details["input"]))
    is_wrong_kind = noun is not None and details["type"].endswith("_type") and (noun != "text" or may_be_text)
    return f"{message}, not {noun}" if is_wrong_kind else message
