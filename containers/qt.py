"""The preset `qt`: for desktop programs."""

from dependency_injector import providers

from arkitekt_di.containers.easy import EasyContainer, EasyFakts
from arkitekt_di.containers.preset import Service
from arkitekt_di.errors import MissingExtraError
from arkitekt_di.fakts.discovery import Discovery
from arkitekt_di.fakts.presenter import Presenter
from arkitekt_di.protocols.person import Person

try:
    from arkitekt_di.fakts.desktop.front import Front
    from arkitekt_di.fakts.desktop.hub_choice import ChosenHubKept, HubChoice
    from arkitekt_di.fakts.desktop.person import DesktopPerson
    from arkitekt_di.fakts.desktop.presenter import DesktopPresenter
except ImportError as error:
    raise MissingExtraError("qt", "the builder qt") from error


class QtFakts(EasyFakts, adds=("front",)):
    """Asks everything by widgets: which hub, whether it is trusted, and to log in."""

    front: providers.Provider[Front] = providers.ThreadSafeSingleton(Front)
    presenter: providers.Provider[Presenter] = providers.ThreadSafeSingleton(DesktopPresenter, front)
    person: providers.Provider[Person] = providers.ThreadSafeSingleton(DesktopPerson, front)
    nearby: providers.Provider[Discovery] = providers.ThreadSafeSingleton(
        HubChoice, EasyFakts.cfg, front, EasyFakts.remembered, EasyFakts.local_hub
    )


class QtContainer(EasyContainer, adds=("chosen_hub",)):
    """For desktop programs."""

    fakts = providers.Container(
        QtFakts,
        cfg=EasyContainer.settings.provided.fakts,
        manifest=EasyContainer.manifest,
        http=EasyContainer.transport.service,
        hub_cfg=EasyContainer.settings.provided.hub,
    )
    chosen_hub: providers.Provider[ChosenHubKept] = Service(
        ChosenHubKept, fakts.nearby, fakts.remembered, fakts.service, EasyContainer.herre.service
    )
