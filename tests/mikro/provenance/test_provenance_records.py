"""The records of provenance keep their promise at a hub, and in memory."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from arkitekt_di import App, embedded
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import Origin, OriginKind
from arkitekt_di.mikro import afrom_xarray
from arkitekt_di.mikro.provenance.in_memory import InMemoryProvenanceRecords
from arkitekt_di.protocols.provenance import ProvenanceRecords
from arkitekt_di.testing.provenance import ProvenanceRecordsContract


class TestInMemoryProvenanceRecords(ProvenanceRecordsContract):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(kind=RecordKind.IMAGE, id="1")

    @pytest.fixture
    def records(self, subject: Subject) -> ProvenanceRecords:
        records = InMemoryProvenanceRecords()
        for kind in (OriginKind.CREATED, OriginKind.UPDATED):
            records.keep(subject, line_of(kind))
        return records


def line_of(kind: OriginKind) -> Origin:
    at = "2026-11-22T12:00:00Z"
    return Origin(kind=kind, user_id="1", user_name="ada", client_id="c", first_at=at, last_at=at, count=1)


class TestGraphQLProvenanceRecordsOfTheHub(ProvenanceRecordsContract):
    @pytest.fixture
    async def app(self) -> AsyncIterator[App]:
        async with embedded("provenance") as app:
            yield app

    @pytest.fixture
    def records(self, app: App) -> ProvenanceRecords:
        records: ProvenanceRecords = app.container.mikro.provenance_records()
        return records

    @pytest.fixture
    async def subject(self, app: App) -> Subject:
        image = await afrom_xarray(np.zeros((2, 2)), name="raw", app=app)
        await image.adescribe("described")
        return Subject(kind=RecordKind.IMAGE, id=image.id)
