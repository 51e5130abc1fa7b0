"""Frames of the agent socket: what is read is what was sent, and nothing unknown is an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from arkitekt_di.messages import orders, reports
from arkitekt_di.messages.frames import Frame, UnknownFrame, together
from arkitekt_di.messages.mirrors import MIRRORS
from arkitekt_di.messages.orders import ORDERS, Assign
from arkitekt_di.messages.reports import REPORTS, Register, StatePatch, Yield
from arkitekt_di.messages.tasks import PASSING_KINDS, TERMINAL_KINDS, EventKind

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
_OBJECTS = st.dictionaries(st.text(max_size=5), _JSON, max_size=4)


@given(_OBJECTS, st.text(max_size=5), st.none() | st.integers(1, 2**53))
def test_a_report_arrives_as_it_was_sent(returns: dict[str, object], task: str, pos: int | None) -> None:
    sent = Yield(task=task, returns=returns, pos=pos)

    assert REPORTS.read(sent.encoded()) == sent


@given(_OBJECTS)
def test_an_assignment_arrives_as_it_was_sent(args: dict[str, object]) -> None:
    sent = Assign(task="t", interface="f", args=args, user="u", org="o", action="a", implementation="i")

    assert ORDERS.read(sent.encoded()) == sent


def test_members_that_are_empty_are_left_out_unless_the_peer_needs_them() -> None:
    patch = StatePatch(
        session_id="s", global_rev=1, state_name="n", ts=1.0, op="add", path="/x", value=None, old_value=None
    )

    assert {"value", "old_value"} <= json.loads(patch.encoded()).keys()
    assert "pos" not in json.loads(patch.encoded())
    assert json.loads(Yield(task="t", returns={"a": None}).encoded())["returns"] == {"a": None}


def test_a_bare_registration_is_one_that_older_hubs_take() -> None:
    members = json.loads(Register(token=SecretStr("secret"), session_id="s").encoded())

    assert members.keys() == {"type", "id", "token", "force", "session_id"}
    assert members["token"] == "secret"


def test_tokens_are_shown_to_the_peer_only() -> None:
    frame = Register(token=SecretStr("secret"))

    assert "secret" not in repr(frame)
    assert "secret" not in frame.model_dump_json()


@given(st.lists(_OBJECTS, min_size=1, max_size=4))
def test_several_frames_arrive_as_one_message(results: list[dict[str, object]]) -> None:
    sent = [Yield(task="t", returns=returns) for returns in results]

    assert REPORTS.read_all(together([frame.encoded() for frame in sent])) == sent


@pytest.mark.parametrize("text", ["[1]", '[{"type": "STARTED", "task": "t"}, null]', "[[]]", "[", "2"])
def test_a_message_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        REPORTS.read_all(text)


@given(st.text(max_size=8), _OBJECTS)
def test_what_is_not_known_is_passed_over(kind: str, members: dict[str, object]) -> None:
    frame = REPORTS.read(json.dumps(members | {"type": f"x{kind}", "id": "1"}))

    assert isinstance(frame, UnknownFrame)


@pytest.mark.parametrize("text", ["", "[]", "1", '"x"', "{", '{"type": "LOG", "x": NaN}', '{"x": "\\ud800"}'])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        REPORTS.read(text)


@pytest.mark.parametrize("text", ['{"type": "YIELD"}', '{"type": "LOG", "task": 5, "message": "x"}', '{"id": "1"}'])
def test_a_frame_without_its_members_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        REPORTS.read(text)


def test_every_kind_has_one_name() -> None:
    frames = [
        kind
        for module in (orders, reports)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Frame) and kind.model_fields["type"].default.__class__ is str
    ]
    names = [frame.model_fields["type"].default for frame in {*frames, *MIRRORS.values()}]

    assert len(names) == len(set(names))


def test_every_end_of_a_task_has_a_mirror() -> None:
    assert set(MIRRORS) >= TERMINAL_KINDS
    assert not TERMINAL_KINDS & PASSING_KINDS
    assert EventKind.LATE_REPORT not in MIRRORS
