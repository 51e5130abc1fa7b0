"""What every implementation of the promise of folders has to pass."""

import asyncio
from contextlib import aclosing

import pytest

from arkitekt_di.errors import ArkitektError, FolderNotFoundError
from arkitekt_di.messages.changes import ChangeKind
from arkitekt_di.messages.folders import FolderQuery
from arkitekt_di.protocols.folders import FolderRecords

_UNKNOWN = "4b1f0b5e-3a1c-4c55-9f5e-8f3c1f0a2b7d"


@pytest.mark.anyio
class FolderRecordsContract:
    """Tests of `FolderRecords`; a subclass has a fixture `folders`, empty."""

    async def paths(self, folders: FolderRecords, query: FolderQuery | None = None) -> list[str]:
        """Return the paths that a search finds."""
        return [folder.path for folder in await folders.search(query or FolderQuery())]

    async def test_a_path_becomes_folders_once(self, folders: FolderRecords) -> None:
        """Asking again gives the same folder."""
        made = await folders.ensure("2026/november/embryos", parent_id=None)
        again = await folders.ensure("/2026/november/embryos", parent_id=None)

        assert made == again
        assert (made.name, made.path) == ("embryos", "2026/november/embryos")
        assert await folders.find("2026/november/embryos") == made
        assert await folders.get(made.id) == made
        assert sorted(await self.paths(folders)) == ["2026", "2026/november", "2026/november/embryos"]

    async def test_racing_callers_get_one_folder(self, folders: FolderRecords) -> None:
        """Ten at the same time make one path."""
        made = await asyncio.gather(*(folders.ensure("a/b", parent_id=None) for _ in range(10)))

        assert len({folder.id for folder in made}) == 1
        assert await self.paths(folders) == ["a", "a/b"]

    async def test_a_path_may_begin_in_a_folder(self, folders: FolderRecords) -> None:
        """It is made below that one."""
        top = await folders.create("top", parent_id=None)

        made = await folders.ensure("a/b", parent_id=top.id)

        assert made.path == "top/a/b"

    async def test_a_name_is_taken_once_in_each_folder(self, folders: FolderRecords) -> None:
        """Creating is refused, and so are renaming and moving onto another one."""
        here = await folders.create("same", parent_id=None)
        inside = await folders.create("same", parent_id=here.id)
        other = await folders.create("other", parent_id=None)

        with pytest.raises(ArkitektError, match="already"):
            await folders.create("same", parent_id=None)
        with pytest.raises(ArkitektError, match="already"):
            await folders.edit(other.id, name="same")
        with pytest.raises(ArkitektError, match="already"):
            await folders.move(inside.id, parent_id=None)

    @pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b"])
    async def test_a_name_that_is_no_part_of_a_path_is_refused(self, folders: FolderRecords, name: str) -> None:
        """Nothing is made."""
        with pytest.raises(ArkitektError):
            await folders.create(name, parent_id=None)

        assert await self.paths(folders) == []

    async def test_searches_find_parts_of_names_in_their_place(self, folders: FolderRecords) -> None:
        """By name, case does not count; pages cut the same list."""
        for path in ("b/x", "a", "B2", "b/y"):
            await folders.ensure(path, parent_id=None)
        b = await folders.find("b")

        assert await self.paths(folders, FolderQuery(is_outermost=True)) == ["a", "b", "B2"]
        assert await self.paths(folders, FolderQuery(parent_id=b.id)) == ["b/x", "b/y"]
        assert await self.paths(folders, FolderQuery(text="B")) == ["b", "B2"]
        assert await self.paths(folders, FolderQuery(is_outermost=True, limit=2, offset=1)) == ["b", "B2"]

    async def test_a_folder_is_renamed_described_and_moved(self, folders: FolderRecords) -> None:
        """Its path follows, and so do those of what is in it."""
        leaf = await folders.ensure("a/leaf", parent_id=None)
        b = await folders.create("b", parent_id=None)

        assert (await folders.edit(leaf.id, name="blatt", description="what grows")).description == "what grows"
        assert (await folders.move(leaf.id, parent_id=b.id)).path == "b/blatt"
        await folders.edit(b.id, name="c")

        assert (await folders.get(leaf.id)).path == "c/blatt"
        assert (await folders.move(leaf.id, parent_id=None)).path == "blatt"

    async def test_a_folder_never_lies_inside_itself(self, folders: FolderRecords) -> None:
        """Neither directly nor further down."""
        leaf = await folders.ensure("a/b", parent_id=None)
        a = await folders.find("a")

        for target in (a, leaf):
            with pytest.raises(ArkitektError, match="inside itself"):
                await folders.move(a.id, parent_id=target.id)

    async def test_what_is_deleted_with_a_folder_comes_back_with_it(self, folders: FolderRecords) -> None:
        """And what was deleted before stays where it is."""
        gone = await folders.ensure("a/gone before", parent_id=None)
        await folders.ensure("a/b", parent_id=None)
        a = await folders.find("a")
        await folders.delete(gone.id)

        await folders.delete(a.id)

        assert await self.paths(folders) == []
        assert await self.paths(folders, FolderQuery(is_trashed=True)) == ["a", "a/gone before"]
        with pytest.raises(FolderNotFoundError):
            await folders.get(a.id)
        with pytest.raises(FolderNotFoundError):
            await folders.create("x", parent_id=a.id)
        assert (await folders.restore(a.id)).path == "a"
        assert await self.paths(folders) == ["a", "a/b"]

    async def test_a_folder_is_not_restored_into_the_trash_or_onto_another(self, folders: FolderRecords) -> None:
        """It stays where it is."""
        leaf = await folders.ensure("a/b", parent_id=None)
        await folders.delete(leaf.id)
        again = await folders.ensure("a/b", parent_id=None)
        with pytest.raises(ArkitektError, match="already"):
            await folders.restore(leaf.id)

        await folders.delete(str(again.parent_id))
        with pytest.raises(ArkitektError, match="trash"):
            await folders.restore(leaf.id)
        with pytest.raises(ArkitektError, match="trash"):
            await folders.restore(again.id)

    async def test_what_does_not_exist_is_not_found(self, folders: FolderRecords) -> None:
        """Every operation says the same."""
        with pytest.raises(FolderNotFoundError):
            await folders.get(_UNKNOWN)
        with pytest.raises(FolderNotFoundError):
            await folders.find("no/such")
        with pytest.raises(FolderNotFoundError):
            await folders.create("x", parent_id=_UNKNOWN)
        with pytest.raises(FolderNotFoundError):
            await folders.edit(_UNKNOWN, name="x")
        with pytest.raises(FolderNotFoundError):
            await folders.move(_UNKNOWN, parent_id=None)
        with pytest.raises(FolderNotFoundError):
            await folders.delete(_UNKNOWN)
        with pytest.raises(FolderNotFoundError):
            await folders.restore(_UNKNOWN)

    async def test_changes_are_told_in_their_order(self, folders: FolderRecords) -> None:
        """Those of the folder that is watched, and no others."""
        top = await folders.create("top", parent_id=None)

        async with aclosing(folders.watch(parent_id=top.id, folder_id=None)) as events:
            assert await anext(events) is None
            await folders.create("elsewhere", parent_id=None)
            made = await folders.create("inside", parent_id=top.id)
            created = await anext(events)
            renamed = await folders.edit(made.id, name="renamed")
            updated = await anext(events)
            await folders.delete(made.id)
            deleted = await anext(events)

        assert created == (ChangeKind.CREATED, made.id, made)
        assert updated == (ChangeKind.UPDATED, made.id, renamed)
        assert deleted == (ChangeKind.DELETED, made.id, None)
