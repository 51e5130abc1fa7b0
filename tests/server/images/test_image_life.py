"""The life of uploads and images as a state machine: whatever people do, no image is without its pixels."""

import asyncio
import json
import shutil
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from arkitekt_di.settings.models import TrashSettings
from tests.server.images.documents import ACCESS, CREATE, DELETE, FINISH, LIST, REQUEST, RESTORE, UPDATE
from tests.server.images.image_hub import DUE_S, ImageHub, RefusedError, array, draft, open_hub

T = TypeVar("T")


class ImageLife(RuleBasedStateMachine):
    """Two organizations that upload, create, rename, discard, delete and restore while time goes by."""

    template: Path
    people = st.sampled_from(["ada", "ben", "eve"])
    uploads = Bundle("uploads")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        shutil.copytree(self.template, self.folder.name, dirs_exist_ok=True)
        self.stack = AsyncExitStack()
        self.hub: ImageHub = self.run(self.stack.enter_async_context(open_hub(Path(self.folder.name))))
        self.owner: dict[str, str] = {}
        self.state: dict[str, str] = {}
        self.due: dict[str, float] = {}
        self.images: dict[str, tuple[str, str]] = {}
        self.trash: dict[str, tuple[str, str]] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()

    def ask(self, document: str, *, by: str, **variables: object) -> Any:
        """Return the answer, or the code of the refusal."""
        try:
            return self.run(self.hub.ask(document, by=by, **variables))
        except RefusedError as refused:
            return refused.code

    @rule(target=uploads, by=people)
    def request(self, by: str) -> str:
        store: str = self.ask(REQUEST, by=by)["store"]
        self.owner[store], self.state[store] = by, "open"
        self.due[store] = self.hub.clock.now + DUE_S
        return store

    @rule(store=uploads)
    def write(self, store: str) -> None:
        if self.state[store] in {"open", "written"}:
            self.run(self.hub.write(f"{store}/c/0/0", b"pixels"))
            self.run(self.hub.write(f"{store}/zarr.json", json.dumps(array()).encode()))
            self.state[store] = "written"

    @rule(store=uploads, by=people)
    def finish(self, store: str, by: str) -> None:
        answer = self.ask(FINISH, by=by, id=store, valid=True)
        if by != self.owner[store] or self.state[store] == "gone":
            assert answer == "NOT_FOUND"
        elif self.state[store] == "open":
            assert answer == "UPLOAD_INCOMPLETE"
        elif self.state[store] in {"written", "finished"}:
            assert answer["shape"] == [6, 4]
            self.state[store] = "finished"
        else:
            assert answer == "REFUSED"

    @rule(store=uploads, by=people)
    def discard(self, store: str, by: str) -> None:
        answer = self.ask(FINISH, by=by, id=store, valid=False)
        if by != self.owner[store] or self.state[store] == "gone":
            assert answer == "NOT_FOUND"
        elif self.state[store] in {"attached", "trashed"}:
            assert answer == "REFUSED"
        else:
            assert answer["id"] == store
            self.state[store] = "discarded"

    @rule(store=uploads, by=people, name=st.text("abc %_", min_size=1, max_size=3).filter(str.strip))
    def create(self, store: str, by: str, name: str) -> None:
        answer = self.ask(CREATE, by=by, input=draft(store, name))
        if by != self.owner[store] or self.state[store] == "gone":
            assert answer == "NOT_FOUND"
        elif self.state[store] != "finished":
            assert answer == "REFUSED"
        else:
            self.state[store] = "attached"
            self.images[answer["id"]] = (store, name)

    @rule(store=uploads, by=people)
    def read(self, store: str, by: str) -> None:
        answer = self.ask(ACCESS, by=by, id=store)
        if self.state[store] == "attached" and not self.is_foreign(store, by):
            assert answer["key"] == store
        else:
            assert answer == "NOT_FOUND"

    @precondition(lambda self: self.images)
    @rule(data=st.data(), by=people, name=st.text("abc", min_size=1, max_size=3))
    def rename(self, data: st.DataObject, by: str, name: str) -> None:
        image = data.draw(st.sampled_from(sorted(self.images)))
        store, _ = self.images[image]
        answer = self.ask(UPDATE, by=by, input={"id": image, "name": name})
        if self.is_foreign(store, by):
            assert answer == "NOT_FOUND"
        else:
            assert answer["name"] == name
            self.images[image] = (store, name)

    @precondition(lambda self: self.images)
    @rule(data=st.data(), by=people)
    def delete(self, data: st.DataObject, by: str) -> None:
        image = data.draw(st.sampled_from(sorted(self.images)))
        store, _ = self.images[image]
        answer = self.ask(DELETE, by=by, id=image)
        if self.is_foreign(store, by):
            assert answer == "NOT_FOUND"
        else:
            assert answer == image
            self.trash[image] = self.images.pop(image)
            self.state[store] = "trashed"

    @precondition(lambda self: self.trash)
    @rule(data=st.data(), by=people)
    def restore(self, data: st.DataObject, by: str) -> None:
        image = data.draw(st.sampled_from(sorted(self.trash)))
        store, name = self.trash[image]
        answer = self.ask(RESTORE, by=by, id=image)
        if self.is_foreign(store, by):
            assert answer == "NOT_FOUND"
        else:
            assert answer["name"] == name
            self.images[image] = self.trash.pop(image)
            self.state[store] = "attached"

    @precondition(lambda self: self.trash)
    @rule()
    def empty_the_trash(self) -> None:
        self.hub.clock.now += TrashSettings().keep_s
        self.run(self.hub.endpoint.trash.attend())
        for store, _ in self.trash.values():
            self.state[store] = "discarded"
        self.trash.clear()
        self.collect_what_is_due()  # the collector was woken, and by its clock much time has gone by

    @rule(seconds=st.sampled_from([1.0, DUE_S / 2, DUE_S]))
    def collect(self, seconds: float) -> None:
        self.hub.clock.now += seconds
        self.collect_what_is_due()

    def collect_what_is_due(self) -> None:
        self.run(self.hub.endpoint.collector.collect())
        for store, state in self.state.items():
            if state not in {"attached", "trashed"} and self.due[store] <= self.hub.clock.now:
                self.state[store] = "gone"

    @invariant()
    def every_image_has_its_pixels_and_nothing_else_is_visible(self) -> None:
        for by in ("ada", "eve"):
            listed = self.run(self.hub.ask(LIST, by=by))
            mine = {image: name for image, (store, name) in self.images.items() if not self.is_foreign(store, by)}
            assert {image["id"]: image["name"] for image in listed} == mine
        for store, _ in (*self.images.values(), *self.trash.values()):
            assert self.hub.keys(store) == [f"{store}/c/0/0", f"{store}/zarr.json"]

    @invariant()
    def what_was_given_up_leaves_nothing(self) -> None:
        for store, state in self.state.items():
            if state in {"discarded", "gone"}:
                assert self.hub.keys(store) == []

    def is_foreign(self, store: str, by: str) -> bool:
        return (self.owner[store] == "eve") != (by == "eve")


def test_no_order_of_events_shows_an_image_without_its_pixels(migrated: Path) -> None:
    machine = type("ImageLifeHere", (ImageLife,), {"template": migrated})
    run_state_machine_as_test(machine, settings=settings(max_examples=6, stateful_step_count=20, deadline=None))
