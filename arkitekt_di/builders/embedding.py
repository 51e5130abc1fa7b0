"""The builder `embedded`: apps that bring their own hub along."""

from collections.abc import Mapping
from pathlib import Path

from arkitekt_di.builders.builder import Order, building
from arkitekt_di.builders.manifests import manifest_of, without_none
from arkitekt_di.containers.presets import shipped_preset


@building(shipped_preset("embedded"))
def embedded(
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    folder: Path | str | None = None,
    config: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Order:
    """Make an app that brings its own hub along, in its own process and loop: for tests, tutorials and demos.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    folder : Path or str, optional
        Data folder of the hub; by default a temporary one, gone when the app is left.
    config, overrides, settings
        As for `easy`.

    Returns
    -------
    App
        Closed; enter it with ``with`` or ``async with``.

    Raises
    ------
    ConfigurationError
        Settings are wrong; all problems at once, each with file, line and column.
    CompositionError
        *overrides* names a service that does not exist.
    """
    return Order(
        manifest_of(identifier, version),
        {**(settings or {}), **without_none({"hub.folder": None if folder is None else str(folder)})},
        config=config,
        overrides=overrides,
    )
