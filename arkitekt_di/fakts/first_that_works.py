"""Several ways to be let in, tried in turn: for whoever wants that, since the app may then run as somebody else."""

import logging
from collections.abc import Iterable

from arkitekt_di.errors import ArkitektError, LoginRefusedError, LoginRequiredError
from arkitekt_di.fakts.grant import Grant
from arkitekt_di.fakts.known_hub import KnownHub
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.messages.oauth import TokenResponse

log = logging.getLogger(__name__)


class FirstThatWorks:
    """Asks by one way after another until the hub lets the app in; `FirstGrant` asks by one way only.

    A person is asked once: whoever says no, lets the code expire or presses Ctrl-C has decided, and no other way is
    tried after that.  The way that worked stays the way as long as the program runs.

    Parameters
    ----------
    grants : iterable of Grant
        In the order of preference.

    Examples
    --------
    >>> from arkitekt_di import easy
    >>> app = easy("my-app", overrides={"fakts.grant": FirstThatWorks([])})
    """

    def __init__(self, grants: Iterable[Grant]) -> None:
        self._grants = tuple(grants)
        self._worked: Grant | None = None

    def suits(self, hub: KnownHub) -> bool:
        """Tell whether any way is open at *hub*."""
        return bool(self._open(hub))

    def is_silent(self, hub: KnownHub) -> bool:
        """Tell whether no way that may be taken needs a person."""
        ways = self._open(hub)
        return bool(ways) and all(grant.is_silent(hub) for grant in ways)

    def asks_person(self, hub: KnownHub) -> bool:
        """Tell whether a person may have to be asked now."""
        return any(grant.asks_person(hub) for grant in self._open(hub))

    def tag(self) -> str:
        """Return the tags of all ways: a credential that is added or taken away makes other logins."""
        return "".join(grant.tag() for grant in self._grants)

    async def claim(self, hub: KnownHub, manifest: Manifest) -> TokenResponse:
        """Ask *hub* by each way that is open.

        Raises
        ------
        LoginRequiredError
            No way is open.
        LoginRefusedError
            None worked; the reason of each is told.
        LoginError, ConnectionLostError
            What ended the way with a person, if one was asked.
        """
        failures: list[str] = []
        for grant in self._open(hub):
            try:
                answer = await grant.claim(hub, manifest)
            except ArkitektError as error:
                if grant.asks_person(hub):
                    raise
                log.info("%s did not let the app in: %s", type(grant).__name__, error)
                failures.append(str(error))
            else:
                self._worked = grant
                return answer
        if not failures:
            raise LoginRequiredError(hub.url, "the hub offers no way of logging in that this app knows")
        raise LoginRefusedError(hub.url, f"no way worked ({'; '.join(failures)})")

    def _open(self, hub: KnownHub) -> tuple[Grant, ...]:
        if self._worked is not None:
            return (self._worked,)
        return tuple(grant for grant in self._grants if grant.suits(hub))
