"""Reads a function: what goes in, what comes out, what is injected, and what its docstring says."""

import collections.abc
import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from arkitekt_di.errors import OfferRefusedError, ValueRefusedError
from arkitekt_di.messages.definitions import ActionKind
from arkitekt_di.messages.widgets import Widget
from arkitekt_di.rekuest.injection import is_injected
from arkitekt_di.rekuest.ports.codec import MISSING, Slot
from arkitekt_di.rekuest.ports.docstrings import Documentation, read_docstring
from arkitekt_di.rekuest.ports.reading import UnmappedTypeError, read_slot

_STREAMS: Final = {
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
}


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives.

    Attributes
    ----------
    name : str
    kind : ActionKind
    is_async : bool
        Whether it is a coroutine function or an async generator function.
    args : tuple of Slot
        Parameters that callers give, in order.
    returns : tuple of Slot
        ``return0``, ``return1``, ...
    injected : mapping of str to type
        Parameters that the agent gives.
    documentation : Documentation
    """

    name: str
    kind: ActionKind
    is_async: bool
    args: tuple[Slot, ...]
    returns: tuple[Slot, ...]
    injected: Mapping[str, Any]
    documentation: Documentation

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by the keys of the ports; raises `ValueRefusedError` where they do not fit."""
        keys = [slot.key for slot in self.args]
        if len(args) > len(keys):
            raise ValueRefusedError(self.name, f"takes {len(keys)} values by position, got {len(args)}")
        given = dict(zip(keys, args, strict=False))
        for key in kwargs:
            if key in given:
                raise ValueRefusedError(key, "was given twice")
        return {**given, **kwargs}

    def results(self, returned: Any) -> dict[str, Any]:
        """Return what the function returned or yielded by the keys of the ports."""
        if not self.returns:
            return {}
        if len(self.returns) == 1:
            return {self.returns[0].key: returned}
        if not isinstance(returned, tuple | list) or len(returned) != len(self.returns):
            raise ValueRefusedError("return", f"{len(self.returns)} values wanted, got {returned!r:.60}")
        return {slot.key: value for slot, value in zip(self.returns, returned, strict=True)}


def kind_of(fn: Callable[..., Any]) -> tuple[ActionKind, bool]:
    """Return whether *fn* yields, and whether it is async."""
    plain = _unwrapped(fn)
    if inspect.isasyncgenfunction(plain):
        return ActionKind.GENERATOR, True
    if inspect.isgeneratorfunction(plain):
        return ActionKind.GENERATOR, False
    return ActionKind.FUNCTION, inspect.iscoroutinefunction(plain)


def read_signature(
    fn: Callable[..., Any],
    *,
    namespace: Mapping[str, Any] | None = None,
    widgets: Mapping[str, Widget] | None = None,
) -> Signature:
    """Read a function.

    Parameters
    ----------
    fn : callable
        Function, coroutine function, generator function, async generator function, or a bound method of these.
    namespace : mapping of str to object, optional
        Names that annotations use beside those of the module, such as those of an enclosing function.
    widgets : mapping of str to Widget, optional
        How parameters are asked for.

    Raises
    ------
    OfferRefusedError
        Something cannot be mapped; names the parameter and the reason.
    """
    return _Reader(fn, namespace or {}, widgets or {}).read()


