"""What an app asks for, in words."""

from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.server.address import Address
from arkitekt_di.server.directory import Directory
from arkitekt_di.server.identity.scopes import SERVICES


class Wishes:
    """Puts what an app asks for into words.

    Parameters
    ----------
    directory : Directory
    address : Address
    """

    def __init__(self, directory: Directory, address: Address) -> None:
        self._directory = directory
        self._address = address

    def services(self, manifest: Manifest) -> list[tuple[str, bool]]:
        """Return what each service means, and whether it is here."""
        requirements = manifest.requirements
        _, statuses = self._directory.instances(requirements, self._address.url)
        return [(SERVICES.get(one.service, one.service), statuses[one.key] == "granted") for one in requirements]
