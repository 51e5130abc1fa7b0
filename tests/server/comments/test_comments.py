"""Comments belong to their authors, are seen by the organization alone, and go with what they are about."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from arkitekt_di.server.comments.tables import Comment
from arkitekt_di.server.database import Database
from arkitekt_di.server.identity.tables import Membership, Organization, User
from arkitekt_di.server.provenance.tables import Provenance
from tests.server.images.documents import DELETE
from tests.server.images.image_hub import ImageHub, RefusedError

pytestmark = pytest.mark.anyio

SAY = """mutation($id: ID!, $text: String!, $kind: RecordKind = IMAGE) {
  createComment(input: {subject: {kind: $kind, id: $id}, text: $text}) { id text author { sub } } }"""
EDIT = 'mutation($id: ID!) { updateComment(input: {id: $id, text: "changed"}) { id text editedAt } }'
ERASE = "mutation($id: ID!) { deleteComment(input: {id: $id}) }"
READ = "query($id: ID!) { comment(id: $id) { id text subject { kind id } } }"
LIST = "query($id: ID!) { comments(subject: {kind: IMAGE, id: $id}) { text } }"
KEEP_S = 30 * 24 * 3600.0


async def say(hub: ImageHub, image: Any, text: str = "blurred", *, by: str = "ada") -> Any:
    return await hub.ask(SAY, by=by, id=image["id"], text=text)


async def test_only_its_author_changes_a_comment(hub: ImageHub) -> None:
    comment = await say(hub, await hub.image())

    for document in (EDIT, ERASE):
        with pytest.raises(RefusedError, match="somebody else"):
            await hub.ask(document, by="ben", id=comment["id"])
    edited = await hub.ask(EDIT, id=comment["id"])

    assert (edited["text"], edited["editedAt"] is not None) == ("changed", True)
    assert await hub.ask(ERASE, id=comment["id"]) == comment["id"]


async def test_an_admin_of_the_organization_removes_the_comments_of_others(hub: ImageHub, database: Database) -> None:
    comment = await say(hub, await hub.image())
    await make_admin(database, "ben", "lab")

    assert await hub.ask(ERASE, by="ben", id=comment["id"]) == comment["id"]


async def make_admin(database: Database, user_id: str, organization_id: str) -> None:
    async with database.transaction() as session:
        for table, key in ((User, {"id": user_id}), (Organization, {"id": organization_id})):
            filled = {
                column.name: (0 if column.type.python_type is int else user_id)
                for column in table.__table__.columns
                if not column.nullable
            }
            await session.execute(insert(table).values(filled | key))
        await session.execute(insert(Membership).values(user_id=user_id, organization_id=organization_id, role="admin"))


async def test_strangers_neither_read_nor_write_comments(hub: ImageHub) -> None:
    image = await hub.image()
    comment = await say(hub, image)

    for document, record in ((READ, comment), (LIST, image), (EDIT, comment), (ERASE, comment)):
        with pytest.raises(RefusedError) as refused:
            await hub.ask(document, by="eve", id=record["id"])
        assert refused.value.code == "NOT_FOUND"
    with pytest.raises(RefusedError):
        await say(hub, image, by="eve")


async def test_comments_are_gone_with_what_they_are_about(hub: ImageHub, database: Database) -> None:
    image, other = await hub.image(), await hub.image(name="other")
    comment = await say(hub, image)
    await say(hub, other, "stays")

    await hub.ask(DELETE, id=image["id"])
    with pytest.raises(RefusedError):
        await hub.ask(READ, id=comment["id"])
    hub.clock.now += KEEP_S + 1
    await hub.endpoint.trash.attend()

    async with database.transaction() as session:
        assert (await session.scalars(select(Comment.text))).all() == ["stays"]
        assert set((await session.scalars(select(Provenance.subject_id))).all()) == {other["id"]}


async def test_nothing_is_said_about_comments(hub: ImageHub) -> None:
    comment = await say(hub, await hub.image())

    with pytest.raises(RefusedError, match="nothing is said"):
        await hub.ask(SAY, id=comment["id"], text="meta", kind="COMMENT")
