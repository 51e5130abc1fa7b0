"""Arrays that are larger than memory."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("large_upload.py")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA bounds private memory on Linux only")


def peak_mib(size_mib: int, limit_mib: int) -> int:
    """Store so much under such a limit; return the peak of the resident memory."""
    command = [sys.executable, str(SCRIPT), str(size_mib), str(limit_mib)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False, cwd=SCRIPT.parents[2])
    assert ran.returncode == 0, ran.stderr
    return int(ran.stdout)


def test_a_misaligned_lazy_array_is_stored_in_less_memory_than_it_has() -> None:
    """512 MiB, with every level, in 1 GiB of memory that holds the interpreter and its stacks, too."""
    assert peak_mib(512, 1024) < 600


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_8_gib_are_stored_in_1_gib() -> None:
    assert peak_mib(8192, 1024) < 1024
