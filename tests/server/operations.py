"""What schemathesis finds in a description."""

from typing import Any

from schemathesis import APIOperation, BaseSchema
from schemathesis.core.result import Err

Operation = APIOperation[Any, Any, Any, Any]


def operations_of(schema: BaseSchema) -> list[Operation]:
    """Return every operation; one that makes no sense is an error."""
    found: list[Operation] = []
    for result in schema.get_all_operations():
        if isinstance(result, Err):
            raise result.err()
        found.append(result.ok())
    return found
