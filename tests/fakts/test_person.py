"""Asking a person at a real terminal: a pair of pseudo-terminals."""

import asyncio
import os
import sys
from contextlib import contextmanager

import pytest

from arkitekt_di.fakts.person import FixedAnswer, Nobody, TerminalPerson
from arkitekt_di.protocols.person import Person

pytestmark = pytest.mark.anyio

pty = pytest.importorskip("pty")


def keeps_its_promise(person: TerminalPerson | Nobody | FixedAnswer) -> Person:
    return person  # checked by mypy


@contextmanager
def terminal(monkeypatch):
    """Let the program sit at a terminal, and yield the side of the person; pytest has streams of its own."""
    person, program = pty.openpty()
    os.set_blocking(person, False)  # a question that was not asked fails the test at once
    with (
        os.fdopen(program, "r+b", buffering=0) as raw,
        open(raw.fileno(), closefd=False) as stdin,
        open(raw.fileno(), "w", closefd=False) as stderr,
        monkeypatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", stdin)
        patch.setattr(sys, "stderr", stderr)
        yield person
    os.close(person)


async def test_a_line_is_read_without_its_end(monkeypatch):
    with terminal(monkeypatch) as person:
        asking = asyncio.create_task(TerminalPerson().ask("Really? ", timeout_s=10))
        await asyncio.sleep(0)
        assert os.read(person, 100) == b"Really? "
        os.write(person, b" yes \n")

        assert await asking == "yes"


async def test_nobody_who_types_ends_the_wait_and_leaves_the_next_line_alone(monkeypatch):
    with terminal(monkeypatch) as person:
        assert await TerminalPerson().ask("Really? ", timeout_s=0.05) is None
        os.write(person, b"for somebody else\n")

        assert await TerminalPerson().ask("Again? ", timeout_s=10) == "for somebody else"


async def test_giving_up_leaves_no_reader_behind(monkeypatch):
    with terminal(monkeypatch):
        asking = asyncio.create_task(TerminalPerson().ask("Really? ", timeout_s=10))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        assert not asyncio.get_running_loop().remove_reader(sys.stdin)


async def test_the_end_of_the_input_is_no_answer(monkeypatch):
    with terminal(monkeypatch) as person:
        os.write(person, b"\x04")

        assert await TerminalPerson().ask("Really? ", timeout_s=10) is None


@pytest.mark.parametrize("stream", ["stdin", "stderr"])
async def test_without_a_terminal_nobody_is_asked(monkeypatch, stream):
    with terminal(monkeypatch), open(os.devnull, "r+") as nowhere:  # noqa: PTH123, ASYNC230  # stands for a pipe
        monkeypatch.setattr(sys, stream, nowhere)

        assert await TerminalPerson().ask("Really? ", timeout_s=10) is None


async def test_a_program_without_streams_asks_nobody(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)  # as under pythonw.exe

    assert await TerminalPerson().ask("Really? ", timeout_s=10) is None
