"""The parts of the task service, put together."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from arkitekt_di.server.database import Database
from arkitekt_di.server.principal import Authenticator, Principal
from arkitekt_di.server.tasks.assigning import Assignments
from arkitekt_di.server.tasks.audience import Audience
from arkitekt_di.server.tasks.calls import Resolution
from arkitekt_di.server.tasks.control import Controls
from arkitekt_di.server.tasks.crew import Crew
from arkitekt_di.server.tasks.errands import Errands
from arkitekt_di.server.tasks.losses import Losses
from arkitekt_di.server.tasks.offers import Offers
from arkitekt_di.server.tasks.promise import Dispatch, EventBus, TaskStore
from arkitekt_di.server.tasks.retention import Retention
from arkitekt_di.settings.models import TaskSettings


@dataclass(frozen=True)
class Ground:
    """What the service stands on, and what may be replaced by something that scales.

    Attributes
    ----------
    store : TaskStore
    bus : EventBus
        Told by the store.
    dispatch : Dispatch
    """

    store: TaskStore
    bus: EventBus
    dispatch: Dispatch


class TaskService:
    """Everything that agents and callers are served by.

    Parameters
    ----------
    authenticator : Authenticator
    database : Database
        Open before `start`.
    ground : Ground
    settings : TaskSettings
    clock : callable, default time.time
    """

    def __init__(
        self,
        authenticator: Authenticator,
        database: Database,
        ground: Ground,
        settings: TaskSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.authenticator = authenticator
        self.settings = settings
        self.store, self.bus, self.dispatch = ground.store, ground.bus, ground.dispatch
        self.crew = Crew()
        self.errands = Errands()
        self.offers = Offers(database, clock)
        self.resolution = Resolution(self.offers, self.crew)
        self.assignments = Assignments(self.store, self.resolution, self.crew, self.dispatch)
        self.controls = Controls(self.store, self.dispatch, self.crew, self.assignments, self.errands)
        self.losses = Losses(
            self.store,
            self.dispatch,
            self.crew,
            self.offers,
            self.resolution,
            self.assignments,
            self.errands,
            settings,
        )
        self._database = database
        self._retention = Retention(self.store, settings.keep_days, clock)

    def audience(self, principal: Principal) -> Audience:
        """Return what decides what *principal* is told."""
        return Audience(self._database, self.store, self.offers, principal)

    async def start(self) -> None:
        """Open the ledger, and take up what was left."""
        await self.store.start()
        await self.offers.start()
        await self.losses.start()
        self.errands.run(self._retention.run(), "forget old tasks")

    async def stop(self) -> None:
        """End what goes on beside, and close the ledger."""
        await self.errands.stop()
        await self.store.stop()
