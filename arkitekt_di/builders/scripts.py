"""The builder `easy`: apps for scripts."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from arkitekt_di.builders.builder import Order, building
from arkitekt_di.builders.manifests import manifest_of, without_none
from arkitekt_di.containers.presets import shipped_preset


@building(shipped_preset("easy"))
def easy(  # noqa: PLR0913  # the arguments of the usage document, all but two keyword-only
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    logo: str | None = None,
    scopes: Sequence[str] = ("openid",),
    url: str | None = None,
    token: str | None = None,
    issuer: str | None = None,
    headless: bool = False,
    log_level: str | None = None,
    no_cache: bool = False,
    insecure: bool = False,
    instance_id: str | None = None,
    config: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Order:
    """Make an app for scripts: finds or starts a hub, and logs in with the browser where the hub wants it.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    logo : str, optional
        Address of a picture that the hub shows.
    scopes : sequence of str, default ("openid",)
        OAuth2 scopes to ask for (RFC 6749, section 3.3).
    url : str, optional
        Address of the hub, such as ``https://hub.lab.org`` or ``localhost:8000``.  Without it, and without one in the
        settings, it is the hub that ``arkitekt-di auth login`` remembers, or else the user's own on this machine, which
        is started where it is not running.
    token : str, optional
        Access token to use as it is: neither renewed nor kept.
    issuer : str, optional
        OpenID Connect issuer that gives tokens in place of the hub; the settings ``herre.client_id`` and
        ``herre.client_secret`` say as which client.
    headless : bool, default False
        Print the login link and the code instead of opening a browser, and wait for as long as the code is good.
        Without it, an app that needs a person raises `LoginRequiredError` where there is neither terminal nor notebook.
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

    Examples
    --------
    >>> app = easy("my-analysis", version="0.1.0")
    >>> app
    <App 'my-analysis' 0.1.0 closed>
    """
    return Order(
        manifest_of(identifier, version, logo=logo, scopes=scopes, device_id=instance_id),
        {
            **(settings or {}),
            **without_none(
                {
                    "fakts.url": url,
                    "fakts.browser": "print" if headless else None,
                    "herre.login": "device" if headless else None,
                    "herre.token": token,
                    "herre.issuer": issuer,
                    "fakts.cache": "none" if no_cache else None,
                    "transport.insecure": True if insecure else None,
                }
            ),
        },
        config=config,
        overrides=overrides,
        log_level=log_level,
    )
