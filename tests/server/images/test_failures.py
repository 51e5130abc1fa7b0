import errno
from enum import Enum

import pytest
import strawberry
from graphql import GraphQLError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from arkitekt_di.errors import ConfigurationError, ImageNotFoundError, StorageFullError
from arkitekt_di.server.graphql.failures import is_expected, shown
from arkitekt_di.server.graphql.served_schema import ServedSchema


def failure(cause: Exception) -> GraphQLError:
    return GraphQLError(str(cause), original_error=cause, path=["field"])


def test_a_full_database_is_told_as_such() -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("PRAGMA max_page_count = 1"))
        with pytest.raises(OperationalError) as full:
            connection.execute(text("CREATE TABLE numbers (number INTEGER)"))

    assert shown(failure(full.value)).extensions == {"code": "STORAGE_FULL"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_such(number: int) -> None:
    assert shown(failure(OSError(number, "full"))).extensions == {"code": "STORAGE_FULL"}


@pytest.mark.parametrize(
    ("cause", "code"),
    [(ImageNotFoundError("1"), "NOT_FOUND"), (StorageFullError("the hub"), "STORAGE_FULL")],
)
def test_our_own_errors_keep_their_words_and_get_a_code(cause: Exception, code: str) -> None:
    error = shown(failure(cause))

    assert (error.message, error.extensions, error.path) == (str(cause), {"code": code}, ["field"])
    assert is_expected(failure(cause))


@pytest.mark.parametrize("cause", [KeyError("secret"), OSError(errno.EIO, "/srv/secret"), ConfigurationError([])])
def test_the_inside_of_the_hub_stays_inside(cause: Exception) -> None:
    error = shown(failure(cause))

    assert (error.message, error.extensions) == ("internal error", {"code": "INTERNAL"})
    assert not is_expected(failure(cause))


def test_what_was_shown_once_stays_as_it_is() -> None:
    error = shown(failure(ImageNotFoundError("1")))

    assert shown(error) is error


@strawberry.enum
class Direction(Enum):
    UP = "up"


@strawberry.input
class Order:
    name: strawberry.Maybe[Direction]


@strawberry.type
class Query:
    @strawberry.field
    def listed(self, order: list[Order], only: strawberry.Maybe[Direction]) -> str:
        return f"{order}{only}"


@pytest.mark.anyio
@pytest.mark.parametrize(("arguments", "name"), [("order: [{name: null}]", "name"), ("order: [], only: null", "only")])
async def test_null_is_refused_in_words_that_show_nothing_of_the_inside(arguments: str, name: str) -> None:
    answer = await ServedSchema(query=Query).execute(f"{{ listed({arguments}) }}")

    assert answer.errors is not None
    assert [(error.message, error.extensions) for error in answer.errors] == [
        (f"'{name}' cannot be null. Leave it out, or give it a value", {"code": "INVALID_REQUEST"})
    ]
