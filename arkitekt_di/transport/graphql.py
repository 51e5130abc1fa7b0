"""GraphQL over HTTP with the login of the app."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

from arkitekt_di.errors import LoginRequiredError, PermissionDeniedError, StorageFullError
from arkitekt_di.messages.provenance import TASK_HEADER
from arkitekt_di.protocols.herre import TokenSource, WideningTokenSource
from arkitekt_di.protocols.task import RUNNING_TASK
from arkitekt_di.transport.answer import Answer
from arkitekt_di.transport.bearer_challenge import wanted_scopes
from arkitekt_di.transport.following import Follower
from arkitekt_di.transport.http import HttpClient
from arkitekt_di.transport.refusal import refusal_of

_OPERATION = re.compile(r"^\s*(?:query|mutation|subscription)\s+(\w+)", re.MULTILINE)


class HttpGraphQL:
    """Executes documents at one endpoint.

    Parameters
    ----------
    http : HttpClient
    tokens : TokenSource
    endpoint : callable
        Finds the address of the endpoint; asked before each request, so it should remember.
    """

    def __init__(self, http: HttpClient, tokens: TokenSource, endpoint: Callable[[], Awaitable[str]]) -> None:
        self._http = http
        self._tokens = tokens
        self._endpoint = endpoint
        self._follower = Follower(http, tokens, endpoint, give_up_s=http.give_up_s)

    async def execute(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run the one operation in *document* and return its ``data``.

        Raises
        ------
        HubRefusedError
            The answer carries errors; their codes are in ``codes``.
        StorageFullError
            The hub has no space left.
        PermissionDeniedError
            The service knows who asks, and says no.
        LoginRequiredError
            The token is refused, and so is its renewal.
        ConnectionLostError
            The service does not answer, or not in GraphQL.
        """
        operation = operation_name(document)
        request = {"query": document, "variables": dict(variables), "operationName": operation}
        answer = await self._ask(await self._endpoint(), request)
        if answer.status == 403:
            raise PermissionDeniedError(f"do {operation or 'this'} at {answer.url}")
        if answer.status == 507:  # RFC 4918, section 11.5
            raise StorageFullError(answer.url)
        members = answer.members()
        if members is None:
            raise answer.unusable()
        if members.get("errors"):
            raise refusal_of(operation or "the request", answer.url, members["errors"])
        data = members.get("data")
        if not isinstance(data, dict):
            raise answer.unusable()
        return data

    def follow(self, document: str, variables: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """Run the one subscription in *document*, and come back whenever the connection is lost; see `Follower`."""
        request = {"query": document, "variables": dict(variables), "operationName": operation_name(document)}
        return self._follower.follow(request)

    async def _ask(self, url: str, request: Mapping[str, Any]) -> Answer:
        token = await self._tokens.aget_token()
        answer = await self._http.post_json(url, request, bearer=token, headers=_on_behalf())
        if answer.status == 401:
            fresh = await self._tokens.arefresh_token(token)
            answer = await self._http.post_json(url, request, bearer=fresh, headers=_on_behalf())
        if answer.status == 401:
            raise LoginRequiredError(url, "the service refuses a token that was just renewed")
        return await self._ask_with_more(answer, request)

    async def _ask_with_more(self, answer: Answer, request: Mapping[str, Any]) -> Answer:
        """Ask once more where the token lacks scopes and a person grants them (RFC 6750, section 3.1)."""
        scopes = wanted_scopes(answer) if answer.status == 403 else ()
        if not scopes or not isinstance(self._tokens, WideningTokenSource):
            return answer
        wider = await self._tokens.awiden_token(scopes)
        return await self._http.post_json(answer.url, request, bearer=wider, headers=_on_behalf())


def _on_behalf() -> dict[str, str]:
    """Return the header that names the task which runs here."""
    task = RUNNING_TASK.get()
    return {} if task is None else {TASK_HEADER: task}


def operation_name(document: str) -> str | None:
    """Return the name of the first operation in *document*; None where it has none."""
    found = _OPERATION.search(document)
    return None if found is None else found[1]
