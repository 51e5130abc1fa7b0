"""The builder `easy`: apps for scripts."""

from typing import Unpack

from arkitekt_di.builders.builder import Order, building
from arkitekt_di.builders.options import AppOptions, order_of
from arkitekt_di.containers.presets import shipped_preset


@building(shipped_preset("easy"))
def easy(
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    headless: bool = False,
    **options: Unpack[AppOptions],
) -> Order:
    """Make an app for scripts: finds or starts a hub, and logs in with the browser where the hub wants it.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.
    version : str, default "0.0.1"
        Version of the app.
    headless : bool, default False
        Open no browser and ask nothing: print the login link and the code, and wait for at most 300 seconds, or the
        setting ``fakts.login_timeout_s``.  Where nobody approves it, `LoginRequiredError` names the command that logs
        in; a hub that is new and proves itself by nothing is refused at once.  Without it, an app that needs a person
        raises `LoginRequiredError` at once where there is neither terminal nor notebook.
    **options
        ``logo``, ``scopes``, ``url``, ``token``, ``issuer``, ``log_level``, ``no_cache``, ``insecure``,
        ``instance_id``, ``config``, ``overrides`` and ``settings``, each by its name; see `AppOptions`.

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
    return order_of(identifier, version, options, asked_for(is_headless=headless))


def asked_for(*, is_headless: bool) -> dict[str, object]:
    """Return the settings by which nothing is asked, and a login waits a while for whoever reads what is printed."""
    return {"fakts.browser": "print", "fakts.person": "nobody", "herre.login": "headless"} if is_headless else {}