class _Reader:
    def __init__(self, fn: Callable[..., Any], namespace: Mapping[str, Any], widgets: Mapping[str, Widget]) -> None:
        self._fn = fn
        self._name = getattr(fn, "__name__", type(fn).__name__)
        self._widgets = dict(widgets)
        plain = inspect.unwrap(_unwrapped(fn))
        self._globals = getattr(plain, "__globals__", {})
        self._locals = {**_closure(plain), **namespace}
        self._annotations = inspect.get_annotations(plain) if callable(plain) else {}

    def read(self) -> Signature:
        documentation = read_docstring(inspect.getdoc(self._fn))
        kind, is_async = kind_of(self._fn)
        args: list[Slot] = []
        injected: dict[str, Any] = {}
        for parameter in self._parameters():
            hint = self._hint(parameter.name)
            if is_injected(hint):
                injected[parameter.name] = hint
            else:
                args.append(self._argument(parameter, hint, documentation))
        if strangers := set(self._widgets) - {slot.key for slot in args}:
            raise self._refusal(min(strangers), "has a widget but is no parameter", "Check the names in widgets")
        returns = self._returns(kind, documentation)
        return Signature(self._name, kind, is_async, tuple(args), returns, injected, documentation)

    def _parameters(self) -> list[inspect.Parameter]:
        try:
            parameters = list(inspect.signature(self._fn).parameters.values())
        except (TypeError, ValueError) as error:
            raise self._refusal("", "its parameters cannot be read", "Wrap it in a function of your own") from error
        for parameter in parameters:
            if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
                raise self._refusal(
                    str(parameter), "any number of values has no ports", "Name them, or take a list or dict"
                )
        return parameters

    def _argument(self, parameter: inspect.Parameter, hint: Any, documentation: Documentation) -> Slot:
        default = MISSING if parameter.default is parameter.empty else parameter.default
        slot = self._slot(parameter.name, parameter.name, hint, default)
        notes = slot.notes.or_description(documentation.arguments.get(parameter.name))
        if (widget := self._widgets.get(parameter.name)) is not None:
            notes = dataclasses.replace(notes, widget=widget)
        return dataclasses.replace(slot, notes=notes)

    def _returns(self, kind: ActionKind, documentation: Documentation) -> tuple[Slot, ...]:
        hint = self._hint("return")
        if kind is ActionKind.GENERATOR:
            origin, arguments = typing.get_origin(hint), typing.get_args(hint)
            if origin not in _STREAMS:
                raise self._refusal("return", "it yields but does not say what", "Write -> Iterator[...] or the like")
            hint = arguments[0]
        if hint in (None, type(None)):
            return ()
        hints = typing.get_args(hint) if _is_several(hint) else (hint,)
        described = [*documentation.results, *([None] * len(hints))]
        slots = [self._slot("return", f"return{index}", one) for index, one in enumerate(hints)]
        return tuple(
            dataclasses.replace(slot, notes=slot.notes.or_description(text))
            for slot, text in zip(slots, described, strict=False)
        )

    def _slot(self, parameter: str, key: str, hint: Any, default: Any = MISSING) -> Slot:
        try:
            return read_slot(key, hint, default)
        except UnmappedTypeError as error:
            raise self._refusal(parameter, error.reason, error.remedy) from error
        except ValueRefusedError as error:
            reason = f"its default does not fit: {error.reason}"
            raise self._refusal(parameter, reason, "Change the default or the type") from error

    def _hint(self, name: str) -> Any:
        if name not in self._annotations:
            what = "what it returns is not annotated" if name == "return" else "it is not annotated"
            raise self._refusal(name, what, "Say of which type it is, such as -> None" if name == "return" else _TYPE)
        holder = types.SimpleNamespace(__annotations__={name: self._annotations[name]})
        try:
            return typing.get_type_hints(holder, self._globals, self._locals, include_extras=True)[name]
        except NameError as error:
            reason = f"its annotation uses {error.name!r}, which is not known where the function is offered"
            raise self._refusal(name, reason, "Define or import it before") from error

    def _refusal(self, parameter: str, reason: str, remedy: str) -> OfferRefusedError:
        return OfferRefusedError(self._name, parameter, reason, remedy)


_TYPE: Final = "Say of which type it is, such as `threshold: float`"


def _is_several(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple and Ellipsis not in typing.get_args(hint)


def _unwrapped(fn: Any) -> Any:
    while True:
        if isinstance(fn, functools.partial):
            fn = fn.func
        elif inspect.ismethod(fn):
            fn = fn.__func__
        else:
            return fn


def _closure(fn: Any) -> dict[str, Any]:
    try:
        return dict(inspect.getclosurevars(fn).nonlocals)
    except (TypeError, ValueError):
        return {}
