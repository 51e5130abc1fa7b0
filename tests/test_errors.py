"""The tree of errors: its shape, its texts, and that each error is of use."""

import inspect
import pickle
import re
from pathlib import Path

import pytest

from arkitekt_di import errors

ROOT = Path(__file__).parents[1]

ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ArkitektError)]

SAMPLES = {
    "Sequence[Problem]": [errors.Problem("a.yaml", 3, 5, "mikro.codec", "unknown key")],
    "Sequence[AliasFailure]": [errors.AliasFailure("http://127.0.0.1:1", "refused")],
    "Sequence[str]": ["one", "two"],
    "str": "something",
    "str | None": None,
    "int": 7,
    "float": 1.5,
}


def sample(kind: type[errors.ArkitektError]) -> errors.ArkitektError:
    if not any("__init__" in vars(base) for base in kind.__mro__ if base.__module__ == errors.__name__):
        return kind()
    annotations = [p.annotation for p in inspect.signature(kind).parameters.values() if p.default is p.empty]
    names = [inspect.formatannotation(annotation) for annotation in annotations]
    return kind(*(SAMPLES[re.sub(r"(collections\.abc|arkitekt_di\.errors)\.", "", name)] for name in names))


def tree_in_the_docstring() -> dict[str, str]:
    parents: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^    ([│├└─ ]*)(\w+Error)", line)
        if found:
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            parents[found[2]] = above[depth - 1] if depth else ""
    return parents


def test_the_docstring_draws_the_tree_as_it_is():
    drawn = tree_in_the_docstring()

    assert drawn == {
        kind.__name__: "" if kind is errors.ArkitektError else kind.__bases__[0].__name__ for kind in ERRORS
    }


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_survives_pickling_with_its_data(kind: type[errors.ArkitektError]):
    error = sample(kind)

    again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes

    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)


@pytest.mark.parametrize("kind", [kind for kind in ERRORS if not kind.__subclasses__()])
def test_every_error_is_raised_somewhere(kind: type[errors.ArkitektError]):
    sources = [*ROOT.glob("arkitekt_di/**/*.py"), *ROOT.glob("containers/*.py")]
    used = re.compile(rf"\b{kind.__name__}\b")

    assert any(used.search(path.read_text()) for path in sources if path.name != "errors.py")
