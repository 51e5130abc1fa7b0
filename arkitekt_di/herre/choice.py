"""Which way of logging in fits the settings and the place where the app runs."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Way(StrEnum):
    """Ways of logging in."""

    TOKEN = "token"  # noqa: S105  # the name of a way
    SECRET = "secret"  # noqa: S105  # the name of a way
    SILENT = "silent"
    KEPT = "kept"
    NOBODY = "nobody"
    DEVICE = "device"
    CODE = "code"
    PASTE = "paste"


@dataclass(frozen=True)
class Offer:
    """What the settings and the hub allow.

    Attributes
    ----------
    wish : {'auto', 'code', 'device', 'headless', 'never'}
        How the user wants to be asked.
    has_token : bool
        An access token was given.
    has_secret : bool
        The secret of a client was given.
    is_silent : bool
        The hub lets the app in without a person, as by a mandate key.
    has_login : bool
        A login of an earlier run is kept, or can be renewed.
    has_client : bool
        The app is registered under an identifier of its own, without which no browser can come back to it.
    """

    wish: Literal["auto", "code", "device", "headless", "never"] = "auto"
    has_token: bool = False
    has_secret: bool = False
    is_silent: bool = False
    has_login: bool = False
    has_client: bool = False


@dataclass(frozen=True)
class Surroundings:
    """Where the app runs.

    Attributes
    ----------
    has_terminal : bool
        Somebody may read what is printed.
    is_notebook : bool
        The code runs in a Jupyter kernel.
    is_remote : bool
        The user's browser is probably elsewhere: SSH, a container, JupyterHub.
    has_browser : bool
        A browser with windows can be opened here.
    """

    has_terminal: bool = False
    is_notebook: bool = False
    is_remote: bool = False
    has_browser: bool = False


def choose_way(offer: Offer, here: Surroundings) -> Way:
    """Return the one way that is taken; a function of its arguments alone.

    The order is: a given token, a client's secret, the hub's own silence, a kept login; then a person, where one can be
    asked.  A browser on this machine is used only where it can come back to the app.
    """
    for holds, way in (
        (offer.has_token, Way.TOKEN),
        (offer.has_secret, Way.SECRET),
        (offer.is_silent, Way.SILENT),
        (offer.has_login, Way.KEPT),
    ):
        if holds:
            return way
    return _choose_question(offer, here)


def _choose_question(offer: Offer, here: Surroundings) -> Way:
    match offer.wish:
        case "never":
            return Way.NOBODY
        case "device" | "headless":
            return Way.DEVICE
        case "code":
            return Way.CODE
    if not (here.has_terminal or here.is_notebook):
        return Way.NOBODY
    comes_back = here.has_browser and not here.is_notebook and not here.is_remote
    return Way.CODE if offer.has_client and comes_back else Way.DEVICE
