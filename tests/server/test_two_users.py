"""Two users and every route of the hub: nobody sees or changes what is not theirs.

Routes come from the router and fields from introspection, so that a new one is covered or fails here.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, insert, select
from sqlalchemy import Table as SqlTable

from arkitekt_di.messages.definitions import Definition
from arkitekt_di.server.database import Table
from arkitekt_di.server.identifiers import new_identifier
from arkitekt_di.server.identity import tables as identity_tables
from tests.server.graphql_samples import DEPTH, INTROSPECTION, Call, calls, schema_of
from tests.server.whole_hub import WholeHub, whole_hub

CANARY = "canary-of-ada"
LAB, OTHER = "Canary Lab of Ada", "Lab of Eve"
STATES = ("ATTACHED", "FINISHED", "OPEN")
"""Where a row has a state, there is one row in each; others refer to the first."""

PUBLIC, PERSON, TOKEN, SIGNED, CLIENT, LINK = "public", "person", "token", "signed", "client", "link"
"""How a route knows who asks: not at all, by cookie, by token, by signature, by client and code, by its address."""

OF_THE_HUB = ("/o/userinfo/", "/report/")
"""Routes for the tokens of every app, whatever services it was granted."""

RULES = {
    "/ht": PUBLIC,
    "/mikro/ht": PUBLIC,
    "/.well-known/fakts": PUBLIC,
    "/.well-known/oauth-authorization-server/o": PUBLIC,
    "/o/.well-known/openid-configuration": PUBLIC,
    "/o/.well-known/jwks.json": PUBLIC,
    "/identity/pages.css": PUBLIC,
    "/local/lease": PUBLIC,
    "/o/app-authorization/": CLIENT,
    "/o/device-authorization/": CLIENT,
    "/o/token/": CLIENT,
    "/o/revoke/": CLIENT,
    "/o/introspect/": CLIENT,
    "/o/userinfo/": TOKEN,
    "/report/": TOKEN,
    "/login": PERSON,
    "/logout": PERSON,
    "/device": PERSON,
    "/configure/{code}": PERSON,
    "/o/authorize/": PERSON,
    "/apps": PERSON,
    "/keys": PERSON,
    "/organization": PERSON,
    "/images/{image}": PERSON,
    "/images/{image}/picture.png": PERSON,
    "/setup/{token}": LINK,
    "/mikro/graphql": TOKEN,
    "/rekuest/graphql": TOKEN,
    "/rekuest/agi": TOKEN,
    "/rekuest/desk": TOKEN,
    "/rekuest/ht": PUBLIC,
    "/ngff/{token}/{image}.ome.zarr{key}": LINK,
    **{f"/{bucket}": SIGNED for bucket in ("zarr", "bigfile", "parquet")},
    **{f"/{bucket}/{{key}}": SIGNED for bucket in ("zarr", "bigfile", "parquet")},
}
"""What is true of each route; a route without a line here fails the first test."""

DEFINITION = Definition(key="f", version="1", name=CANARY, kind="FUNCTION").model_dump_json()
"""A function of Ada's as her agent declared it."""

DOCUMENT = json.dumps({"interface": CANARY, "execution": "PLAIN", "effects": "NONE"})
"""How her agent carries it out."""

WEBSOCKET = (400, 426)
"""What a route says that opens a WebSocket only, where the token comes in the first message."""

REFERENCES = {"agent_id": "agents.id", "action_id": "actions.id", "implementation_id": "implementations.id"}
"""What columns refer to that are no foreign keys, as tasks outlive what they ran."""

OF_TASKS = frozenset({"agents", "actions", "implementations", "tasks"})
GRAPHQL = ("/mikro/graphql", "/rekuest/graphql")
SHOWN = {
    "/mikro/graphql": {"folder", "folders", "file", "files"},
    "/rekuest/graphql": {
        "agent",
        "agents",
        "action",
        "actions",
        "implementation",
        "implementations",
        "task",
        "tasks",
    },
}
"""Queries that do show Ada what is hers."""

UNREACHED: dict[str, dict[str, str]] = {}
"""Fields that no sample reaches, by endpoint, each with the test that holds it against two users instead."""

