"""The builder `scheduler`: apps whose workflows go on after the end of their process."""

from typing import Unpack

from arkitekt_di.builders.builder import Order, building
from arkitekt_di.builders.options import AppOptions, order_of
from arkitekt_di.builders.scripts import asked_for
from arkitekt_di.containers.application import REQUIREMENTS as WANTED
from arkitekt_di.containers.presets import shipped_preset
from arkitekt_di.errors import Problem
from arkitekt_di.messages.manifest import REKUEST_SERVICE
from arkitekt_di.settings.models import AppSettings

REQUIREMENTS = tuple(
    one.model_copy(update={"optional": False}) if one.service == REKUEST_SERVICE else one for one in WANTED
)
"""What a scheduler needs from a hub: functions are no longer optional."""


def forgetting(settings: AppSettings) -> list[Problem]:
    """Say which of the *settings* would make an app forget its workflows with the end of its process."""
    fakts, rekuest = settings.fakts, settings.rekuest
    has_key = fakts.mandate_key is not None or fakts.mandate_key_file is not None  # the hub knows an app by its key
    wrong = {
        "rekuest.kind": (rekuest.kind == "in_memory", "workflows would end with this process: set hub, or use easy"),
        "rekuest.journal": (rekuest.journal == "none", "what a workflow has recorded could be lost: set file"),
        "fakts.cache": (
            fakts.cache == "none" and not has_key,
            "the hub gives workflows back to the app that had them, which has to be remembered: set file",
        ),
    }
    return [Problem("settings", None, None, key, message) for key, (is_wrong, message) in wrong.items() if is_wrong]


@building(shipped_preset("scheduler", forgetting))
def scheduler(
    identifier: str | None = None,
    version: str = "0.0.1",
    *,
    headless: bool = False,
    **options: Unpack[AppOptions],
) -> Order:
    """Make an app that calls the functions of others, and whose workflows go on where they were after a restart.

    It is an `easy` app that wants functions from its hub, waits for a hub that is away as long as it serves itself, and
    takes the place of an earlier process of its own.

    Parameters
    ----------
    identifier : str, optional
        Name of the app; the name of the running script by default.  The hub gives workflows back to the app that has
        name, version, user and *instance_id* of the one that it lost.
    version : str, default "0.0.1"
        Version of the app.
    headless : bool, default False
        As for `easy`.
    **options
        As for `easy`.

    Returns
    -------
    App
        Closed; enter it with ``with`` or ``async with``, and serve with ``app.rekuest.run()``.

    Raises
    ------
    ConfigurationError
        Settings are wrong, or would make it forget its workflows; all problems at once.
    CompositionError
        *overrides* names a service that does not exist.

    See Also
    --------
    arkitekt_di.workflow : Offer a function as a workflow.

    Examples
    --------
    >>> app = scheduler("night-shift", version="1.0")
    """
    return order_of(identifier, version, options, asked_for(is_headless=headless), requirements=REQUIREMENTS)
