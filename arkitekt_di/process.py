"""Other processes by number: whether they live, and waiting for their end.

A number is given away again once its process has ended, so whoever remembers a number remembers the birth beside it.
"""

import asyncio
import os
import signal
from pathlib import Path

_PROC = Path("/proc")
_LOOK_EVERY_S = 0.05


def birth_of(pid: int) -> str | None:
    """Return what tells the process *pid* from every other that has or had its number; None where nothing tells.

    It is the boot of the machine and the start of the process in clock ticks after it (proc_pid_stat(5), field 22),
    which no change of the clock moves.  None also for a process that is gone.
    """
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The name of the program, field 2, may itself hold spaces and brackets.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else f"{boot}:{fields[18]}"


def is_alive(pid: int, birth: str | None) -> bool:
    """Tell whether the process lives; with a *birth*, whether it is still the same one."""
    if birth is not None:
        return birth_of(pid) == birth
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, and belongs to somebody else
    return True


async def end(pid: int, birth: str | None, *, timeout_s: float) -> bool:
    """Ask the process to end, and wait until it has.

    Parameters
    ----------
    pid : int
    birth : str or None
        As `birth_of` gave it; nothing is sent to another process that got the number since.
    timeout_s : float
        Longest wait, in seconds.

    Returns
    -------
    bool
        Whether it is gone.
    """
    if not hasattr(os, "pidfd_open"):
        return await _end_by_number(pid, birth, timeout_s)
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        # From here on the descriptor means one process, whatever happens to the number.
        if not is_alive(pid, birth):
            return True
        signal.pidfd_send_signal(descriptor, signal.SIGTERM)
        return await _becomes_readable(descriptor, timeout_s)
    finally:
        os.close(descriptor)


async def _becomes_readable(descriptor: int, timeout_s: float) -> bool:
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        async with asyncio.timeout(timeout_s):
            await readable.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
    return True


async def _end_by_number(pid: int, birth: str | None, timeout_s: float) -> bool:
    if not is_alive(pid, birth):
        return True
    os.kill(pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(timeout_s):
            while is_alive(pid, birth):  # noqa: ASYNC110  # only Linux tells the end of a process that is not a child
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        return False
    return True
