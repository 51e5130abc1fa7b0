"""Provenance over GraphQL."""

from typing import Any

from arkitekt_di.messages.comments import Subject
from arkitekt_di.messages.provenance import Origin
from arkitekt_di.mikro.answers import ask, read
from arkitekt_di.mikro.provenance import documents
from arkitekt_di.mikro.subject import missing
from arkitekt_di.protocols.transport import GraphQL


class GraphQLProvenanceRecords:
    """Provenance that a hub keeps.

    Parameters
    ----------
    graphql : GraphQL
    """

    def __init__(self, graphql: GraphQL) -> None:
        self._graphql = graphql

    async def find(self, subject: Subject, *, limit: int, offset: int) -> list[Origin]:
        """Return one page of what was done to a record, oldest first."""
        words = {"kind": subject.kind.value, "id": subject.id}
        variables = {"subject": words, "pagination": {"limit": limit, "offset": offset}}
        answer = await ask(self._graphql, documents.READ_PROVENANCE, variables, missing=missing(subject))
        return [_origin(line) for line in answer["lines"]]


def _origin(given: dict[str, Any]) -> Origin:
    user = given.get("user") or {}
    return read(Origin, {**given, "userId": user.get("sub"), "userName": user.get("preferredUsername")})
