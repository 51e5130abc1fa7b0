"""Orders whose arguments are text already are read as all others are."""

import json

from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.messages.orders import ORDERS, Assign
from arkitekt_di.server.tasks.written_assign import WrittenAssign

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), _VALUES, max_size=4))
def test_arguments_that_are_written_already_arrive_as_others_do(args: dict[str, object]) -> None:
    members = {"id": "1", "task": "t", "interface": "f", "user": "u", "org": "o", "action": "a", "implementation": "i"}
    written = WrittenAssign.model_validate(members | {"written_args": json.dumps(args), "token": "secret"})
    plain = Assign.model_validate(members | {"args": args, "token": "secret"})

    assert ORDERS.read(written.encoded()) == plain
