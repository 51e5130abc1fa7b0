"""A function that an app offers: what others are told of it, and how it is run."""

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Final, Literal, TypedDict, get_args

from arkitekt_di.errors import MissingExtraError, OfferRefusedError
from arkitekt_di.messages.definitions import ActionKind, Definition, Effects, Execution, Implementation
from arkitekt_di.messages.json_schema import arguments_schema, results_schema
from arkitekt_di.messages.ports import PortKind
from arkitekt_di.messages.widgets import Widget
from arkitekt_di.rekuest.ports.writing import arg_ports, return_ports
from arkitekt_di.rekuest.signature import Signature, read_signature

Isolation = Literal["loop", "thread", "process", "dask"]
"""Where a body runs: on the app's event loop, in a thread of its process, in another process, or on a Dask cluster."""

_ISOLATIONS: Final = get_args(Isolation)

ASYNC_LIMIT: Final = 100
"""Async bodies of one function that run at once where nothing else is said; sync ones run one at a time."""


class OfferOptions(TypedDict, total=False):
    """What may be said about a function beside its signature.

    Attributes
    ----------
    name : str
        Title for people; by default the first line of the docstring, or else the function's name.
    description : str
        By default the text of the docstring.
    interface : str
        Name under which the function is called; by default its own.
    version : str
        Changes where the meaning of the function does, default ``"1"``.
    isolation : {'loop', 'thread', 'process', 'dask'}
        Where the body runs; by default ``loop`` for async functions and ``thread`` for sync ones.
    limit : int
        Most bodies of the function that run at once; by default 1 for sync functions, 100 for async ones.
    priority : int
        Higher ones get their turn first, default 0.
    locks : sequence of str
        Names of locks that a body holds: of those that share one, one runs at a time.
    gpus : sequence of int
        GPUs for a body in a process of its own (``CUDA_VISIBLE_DEVICES``): each process gets one of them.
    resources : mapping of str to float
        What a Dask worker has to have free for a body, as ``dask worker --resources`` names it.
    effects : Effects
        What running it twice would do to the world; for people to judge by.
    idempotent, pure, stateful : bool
        ``idempotent``: run again by itself where its agent was lost.  ``pure``: the result depends on the arguments
        alone.  ``stateful``: it depends on what the agent did before.
    collections, protocols : sequence of str
        What the function is filed under.
    widgets : mapping of str to Widget
        How parameters are asked for in user interfaces.
    """

    name: str
    description: str
    interface: str
    version: str
    isolation: Isolation
    limit: int
    priority: int
    locks: Sequence[str]
    gpus: Sequence[int]
    resources: Mapping[str, float]
    effects: Effects
    idempotent: bool
    pure: bool
    stateful: bool
    collections: Sequence[str]
    protocols: Sequence[str]
    widgets: Mapping[str, Widget]


@dataclass(frozen=True, eq=False)
class Offer:
    """A function that is offered.

    Attributes
    ----------
    fn : callable
    signature : Signature
    implementation : Implementation
        What the hub is told.
    isolation : str
    limit, priority : int
    locks : tuple of str
    gpus : tuple of int
    resources : mapping of str to float
    """

    fn: Callable[..., Any]
    signature: Signature
    implementation: Implementation
    isolation: Isolation
    limit: int
    priority: int = 0
    locks: tuple[str, ...] = ()
    gpus: tuple[int, ...] = ()
    resources: Mapping[str, float] = field(default_factory=dict)

    @property
    def interface(self) -> str:
        """Name under which the function is called."""
        return self.implementation.interface or self.definition.key

    @property
    def definition(self) -> Definition:
        """What the function is."""
        return self.implementation.definition

    @property
    def is_generator(self) -> bool:
        """Whether it yields."""
        return self.signature.kind is ActionKind.GENERATOR

    @property
    def arguments_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of the arguments."""
        return arguments_schema(self.definition)

    @property
    def results_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of a result."""
        return results_schema(self.definition)

    def invoke(self, values: Mapping[str, Any]) -> Any:
        """Call the function with values by the names of its parameters."""
        positional, named = [], {}
        for parameter in inspect.signature(self.fn).parameters.values():
            if parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(values[parameter.name])
            else:
                named[parameter.name] = values[parameter.name]
        return self.fn(*positional, **named)

    def __repr__(self) -> str:
        return f"<Offer {self.interface!r}: {self.definition.name}>"


