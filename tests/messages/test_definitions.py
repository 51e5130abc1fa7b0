"""Definitions on the wire: two spellings, one identity."""

from arkitekt_di.messages.definitions import ActionKind, Declaration, Definition, Implementation
from arkitekt_di.messages.ports import ArgPort, Call, Operand, PortKind, ReturnPort, Validator
from arkitekt_di.messages.widgets import Choice, SearchWidget, SliderWidget, StringWidget

VALIDATOR = Validator(
    call=Call(operation="gte", arguments=(Operand(key="a", value_path="value"), Operand(key="b", value_literal=1)))
)
DEFINITION = Definition(
    key="segment",
    version="1",
    name="Segment",
    description="x",
    kind=ActionKind.FUNCTION,
    args=(
        ArgPort(key="a", kind=PortKind.INT, default=3, validators=(VALIDATOR,), widget=SliderWidget(min=0, max=3)),
        ArgPort(
            key="m",
            kind=PortKind.ENUM,
            identifier="x/y",
            choices=(Choice(value="a", label="A"),),
            widget=StringWidget(placeholder="d"),
        ),
        ArgPort(
            key="m2",
            kind=PortKind.STRUCTURE,
            identifier="x/y",
            widget=SearchWidget(query="query s {a}", ward="mikro"),
        ),
    ),
    returns=(ReturnPort(key="return0", kind=PortKind.STRUCTURE, identifier="@mikro/arraydataset"),),
)

HASH_OF_THE_REAL_CLIENT = "3f0196020c81d1f38c9ef4bbe91b9488c19a65a54faff90b2f4479b7626ca808"
"""What ``arkitekt_spec`` 3.19.1 says of the same definition."""


def test_an_action_has_the_identity_that_the_real_client_gives_it():
    assert DEFINITION.hash == HASH_OF_THE_REAL_CLIENT


def test_the_identity_survives_both_spellings_of_the_wire():
    implementation = Implementation(definition=DEFINITION, interface="segment")

    snake = Implementation.model_validate(implementation.model_dump(mode="json", exclude_none=True))
    camel = Implementation.model_validate_json(implementation.model_dump_json(by_alias=True))

    assert snake.definition.hash == camel.definition.hash == HASH_OF_THE_REAL_CLIENT


def test_what_is_no_part_of_the_identity_changes_nothing():
    assert DEFINITION.model_copy(update={"idempotent": True, "is_dev": True}).hash == DEFINITION.hash
    assert DEFINITION.model_copy(update={"version": "2"}).hash != DEFINITION.hash


def test_widgets_of_unknown_kinds_keep_their_members():
    port = ArgPort.model_validate({"key": "a", "kind": "INT", "widget": {"kind": "DIAL", "turns": 3}})

    assert port.model_dump(mode="json", exclude_none=True)["widget"] == {"kind": "DIAL", "turns": 3}


def test_a_declaration_knows_whether_it_has_changed():
    one = Declaration(implementations=(Implementation(definition=DEFINITION, interface="segment"),))
    other = Declaration(implementations=(Implementation(definition=DEFINITION, interface="other"),))

    assert one.hash == Declaration.model_validate(one.wire()).hash
    assert one.hash != other.hash
    assert "port_groups" in one.wire()["implementations"][0]["definition"]
