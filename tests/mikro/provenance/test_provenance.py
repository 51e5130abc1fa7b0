"""Images, files and tables tell which app, user and task made and changed them; a hub believes its own books alone."""

import io
import uuid

import numpy as np
import pandas as pd
import pytest
from graphql import build_schema, parse, validate

from arkitekt_di import call, embedded, register
from arkitekt_di.errors import ImageNotFoundError
from arkitekt_di.messages.changes import RecordKind
from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import Origin, OriginKind
from arkitekt_di.mikro import Image, aget_image, from_dataframe, from_xarray, get_image, get_provenance, upload_file
from arkitekt_di.mikro.provenance import documents
from arkitekt_di.mikro.provenance.in_memory import InMemoryProvenanceRecords
from arkitekt_di.mikro.provenance.service import Provenances
from arkitekt_di.protocols.task import RUNNING_TASK
from arkitekt_di.server.mikro.schema import make_schema

PLANE = np.zeros((4, 6), "uint8")


@register
def threshold(image: Image, above: int = 1) -> Image:
    """Store a mask."""
    return from_xarray((image.data.values > above).astype("uint8"), name="mask", derived_from=image)


@register
async def rename(image: str) -> str:
    """Rename an image from a body that is async."""
    there = await aget_image(image)
    return (await there.adescribe("renamed in a task")).id


@register(isolation="process")
def store(size: int) -> Image:
    """Store an image in a process of its own."""
    return from_xarray(np.zeros((size, size), "uint8"), name="blank")


def test_what_a_function_stores_says_which_function_arguments_code_app_and_user_made_it() -> None:
    app = embedded("segmenter", version="1.2")
    with app, app.rekuest.serving():
        image = from_xarray(PLANE, name="raw")
        mask = call("threshold", image, above=3)
        call("rename", mask.id)
        (made,) = image.provenance()
        first, second = mask.provenance()

    assert (made.kind, made.app, made.app_version, made.task) == (OriginKind.CREATED, "segmenter", "1.2", None)
    assert made.user_name
    assert (first.kind, first.app, first.user_id) == (OriginKind.CREATED, "segmenter", made.user_id)
    assert first.task is not None
    reference = {"__identifier": "@mikro/arraydataset", "object": image.id}
    assert (first.task.function, first.task.arguments) == ("threshold", {"image": reference, "above": 3})
    assert first.task.code_hash
    assert second.kind is OriginKind.UPDATED
    assert second.task is not None
    assert second.task.function == "rename"
    assert second.task.id != first.task.id


def test_a_body_in_a_process_of_its_own_is_known_as_well() -> None:
    app = embedded("segmenter")
    with app, app.rekuest.serving():
        (line,) = call("store", 3).provenance()

    assert line.task is not None
    assert (line.task.function, line.task.arguments) == ("store", {"size": 3})


def test_a_task_that_the_hub_does_not_know_is_not_believed() -> None:
    with embedded("liar") as app:
        RUNNING_TASK.set(str(uuid.uuid4()))
        try:
            claimed = from_xarray(PLANE, name="claimed")
        finally:
            RUNNING_TASK.set(None)
        local = app.rekuest.call_local(threshold, claimed)

        assert [line.task for image in (claimed, local) for line in image.provenance()] == [None, None]


def test_every_change_is_a_line_and_the_same_again_counts_up() -> None:
    with embedded("changes"):
        image = from_xarray(PLANE, name="raw")
        for name in ("one", "two", "three"):
            image.describe(name)
        image.delete()
        with pytest.raises(ImageNotFoundError):
            image.provenance()
        image.restore()

        lines = get_image(image.id).provenance()
        described = [(line.kind, line.count) for line in lines]
        of_others = [
            get_provenance(upload_file(io.BytesIO(b"x"), name="x")),
            get_provenance(from_dataframe(FRAME, name="t")),
        ]

    assert described == [
        (OriginKind.CREATED, 1),
        (OriginKind.UPDATED, 3),
        (OriginKind.DELETED, 1),
        (OriginKind.RESTORED, 1),
    ]
    assert lines[1].first_at < lines[1].last_at
    assert [[line.kind for line in found] for found in of_others] == [[OriginKind.CREATED]] * 2


FRAME = pd.DataFrame({"area": [1.0, 2.0]})


@pytest.mark.anyio
async def test_more_lines_than_one_answer_holds_are_all_read() -> None:
    records, subject = InMemoryProvenanceRecords(), Subject(kind=RecordKind.IMAGE, id="7")
    for number in range(201):
        line = Origin(
            kind=OriginKind.UPDATED,
            user_id=str(number),
            user_name="ada",
            client_id="app",
            first_at="2026-11-22T00:00:00+00:00",
            last_at="2026-11-22T00:00:00+00:00",
        )
        records.keep(subject, line)

    lines = await Provenances(records).aof_subject(subject)

    assert [line.user_id for line in lines] == [str(number) for number in range(201)]
    with pytest.raises(ImageNotFoundError):
        await Provenances(records).aof_subject(Subject(kind=RecordKind.IMAGE, id="8"))


def test_the_document_is_valid_for_the_hub() -> None:
    assert validate(build_schema(make_schema().as_str()), parse(documents.READ_PROVENANCE)) == []
