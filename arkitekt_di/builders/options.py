"""The arguments that builders have in common: said once, and known to type checkers by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypedDict

from arkitekt_di.builders.builder import Order
from arkitekt_di.builders.manifests import manifest_of, without_none
from arkitekt_di.containers.application import REQUIREMENTS
from arkitekt_di.messages.manifest import Requirement

NOTHING: Mapping[str, object] = MappingProxyType({})


class AppOptions(TypedDict, total=False):
    """What every app that uses a hub of its user's can be told, by name; all of it may be left out.

    Attributes
    ----------
    logo : str, optional
        Address of a picture that the hub shows.
    scopes : sequence of str, default ("openid",)
        OAuth2 scopes to ask for (RFC 6749, section 3.3).
    url : str, optional
        Address of the hub, such as ``https://hub.lab.org`` or ``localhost:8000``.  Without it, and without one in the
        settings, it is the hub that ``arkitekt-di auth login`` remembers, or else the user's own on this machine, which
        is started where it is not running; `port` takes neither.
    token : str, optional
        Access token to use as it is: neither renewed nor kept.
    issuer : str, optional
        OpenID Connect issuer that gives tokens in place of the hub; the settings ``herre.client_id`` and
        ``herre.client_secret`` say as which client.
    log_level : str, optional
        Level of the logger ``arkitekt_di``, such as ``"DEBUG"``.  Logging is left alone by default.
    no_cache : bool, default False
        Keep neither configuration nor tokens on disk.
    insecure : bool, default False
        Let logins go to other machines over plain http too, where anyone on the way can take them: for a hub behind a
        tunnel, this once.  No file can say so.
    instance_id : str, optional
        Tells several runs of one app apart.
    config : Path or str, optional
        A YAML file with settings, above those that are found by themselves.
    overrides : mapping of str to object, optional
        Objects that stand for services, by name, such as ``{"mikro": fake}`` or ``{"fakts.discovery": other}``.
    settings : mapping of str to object, optional
        Settings that win over every file and variable, such as ``{"mikro": {"codec": "zstd"}}``.
    """

    logo: str | None
    scopes: Sequence[str]
    url: str | None
    token: str | None
    issuer: str | None
    log_level: str | None
    no_cache: bool
    insecure: bool
    instance_id: str | None
    config: Path | str | None
    overrides: Mapping[str, object] | None
    settings: Mapping[str, object] | None


def order_of(
    identifier: str | None,
    version: str,
    options: AppOptions,
    own: Mapping[str, object] = NOTHING,
    *,
    requirements: Sequence[Requirement] = REQUIREMENTS,
) -> Order:
    """Return the order that the arguments of a builder make.

    Parameters
    ----------
    identifier, version, options
        As the builder was given them.
    own : mapping of str to object, optional
        Settings by dotted name that stand for the builder's own arguments; None was not given.
    requirements : sequence of Requirement
        What the app needs from a hub.

    Raises
    ------
    ConfigurationError
        Names each argument that a hub would not take.
    """
    named: dict[str, object] = {
        "fakts.url": options.get("url"),
        "herre.token": options.get("token"),
        "herre.issuer": options.get("issuer"),
        "fakts.cache": "none" if options.get("no_cache") else None,
        "transport.insecure": True if options.get("insecure") else None,
    }
    manifest = manifest_of(
        identifier,
        version,
        logo=options.get("logo"),
        scopes=options.get("scopes", ("openid",)),
        device_id=options.get("instance_id"),
        requirements=requirements,
    )
    return Order(
        manifest,
        {**(options.get("settings") or {}), **without_none(named), **without_none(own)},
        config=options.get("config"),
        overrides=options.get("overrides"),
        log_level=options.get("log_level"),
    )
