"""Changes of a JSON document, as RFC 6902 writes them."""

from typing import Any


class PatchError(ValueError):
    """The document has nothing at the place that is to change."""


def patched(document: Any, op: str, path: str, value: Any) -> Any:
    """Return *document* after one change; raises `PatchError` where it does not fit.

    Only what agents send is known: ``add``, ``replace`` and ``remove``.
    """
    if op not in {"add", "replace", "remove"}:
        message = f"unknown operation {op!r}"
        raise PatchError(message)
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]
    return _changed(document, steps, op, value)


def _changed(node: Any, steps: list[str], op: str, value: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(node, dict):
        return _changed_object(node, step, rest, op, value)
    if isinstance(node, list):
        return _changed_list(node, step, rest, op, value)
    message = f"nothing is inside a {type(node).__name__}"
    raise PatchError(message)


def _changed_object(node: dict[str, Any], key: str, rest: list[str], op: str, value: Any) -> dict[str, Any]:
    if key not in node and (rest or op != "add"):
        message = f"no member {key!r}"
        raise PatchError(message)
    if op == "remove" and not rest:
        return {name: member for name, member in node.items() if name != key}
    return node | {key: _changed(node.get(key), rest, op, value)}


def _changed_list(node: list[Any], step: str, rest: list[str], op: str, value: Any) -> list[Any]:
    index = len(node) if step == "-" else int(step) if step.isdecimal() else -1
    most = len(node) if op == "add" and not rest else len(node) - 1
    if not 0 <= index <= most:
        message = f"no element {step!r}"
        raise PatchError(message)
    if rest:
        return [*node[:index], _changed(node[index], rest, op, value), *node[index + 1 :]]
    if op == "add":
        return [*node[:index], value, *node[index:]]
    return [*node[:index], *([value] if op == "replace" else []), *node[index + 1 :]]
