"""What a builder is, and how to make one of one's own."""

import functools
import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, ParamSpec, Self, get_args, is_typeddict

from arkitekt_di.app import App
from arkitekt_di.containers.presets import Preset
from arkitekt_di.errors import CompositionError
from arkitekt_di.messages.manifest import Manifest

P = ParamSpec("P")


@dataclass(frozen=True)
class Order:
    """What somebody asks of a builder.

    Attributes
    ----------
    manifest : Manifest
        The app.
    settings : Mapping of str to object
        Settings that win over every file and variable; keys may be dotted.
    config : Path or str or None
        A YAML file, above those that are found by themselves.
    overrides : Mapping of str to object
        Objects that stand for services, by dotted name.
    log_level : str or None
        Level of the logger ``arkitekt_di``; left alone where it is None.
    """

    manifest: Manifest
    settings: Mapping[str, object]
    config: Path | str | None = None
    overrides: Mapping[str, object] | None = None
    log_level: str | None = None


class Builder(Generic[P]):
    """Makes apps of one preset; called like a function, with the arguments of that preset.

    Parameters
    ----------
    take_order : callable
        Turns the arguments into an `Order`; its signature and docstring are the builder's.
    preset : Preset
        Container, YAML and overrides.
    """

    def __init__(self, take_order: Callable[P, Order], preset: Preset) -> None:
        self._take_order = take_order
        self._preset = preset
        functools.update_wrapper(self, take_order, updated=())
        self.__signature__ = _spelled_out(inspect.signature(take_order)).replace(return_annotation=App)

    @property
    def preset(self) -> Preset:
        """What its apps are made of."""
        return self._preset

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> App:
        """Make an app, closed; enter it with ``with`` or ``async with``."""
        return self.build(self.order(*args, **kwargs))

    def order(self, *args: P.args, **kwargs: P.kwargs) -> Order:
        """Return what is asked for; an argument that there is not is a `TypeError`, as for every function."""
        self.__signature__.bind(*args, **kwargs)
        return self._take_order(*args, **kwargs)

    def build(self, order: Order) -> App:
        """Make the app that *order* asks for."""
        self._set_log_level(order)
        return App.from_preset(
            self._preset, order.manifest, config=order.config, overrides=order.overrides, settings=order.settings
        )

    def derived(self, preset: Preset) -> Self:
        """Return a builder with the same arguments for another preset."""
        return type(self)(self._take_order, preset)

    def _set_log_level(self, order: Order) -> None:
        if order.log_level is not None:
            logging.getLogger("arkitekt_di").setLevel(order.log_level.upper())

    def __repr__(self) -> str:
        return f"<builder {self._preset.name!r}>"


def _spelled_out(signature: inspect.Signature) -> inspect.Signature:
    """Return a signature with the names that ``**options`` stands for; ``...`` is a default, as in stubs."""
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        options = next(iter(get_args(parameter.annotation)), None)
        if parameter.kind is parameter.VAR_KEYWORD and is_typeddict(options):
            parameters += [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=..., annotation=annotation)
                for name, annotation in options.__annotations__.items()
            ]
        else:
            parameters.append(parameter)
    return signature.replace(parameters=parameters)


def building(preset: Preset) -> Callable[[Callable[P, Order]], Builder[P]]:
    """Decorate a function that takes an order: it becomes the builder of *preset*."""
    return lambda take_order: Builder(take_order, preset)


def builder(
    name: str,
    *,
    base: Builder[P],
    overrides: Mapping[str, object] | None = None,
    config: Path | str | None = None,
) -> Builder[P]:
    """Make a builder of one's own from another.

    Parameters
    ----------
    name : str
        Name of the preset, for messages and for ``arkitekt-di config show --preset``.
    base : Builder
        Where it starts from, such as `easy`; it has the same arguments.
    overrides : mapping of str to object, optional
        Objects or dependency_injector providers that stand for services, by dotted name, such as
        ``{"fakts.presenter": presenter}``.  An object is shared by all apps; a provider makes one for each.
    config : Path or str, optional
        YAML file with the settings in which it differs from *base*.  Files, variables and arguments of whoever uses the
        builder win over it.

    Returns
    -------
    Builder

    Raises
    ------
    CompositionError
        *overrides* names a service that *base* has not, or *base* is no builder.

    Examples
    --------
    >>> lab = builder("lab", base=easy, config="lab.yaml")
    >>> app = lab("my-analysis", version="0.1.0")

    A package offers it to everybody who installs it, in its pyproject.toml:

    .. code-block:: toml

        [project.entry-points."arkitekt_di.builders"]
        lab = "our_lab.apps:lab"
    """
    if not isinstance(base, Builder):
        raise CompositionError(f"the base of the builder {name!r} is no builder, but a {type(base).__name__}: try easy")
    files = () if config is None else (Path(config),)
    preset = base.preset.derived(name, overrides=overrides or {}, files=files)
    preset.make()  # a misspelt override is told here, not when an app is made
    return base.derived(preset)
