"""rekuest: functions, offered to other apps and called."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dependency_injector import providers
from platformdirs import user_state_path

from arkitekt_di.containers.preset import Container, Service
from arkitekt_di.messages.manifest import Manifest
from arkitekt_di.protocols.fakts import AliasSource, ClaimSource
from arkitekt_di.protocols.herre import TokenSource
from arkitekt_di.protocols.koil import Bridge
from arkitekt_di.protocols.rekuest import AgentDoor, TaskDesk
from arkitekt_di.rekuest.agent.agent import Agent
from arkitekt_di.rekuest.agent.door import WebSocketDoor
from arkitekt_di.rekuest.agent.journal import FileJournal, InMemoryJournal, Journal
from arkitekt_di.rekuest.agent.older_form import OlderForm
from arkitekt_di.rekuest.agent.relayed_door import RelayedDoor
from arkitekt_di.rekuest.caller.calls import Calls
from arkitekt_di.rekuest.executors.asked import Answers
from arkitekt_di.rekuest.executors.dask import DaskExecutor
from arkitekt_di.rekuest.executors.loop import LoopExecutor
from arkitekt_di.rekuest.executors.process import ProcessExecutor
from arkitekt_di.rekuest.executors.thread import ThreadExecutor
from arkitekt_di.rekuest.executors.work import Desk, Executor
from arkitekt_di.rekuest.feed import Feed
from arkitekt_di.rekuest.in_memory import InMemoryTaskHub
from arkitekt_di.rekuest.injection import Injector
from arkitekt_di.rekuest.line import Line
from arkitekt_di.rekuest.line_desk import LineTaskDesk
from arkitekt_di.rekuest.ports.exchange import Exchange, Expand
from arkitekt_di.rekuest.ports.shelf import Shelf
from arkitekt_di.rekuest.service import Rekuest
from arkitekt_di.rekuest.surroundings import Surroundings
from arkitekt_di.settings.models import AppSettings, RekuestSettings
from arkitekt_di.transport.graphql import HttpGraphQL
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.service_address import ServiceAddress


def _journal_path(claims: ClaimSource, manifest: Manifest) -> Callable[[], Path]:
    """Return what finds the journal of this agent: of this app at this hub."""

    def find() -> Path:
        agent = f"{claims.url} {manifest.identifier} {manifest.device_id}"
        digest = hashlib.sha256(agent.encode()).hexdigest()[:16]
        return user_state_path("arkitekt") / "journals" / f"{digest}.db"

    return find


WORKER_DESK = "arkitekt_di.builders.worker:worker_desk"
"""What opens the app in the process of a body: by name, as that process imports it."""

_SHARED_SECTIONS = {"koil", "transport", "mikro", "rekuest"}
"""Settings that a body may need; those of login and discovery stay with the agent."""


def _worker_facts(settings: AppSettings, manifest: Manifest) -> Callable[[], Mapping[str, Any]]:
    """Return what tells the process of a body which app it works for."""
    return lambda: {
        "settings": settings.model_dump(mode="json", include=_SHARED_SECTIONS),
        "manifest": manifest.model_dump(mode="json"),
    }


class RekuestContainer(Container):
    """Serves functions over a socket of the hub's, and calls functions over its GraphQL."""

    cfg = providers.Dependency(instance_of=RekuestSettings)
    settings = providers.Dependency(instance_of=AppSettings)
    give_up_s = providers.Dependency(instance_of=float)
    manifest = providers.Dependency(instance_of=Manifest)
    http = providers.Dependency(instance_of=HttpClient)
    aliases: providers.Dependency[AliasSource] = providers.Dependency()
    claims: providers.Dependency[ClaimSource] = providers.Dependency()
    tokens: providers.Dependency[TokenSource] = providers.Dependency()
    bridge: providers.Dependency[Bridge] = providers.Dependency()
    expanders: providers.Dependency[dict[str, Expand]] = providers.Dependency()
    services: providers.Dependency[list[object]] = providers.Dependency()

    endpoint = providers.ThreadSafeSingleton(ServiceAddress, aliases, "rekuest", "graphql")
    graphql = providers.ThreadSafeSingleton(HttpGraphQL, http, tokens, endpoint=endpoint)
    feed = providers.ThreadSafeSingleton(Feed, http, tokens, endpoint, give_up_s=give_up_s)
    line_address = providers.ThreadSafeSingleton(ServiceAddress, aliases, "rekuest", "desk")
    line = providers.ThreadSafeSingleton(Line, http, tokens, line_address, give_up_s=give_up_s)
    overview = providers.ThreadSafeSingleton(Line, http, tokens, line_address, give_up_s=give_up_s)
    memory = providers.ThreadSafeSingleton(InMemoryTaskHub)
    desk: providers.Provider[TaskDesk] = providers.Selector(
        cfg.provided.kind,
        hub=providers.ThreadSafeSingleton(LineTaskDesk, graphql, feed, line, overview),
        in_memory=memory,
    )
    address = providers.ThreadSafeSingleton(ServiceAddress, aliases, "rekuest", "agi")
    door: providers.Provider[AgentDoor] = providers.Selector(
        cfg.provided.kind,
        hub=providers.Selector(
            cfg.provided.heartbeat,
            process=providers.ThreadSafeSingleton(RelayedDoor, http, address, cfg, settings.provided.transport),
            loop=providers.ThreadSafeSingleton(WebSocketDoor, http, address),
        ),
        in_memory=memory,
    )

    journal: providers.Provider[Journal] = providers.Selector(
        cfg.provided.journal,
        file=providers.ThreadSafeSingleton(FileJournal, providers.Callable(_journal_path, claims, manifest)),
        none=providers.ThreadSafeSingleton(InMemoryJournal),
    )
    shelf = providers.ThreadSafeSingleton(Shelf)
    exchange = providers.ThreadSafeSingleton(Exchange, expanders, shelf)
    surroundings = providers.ThreadSafeSingleton(Surroundings, services)
    injector = providers.ThreadSafeSingleton(Injector, surroundings)
    bodies = providers.ThreadSafeSingleton(Desk, exchange, injector)

    loop: providers.Provider[Executor] = providers.ThreadSafeSingleton(LoopExecutor, bodies)
    thread: providers.Provider[Executor] = providers.ThreadSafeSingleton(ThreadExecutor, bodies)
    answers = providers.ThreadSafeSingleton(Answers, tokens, aliases, claims)
    process: providers.Provider[Executor] = providers.ThreadSafeSingleton(
        ProcessExecutor,
        cfg,
        answers,
        desk=WORKER_DESK,
        facts=providers.Callable(_worker_facts, settings, manifest),
    )
    dask: providers.Provider[Executor] = providers.ThreadSafeSingleton(
        DaskExecutor,
        cfg,
        answers,
        desk=WORKER_DESK,
        facts=providers.Callable(_worker_facts, settings, manifest),
    )
    executors = providers.Dict(loop=loop, thread=thread, process=process, dask=dask)

    agent = providers.ThreadSafeSingleton(
        Agent,
        door,
        tokens,
        journal,
        executors,
        exchange=exchange,
        injector=injector,
        settings=cfg,
        name=manifest.provided.identifier,
        older=providers.ThreadSafeSingleton(OlderForm, graphql),
    )
    calls = providers.ThreadSafeSingleton(Calls, desk, exchange, bridge, agent.provided.assign_child)
    service: providers.Provider[Rekuest] = Service(
        Rekuest, agent, calls, desk, exchange=exchange, executors=executors, bridge=bridge
    )
