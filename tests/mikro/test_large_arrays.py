"""Arrays that are larger than memory, in one piece, or of more pixels than 32 bits count."""

import subprocess
import sys
from pathlib import Path

import dask.array as da
import numpy as np
import pytest

from arkitekt_di import embedded
from arkitekt_di.mikro import from_xarray, get_image

SCRIPT = Path(__file__).with_name("large_upload.py")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA bounds private memory on Linux only")


def peak_mib(size_mib: int, limit_mib: int, cut: str = "misaligned") -> int:
    """Store so much under such a limit; return the peak of the resident memory."""
    command = [sys.executable, str(SCRIPT), str(size_mib), str(limit_mib), cut]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False, cwd=SCRIPT.parents[2])
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


@on_linux
def test_a_misaligned_lazy_array_is_stored_in_less_memory_than_it_has() -> None:
    """512 MiB, with every level, in 1 GiB of memory that holds the interpreter and its stacks, too."""
    assert peak_mib(512, 1024) < 600


@on_linux
@pytest.mark.long
@pytest.mark.timeout(1500)
def test_8_gib_are_stored_in_1_gib() -> None:
    assert peak_mib(8192, 1024) < 1024


@on_linux
@pytest.mark.long
@pytest.mark.timeout(1500)
def test_a_single_chunk_of_4_gib_is_in_memory_once() -> None:
    """Dask holds what it computed; what is stored of it needs no second place."""
    assert peak_mib(4096, 5120, "single") < 4096 + 600


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("shape", [(2**31 + 5,), (2, 2**30 + 3)])
def test_more_pixels_than_32_bits_count_come_back(shape: tuple[int, ...]) -> None:
    """Along one axis, and altogether; the last ones and those around the boundary are told apart."""
    marks = {2**31 - 1: 3, 2**31: 5, 2**31 + 4: 7} if len(shape) == 1 else {2**30 + 2: 9}

    def marked(
        block_info: dict[None, dict[str, list[tuple[int, int]]]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        places = block_info[None]["array-location"]
        block = np.zeros([stop - start for start, stop in places], np.uint8)
        start, stop = places[-1]
        for place, value in marks.items():
            if start <= place < stop:
                block[..., place - start] = value
        return block

    chunks = tuple((2**26,) * (size // 2**26) + ((size % 2**26,) if size % 2**26 else ()) for size in shape)
    lazy = da.map_blocks(marked, chunks=chunks, dtype=np.uint8, meta=np.empty((0,) * len(shape), np.uint8))
    with embedded("large"):
        image = get_image(from_xarray(lazy, name="large", dims=("y", "x")[-len(shape) :]).id)

        assert image.shape == shape
        for place, value in marks.items():
            assert (image.data[..., place - 1 : place + 1].compute() == [marks.get(place - 1, 0), value]).all()
        assert image.statistics[0].max == max(marks.values())
        assert image.verify() == ()
