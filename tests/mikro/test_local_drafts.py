"""Where the hub is on this machine and of the same user, pixels are written into its folder; else they are sent."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from arkitekt_di.koil import Koil
from arkitekt_di.messages.images import DraftFolder
from arkitekt_di.mikro.pixels.local_drafts import LocalDrafts
from arkitekt_di.mikro.pixels.progress import Progress
from arkitekt_di.mikro.service import Mikro
from arkitekt_di.settings.models import MikroSettings, ObjectSettings
from tests.mikro.hub import Hub, serving

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders of a user, as POSIX has them"),
]

NOISE = np.random.default_rng(0).integers(0, 2**16, (6, 256, 256), np.uint16)
SHARDS = MikroSettings(shard_mib=0.125, levels=1, transfers=1)
SHARD_BYTES = 2**17
PROOF = "0123456789abcdef" * 2 + ".proof"


async def store(hub: Hub, koil: Koil, *, progress: Callable[[Progress], None] | None = None, **changes: object) -> None:
    """Store the noise, and find it as it was."""
    mikro = Mikro(hub.records, hub.pixels, koil, SHARDS)
    image = await mikro.afrom_xarray(NOISE, name="noise", dims=("z", "y", "x"), progress=progress, settings=changes)
    again = await mikro.aget_image(image.id)
    assert np.array_equal(await asyncio.to_thread((await again.adata()).compute), NOISE)
    assert await again.averify() == ()


def sent(hub: Hub) -> int:
    """Return how many shards came as bodies."""
    return sum(size >= SHARD_BYTES for size in hub.bodies)


async def test_pixels_are_written_into_the_folder_of_a_hub_on_this_machine(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil:
        await store(hub, koil)

        assert (sent(hub), hub.bodies.count(0)) == (0, len(NOISE))
        assert not any(tmp_path.joinpath("objects", ".drafts").rglob("*.*"))


async def test_pixels_are_sent_where_the_app_or_the_hub_wants_it_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as hub, Koil() as koil:
        await store(hub, koil, local_drafts=False)

        assert sent(hub) == len(NOISE)
    async with serving(tmp_path, ObjectSettings(local_drafts=False)) as hub, Koil() as koil:
        await store(hub, koil)

        assert sent(hub) == len(NOISE)


async def test_a_folder_that_is_lost_meanwhile_costs_nothing_but_the_way(tmp_path: Path) -> None:
    """As when the hub starts again: the rest is sent."""

    def lose(progress: Progress) -> None:
        if progress.done_bytes >= NOISE.nbytes // 2:
            shutil.rmtree(tmp_path / "objects" / ".drafts", ignore_errors=True)

    async with serving(tmp_path) as hub, Koil() as koil:
        await store(hub, koil, progress=lose)

        assert 0 < sent(hub) < len(NOISE)


async def test_a_grant_that_is_renewed_is_for_the_same_folder(tmp_path: Path) -> None:
    """A margin as long as the grant has it renewed for every object."""
    async with serving(tmp_path, ObjectSettings(grant_s=30)) as hub, Koil() as koil:
        await store(hub, koil, access_margin_s=60.0)

        assert sent(hub) == 0


def private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    folder.joinpath(PROOF).touch()
    return folder


def named(folder: Path, proof: str = PROOF) -> DraftFolder:
    return DraftFolder(path=str(folder), proof=proof)


def test_the_folder_of_the_hub_is_known_by_its_proof(tmp_path: Path) -> None:
    found = LocalDrafts.found(named(private(tmp_path / "drafts")))

    assert found is not None
    name = found.write(b"body")
    assert tmp_path.joinpath("drafts", name).read_bytes() == b"body"
    assert tmp_path.joinpath("drafts", name).stat().st_mode & 0o777 == 0o600
    found.remove(name)
    found.remove(name)
    assert LocalDrafts.found(None) is None


def without_proof(folder: Path) -> DraftFolder:
    return named(private(folder), secrets.token_hex(16) + ".proof")


def with_a_file_that_anybody_knows(folder: Path) -> DraftFolder:
    private(folder).joinpath("known_hosts").touch()
    return named(folder, "known_hosts")


def readable_by_others(folder: Path) -> DraftFolder:
    private(folder).chmod(0o750)
    return named(folder)


def linked(folder: Path) -> DraftFolder:
    folder.symlink_to(private(folder.with_name("real")))
    return named(folder)


def of_another_user(folder: Path) -> DraftFolder:
    if os.geteuid() != 0:
        pytest.skip("only root gives folders away")
    os.chown(private(folder), 65534, 65534)
    return named(folder)


def relative(folder: Path) -> DraftFolder:
    return named(Path(os.path.relpath(private(folder))))


@pytest.mark.parametrize(
    "make", [without_proof, with_a_file_that_anybody_knows, readable_by_others, linked, of_another_user, relative]
)
def test_a_folder_that_a_hub_elsewhere_could_name_is_not_written_to(
    tmp_path: Path, make: Callable[[Path], DraftFolder]
) -> None:
    """A hub on another machine may name any folder of this one."""
    assert LocalDrafts.found(make(tmp_path / "drafts")) is None