def make_offer(
    fn: Callable[..., Any],
    options: OfferOptions,
    *,
    namespace: Mapping[str, Any] | None = None,
    execution: Execution = Execution.PLAIN,
) -> Offer:
    """Read a function and make an offer of it.

    Raises
    ------
    OfferRefusedError
        The function cannot be offered; names the parameter and the reason.
    """
    if strangers := set(options) - set(OfferOptions.__annotations__):
        raise _refusal(fn, f"there is no option {min(strangers)!r}", "See arkitekt_di.rekuest.OfferOptions")
    signature = read_signature(fn, namespace=namespace, widgets=options.get("widgets"))
    isolation = _isolation(fn, signature, options)
    if execution is Execution.WORKFLOW and isolation not in {"loop", "thread"}:
        raise _refusal(fn, "a workflow calls others through its agent", f"Do without isolation={isolation!r}")
    default_limit = ASYNC_LIMIT if signature.is_async else 1
    return Offer(
        fn,
        signature,
        _implementation(fn, signature, options, execution),
        isolation,
        limit=options.get("limit", default_limit),
        priority=options.get("priority", 0),
        locks=tuple(sorted(set(options.get("locks", ())))),
        gpus=tuple(options.get("gpus", ())),
        resources=dict(options.get("resources", {})),
    )


def _implementation(
    fn: Callable[..., Any], signature: Signature, options: OfferOptions, execution: Execution
) -> Implementation:
    interface = options.get("interface", signature.name)
    documentation = signature.documentation
    definition = Definition(
        key=interface,
        version=options.get("version", "1"),
        name=options.get("name") or documentation.title or interface.replace("_", " ").strip().capitalize(),
        description=options.get("description") or documentation.text,
        kind=signature.kind,
        args=arg_ports(signature.args),
        returns=return_ports(signature.returns),
        idempotent=options.get("idempotent", False),
        pure=options.get("pure", False),
        stateful=options.get("stateful", False),
        collections=tuple(options.get("collections", ())),
        protocols=tuple(options.get("protocols", ())),
    )
    return Implementation(
        definition=definition,
        interface=interface,
        locks=tuple(sorted(set(options.get("locks", ())))) or None,
        effects=options.get("effects", Effects.UNKNOWN),
        execution=execution,
        code_hash=code_hash(fn),
    )


def _isolation(fn: Callable[..., Any], signature: Signature, options: OfferOptions) -> Isolation:
    isolation = options.get("isolation", "loop" if signature.is_async else "thread")
    if isolation not in _ISOLATIONS:
        raise _refusal(fn, f"there is no isolation {isolation!r}", f"Choose one of {', '.join(_ISOLATIONS)}")
    if isolation == "loop" and not signature.is_async:
        raise _refusal(fn, "sync code would block the app's event loop", "Leave isolation out: it gets a thread")
    if isolation == "thread" and signature.is_async:
        raise _refusal(fn, "a thread has no event loop for async code", "Leave isolation out, or use 'process'")
    if isolation == "dask" and find_spec("distributed") is None:
        raise MissingExtraError("dask", "isolation='dask'")
    if isolation in {"process", "dask"}:
        _check_importable(fn, isolation)
        _check_travels(fn, signature, isolation)
    if options.get("limit", 1) < 1:
        raise _refusal(fn, "limit is less than 1", "Give the most bodies that may run at once")
    return isolation


def _check_importable(fn: Callable[..., Any], isolation: str) -> None:
    name = getattr(fn, "__qualname__", "")
    if inspect.ismethod(fn) or "<" in name or "." in name:
        reason = f"another process cannot import {name or fn!r}"
        raise _refusal(fn, reason, f"Define it at the top of a module, or do without isolation={isolation!r}")
    if fn.__module__ == "__main__" and not hasattr(inspect.getmodule(fn), "__file__"):
        raise _refusal(fn, "another process cannot import what a notebook or prompt defines", "Put it in a module")


def _check_travels(fn: Callable[..., Any], signature: Signature, isolation: str) -> None:
    for slot in (*signature.args, *signature.returns):
        if slot.codec.kind is PortKind.MEMORY_STRUCTURE:
            reason = "what stays in the memory of this process cannot be had in another"
            raise OfferRefusedError(signature.name, slot.key, reason, f"Do without isolation={isolation!r}")


def code_hash(fn: Callable[..., Any]) -> str | None:
    """Return a SHA-256, hexadecimal, of a function's source code; None where there is none to read."""
    try:
        source = inspect.getsource(fn)
    except (OSError, TypeError):
        return None
    return hashlib.sha256(source.encode()).hexdigest()


def _refusal(fn: Callable[..., Any], reason: str, remedy: str) -> OfferRefusedError:
    return OfferRefusedError(getattr(fn, "__name__", repr(fn)), "", reason, remedy)
