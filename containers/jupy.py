"""The preset `jupy`: for notebooks."""

from dependency_injector import providers

from arkitekt_di.containers.easy import EasyContainer, EasyFakts
from arkitekt_di.fakts.notebook_presenter import NotebookPresenter
from arkitekt_di.fakts.presenter import Presenter


class JupyFakts(EasyFakts):
    """Shows a login in the cell that asks for it."""

    presenter: providers.Provider[Presenter] = providers.ThreadSafeSingleton(NotebookPresenter)


class JupyContainer(EasyContainer):
    """For notebooks."""

    fakts = providers.Container(
        JupyFakts,
        cfg=EasyContainer.settings.provided.fakts,
        manifest=EasyContainer.manifest,
        http=EasyContainer.transport.service,
        hub_cfg=EasyContainer.settings.provided.hub,
    )