SHARE = 6
"""One in so many pairs of a field and a table is tried with every argument, as all of them take minutes."""


class Matrix:
    """One hub for the module, in a loop of its own, with Ada's records in every table and Eve beside her."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.ids: list[str] = []
        self.firsts: dict[str, str] = {}
        filled = self._open(folder / "data")
        self.runner.run(self._fill())
        self.close_hub()  # what the hub keeps at hand, as agents and what they offer, it reads when it starts
        self._open(folder / "data")
        self.run(self.hub.welcome(filled.people))

    def _open(self, data: Path) -> WholeHub:
        self.context = whole_hub(data)
        self.hub: WholeHub = self.runner.run(self.context.__aenter__())
        return self.hub

    async def _fill(self) -> None:
        ada = await self.hub.add("ada", LAB)
        await self.hub.add("eve", OTHER)
        known: dict[str, Any] = {"organizations.id": ada.organization_id, "users.id": ada.user_id}
        async with self.hub.database.transaction() as session:
            for table in Table.metadata.sorted_tables:
                if table.name in _OWN_OF_IDENTITY:
                    continue
                for number, state in enumerate(STATES if "state" in table.c else (None,)):
                    row = {column.name: _value(column, known, number, state, ada) for column in _filled(table)}
                    await session.execute(insert(table).values(row))
                    for column in table.primary_key:
                        known.setdefault(f"{table.name}.{column.name}", row[column.name])
                    self.ids += [str(row["id"])] if "id" in row else []
                    if "id" in row and number == 0:
                        self.firsts[table.name] = str(row["id"])
        self.ids += [ada.organization_id, ada.user_id]

    async def rows(self, of: str) -> dict[str, list[Any]]:
        """Return every row that belongs to the organization of that person."""
        found = {}
        async with self.hub.database.transaction() as session:
            for table in Table.metadata.sorted_tables:
                if "organization_id" in table.c and table.name not in _OWN_OF_IDENTITY:
                    whose = table.c.organization_id == self.hub.people[of].organization_id
                    rows = await session.execute(select(table).where(whose).order_by(*table.primary_key))
                    found[table.name] = [dict(row) for row in rows.mappings()]
        return found

    def calls(self, path: str, *, share: int = SHARE) -> Iterator[tuple[str, Call]]:
        """Yield every field with an identifier of each table of Ada's that its service has.

        With what it needs, a field is called for the tables that it is named after and half of the others; with all its
        arguments, for one in *share*.  Where that is 1, it is called in both ways for every table of the hub.
        """
        schema = schema_of(self.run(self.hub.graphql(path, INTROSPECTION, {}, by="eve")))
        depth = DEPTH if share == 1 else 1  # the hub takes longer to read a deep question than to answer it
        own = "tasks" in schema.query_type.fields if schema.query_type else False
        for row, (table, identifier) in enumerate(self.firsts.items()):
            if share > 1 and (table in OF_TASKS) != own:
                continue
            for column, call in enumerate(calls(schema, identifier, everything=False, depth=depth)):
                is_named_after = table.removesuffix("s") in call.field.lower()
                if share == 1 or own or is_named_after or (row + column) % 2 == 0:
                    yield identifier, call
            for column, call in enumerate(calls(schema, identifier, everything=True, depth=depth)):
                if (row + column) % share == 0:  # every field meets several tables, and every table several fields
                    yield identifier, call

    def unreached(self, path: str, *, share: int = SHARE) -> set[str]:
        """Have Eve call every field, and return those that no call of hers reached; whatever she sees is looked at."""
        reached: dict[str, bool] = {}
        for kind in ("query", "mutation"):  # first what she sees, as her own changes repeat what she was given to send
            for identifier, call in self.calls(path, share=share):
                if call.kind != kind:
                    continue
                answer = self.run(self.hub.graphql(path, call.document, call.variables, by="eve"))
                secrets = {CANARY, LAB, *self.ids} - {identifier} if kind == "query" else {CANARY, LAB}
                assert [word for word in secrets if word in json.dumps(answer)] == [], call
                is_reached = answer.get("data") is not None or any("path" in error for error in answer["errors"])
                reached[call.field] = reached.get(call.field, False) or is_reached
        return {field for field, is_reached in reached.items() if not is_reached}

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def send(self, method: str, path: str, **kwargs: Any) -> tuple[int, str]:
        async def ask() -> tuple[int, str]:
            async with self.hub.http.request(method, path, allow_redirects=False, **kwargs) as answer:
                return answer.status, f"{dict(answer.headers)} {await answer.text(errors='replace')}"

        answered: tuple[int, str] = self.runner.run(ask())
        return answered

    def close_hub(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))

    def close(self) -> None:
        self.close_hub()
        self.runner.close()


_OWN_OF_IDENTITY = {
    mapper.local_table.name  # type: ignore[attr-defined]
    for mapper in Table.registry.mappers
    if mapper.class_.__module__ == identity_tables.__name__
}


def _filled(table: SqlTable) -> list[Column[Any]]:
    return [column for column in table.columns if not column.nullable and not column.identity]


def _value(column: Column[Any], known: dict[str, Any], number: int, state: str | None, ada: Any) -> Any:
    """Return something that fits the column and that only Ada can have."""
    table = str(column.table.name)
    by_name = {
        "organization_id": ada.organization_id,
        "user_id": ada.user_id,
        "user_name": CANARY,
        "state": state,
        "kind": {"blobs": "bigfile", "tasks": "QUEUED", "task_events": "QUEUED"}.get(table, "CREATED"),
        "instruct": "ASSIGN",
        "effects": "NONE",
        "execution": "PLAIN",
        "id": new_identifier(),
        "created_at": 1.0,
        "updated_at": 1.0,
        "expires_at": 4e9,
        "name": f"{CANARY} {table} {number}",
        "features": "[]",
        "args": "{}",
        "options": "{}",
        "definition": DEFINITION,
        "document": DOCUMENT,
        "is_active": True,
    }
    for foreign in column.foreign_keys:
        return known[foreign.target_fullname]
    if column.name in REFERENCES:
        return known.get(REFERENCES[column.name], CANARY)
    if column.name in by_name:
        return by_name[column.name]
    kind = column.type.python_type
    if kind is str:
        return f"{CANARY} {table} {number}"[: getattr(column.type, "length", None) or 100]
    return {int: number + 1, float: 1.0, bool: False}.get(kind, [])


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    matrix = Matrix(tmp_path_factory.mktemp("two-users"))
    yield matrix
    matrix.close()


def routes(matrix: Matrix, *kinds: str) -> list[tuple[str, str]]:
    """Return method and path of every route of these kinds."""
    found = {(route.method, _path(route)) for route in matrix.hub.routes}
    methods = {"*": "GET"}
    return sorted((methods.get(method, method), path) for method, path in found if RULES.get(path) in kinds)


def _path(route: Any) -> str:
    return str(route.resource.canonical)


def address(path: str, name: str) -> str:
    return (
        path.replace("{code}", "BBBB-BBBB")
        .replace("{key}", f"/{name}/zarr.json")
        .replace("//", "/")
        .format(token=name, image=name)
    )


def test_every_route_has_a_rule(matrix: Matrix) -> None:
    unruled = {_path(route) for route in matrix.hub.routes} - set(RULES)

    assert unruled == set(), "say in RULES how these routes know who asks; GraphQL endpoints also go into GRAPHQL"
    served = {_path(route) for route in matrix.hub.routes}
    assert {path for path in served if path.endswith("/graphql")} == set(GRAPHQL)


def test_routes_that_ask_nobody_who_they_are_show_nothing_of_anybody(matrix: Matrix) -> None:
    for method, path in routes(matrix, PUBLIC):
        _, text = matrix.send(method, address(path, matrix.ids[0]))
        assert CANARY not in text, path
        assert not any(identifier in text for identifier in matrix.ids), path
        assert LAB not in text, path


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi"])
def test_routes_for_tokens_answer_nobody_without_one(matrix: Matrix, header: str | None) -> None:
    for method, path in routes(matrix, TOKEN):
        headers = {} if header is None else {"Authorization": header}
        status, text = matrix.send(method, path, headers=headers, json={})
        assert status in {401, *WEBSOCKET}, (method, path)
        assert CANARY not in text, path


def test_a_token_of_an_app_that_was_granted_another_service_opens_no_service(matrix: Matrix) -> None:
    header = {"Authorization": f"Bearer {matrix.run(matrix.hub.log_in('ada', ['live.arkitekt.other']))}"}
    for method, path in routes(matrix, TOKEN):
        if path not in OF_THE_HUB:
            assert matrix.send(method, path, headers=header, json={})[0] in {401, *WEBSOCKET}, (method, path)


def test_routes_for_signatures_answer_nobody_without_one(matrix: Matrix) -> None:
    token = {"Authorization": f"Bearer {matrix.hub.tokens['eve']}"}
    for _, path in routes(matrix, SIGNED):
        for name in matrix.ids:
            for method in ("GET", "PUT", "DELETE", "HEAD", "POST"):
                for headers in ({}, token):
                    status, _ = matrix.send(method, address(path, name), headers=headers)
                    assert 400 <= status < 500, (method, path)


def test_links_open_nothing_for_whoever_guesses(matrix: Matrix) -> None:
    for method, path in routes(matrix, LINK):
        if method == "OPTIONS":
            continue  # says which methods there are
        for name in matrix.ids:
            status, text = matrix.send(method, address(path, name), data={})
            assert status in {403, 404}, (method, path)
            assert CANARY not in text.replace(name, ""), path


def test_pages_show_a_stranger_nothing_but_the_way_in(matrix: Matrix) -> None:
    for method, path in routes(matrix, PERSON):
        status, text = matrix.send(method, address(path, matrix.ids[0]), **({"data": {}} if method == "POST" else {}))
        assert status in {200, 303, 400, 403}, (method, path)
        assert CANARY not in text, path
        if method == "POST":
            assert status in {400, 403}, path  # a form that no page of this browser had


@pytest.mark.parametrize("path", GRAPHQL)
def test_no_field_shows_or_changes_for_eve_what_is_adas(matrix: Matrix, path: str) -> None:
    check_fields(matrix, path, SHARE)


@pytest.mark.long
@pytest.mark.parametrize("path", GRAPHQL)
def test_no_field_with_any_argument_and_any_record_shows_or_changes_for_eve_what_is_adas(
    matrix: Matrix, path: str
) -> None:
    check_fields(matrix, path, 1)


def check_fields(matrix: Matrix, path: str, share: int) -> None:
    before = matrix.run(matrix.rows("ada"))

    assert matrix.unreached(path, share=share) == set(UNREACHED.get(path, ()))

    assert matrix.run(matrix.rows("ada")) == before
    referred = {
        (table, column)
        for table, rows in matrix.run(matrix.rows("eve")).items()
        for row in rows
        for column, value in row.items()
        if column.endswith("_id") and value in matrix.ids
    }
    assert referred == set(), "a record of Eve refers to one of Ada"


@pytest.mark.parametrize("path", SHOWN)
def test_ada_sees_what_eve_does_not(matrix: Matrix, path: str) -> None:
    """The control: the same documents do show a record to its owner."""
    seen = set()
    for _, call in matrix.calls(path, share=1):
        if call.kind == "query" and call.field in SHOWN[path]:
            answer = matrix.run(matrix.hub.graphql(path, call.document, call.variables, by="ada"))
            seen |= {call.field} if CANARY in json.dumps(answer.get("data")) else set()

    assert seen == SHOWN[path]


def test_tokens_of_one_app_do_nothing_at_another_client(matrix: Matrix) -> None:
    adas = matrix.hub.tokens["ada"]
    issued = matrix.run(matrix.hub.json("POST", "/o/app-authorization/", json={"manifest": {"identifier": "x"}}))

    matrix.send("POST", "/o/revoke/", data={"token": adas, "client_id": issued["client_id"]})
    status, _ = matrix.send("POST", "/o/introspect/", data={"token": adas, "client_id": issued["client_id"]})

    assert status == 401
    user = matrix.run(matrix.hub.json("GET", "/o/userinfo/", by="ada"))
    assert user["preferred_username"] == "ada"
