"""What a docstring says: title, text, parameters and results, in NumPy, Google or reST style."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import docstring_parser


@dataclass(frozen=True)
class Documentation:
    """The parts of a docstring.

    Attributes
    ----------
    title : str or None
        The first line, without a full stop.
    text : str or None
        Everything before the sections.
    arguments : mapping of str to str
        Descriptions by name.
    results : sequence of str or None
        Descriptions in order.
    """

    title: str | None = None
    text: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    results: Sequence[str | None] = ()


def read_docstring(text: str | None) -> Documentation:
    """Return the parts of a docstring; one that follows no style is all text."""
    if not text or not text.strip():
        return Documentation()
    try:
        parsed = docstring_parser.parse(text)
    except docstring_parser.ParseError:
        return Documentation(title=text.strip().splitlines()[0], text=text.strip())
    title = (parsed.short_description or "").strip()
    paragraphs = [title, (parsed.long_description or "").strip()]
    return Documentation(
        title=title.removesuffix(".") or None,
        text="\n\n".join(paragraph for paragraph in paragraphs if paragraph) or None,
        arguments={name: _described(one) for one in parsed.params for name in _names(one.arg_name)},
        results=[_line(one.description) or None for one in parsed.many_returns],
    )


def _names(names: str) -> list[str]:
    return [name.strip().lstrip("*") for name in names.split(",")]


def _described(parameter: docstring_parser.DocstringParam) -> str:
    # "threshold : relative threshold, 0..1" stands where NumPy's style has the type; a type is one word, as a rule.
    words = parameter.type_name or ""
    return _line(parameter.description or (words if " " in words.strip() else ""))


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
