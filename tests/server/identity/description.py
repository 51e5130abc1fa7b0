"""Every route of identity as OpenAPI tells it, from the fields that the code knows: generators of requests read it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from arkitekt_di.messages.fakts import DeviceCode
from arkitekt_di.messages.oauth import OAuthRefusal, TokenResponse
from arkitekt_di.server.identity.app_endpoint import Report
from arkitekt_di.server.identity.app_request import AppRequest
from arkitekt_di.server.identity.authorization_request import FIELDS as AUTHORIZATION
from arkitekt_di.server.identity.authorization_request import REFUSED
from arkitekt_di.server.identity.client_proof import CLIENT_FIELDS
from arkitekt_di.server.identity.device_authorization import FIELDS as DEVICE
from arkitekt_di.server.identity.introspection import FIELDS as INTROSPECTION
from arkitekt_di.server.identity.keys_page import FIELDS as KEYS
from arkitekt_di.server.identity.revocation import FIELDS as REVOCATION
from arkitekt_di.server.identity.token_issuer import FIELDS as TOKEN
from arkitekt_di.server.identity.token_issuer import GRANT_TYPES

FORM, JSON, PAGE = "application/x-www-form-urlencoded", "application/json", "text/html"
PAGES: Mapping[tuple[str, str], Collection[str]] = {
    ("GET", "/login"): {"next", "again"},
    ("POST", "/login"): {"form_token", "name", "password", "next"},
    ("POST", "/logout"): {"form_token"},
    ("GET", "/device"): (),
    ("POST", "/device"): {"form_token", "code"},
    ("GET", "/configure/{code}"): (),
    ("POST", "/configure/{code}"): {"form_token", "answer", "seen", "organization"},
    ("GET", "/o/authorize/"): {*AUTHORIZATION, *REFUSED},
    ("POST", "/o/authorize/"): {"form_token", "answer", "organization", *AUTHORIZATION, *REFUSED},
    ("GET", "/apps"): (),
    ("POST", "/apps"): {"form_token", "login"},
    ("GET", "/keys"): (),
    ("POST", "/keys"): {"form_token", *KEYS},
    ("GET", "/organization"): (),
    ("GET", "/setup/{token}"): (),
    ("POST", "/setup/{token}"): {"form_token", "name", "organization", "password", "again"},
}
"""Routes for people, and the names that each of them reads."""

FORMS: Mapping[str, tuple[Collection[str], type[Any] | None]] = {
    "/o/token/": ({*TOKEN, *CLIENT_FIELDS}, TokenResponse),
    "/o/revoke/": ({*REVOCATION, *CLIENT_FIELDS}, None),
    "/o/introspect/": ({*INTROSPECTION, *CLIENT_FIELDS}, None),
    "/o/device-authorization/": ({*DEVICE, *CLIENT_FIELDS}, DeviceCode),
}
"""Endpoints for programs that take a form, its fields, and what a success says."""

DOCUMENTS = (
    "/.well-known/fakts",
    "/.well-known/oauth-authorization-server/o",
    "/o/.well-known/openid-configuration",
    "/o/.well-known/jwks.json",
)


def described(known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the description.

    Parameters
    ----------
    known : mapping of str to sequence of str
        Values that mean something to the hub in a field or a path, such as a code that waits: with random text alone,
        hardly a request would get past the first check.
    """
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), names in PAGES.items():
        paths.setdefault(path, {})[method.lower()] = _page(method, path, names, known)
    for path, (names, success) in FORMS.items():
        paths[path] = {"post": _program(FORM, _fields(names, known), success)}
    paths["/o/app-authorization/"] = {"post": _program(JSON, AppRequest.model_json_schema(), DeviceCode)}
    paths["/report/"] = {"post": _program(JSON, Report.model_json_schema(), None)}
    userinfo = {
        "responses": {"200": _said(JSON, {"type": "object", "required": ["sub"]}), "4XX": {"description": "no"}}
    }
    paths["/o/userinfo/"] = {"get": userinfo, "post": userinfo}
    for path in DOCUMENTS:
        paths[path] = {"get": {"responses": {"200": _said(JSON, {"type": "object"})}}}
    paths["/identity/pages.css"] = {"get": {"responses": {"200": {"description": "the style"}}}}
    return {"openapi": "3.1.0", "info": {"title": "identity", "version": "1"}, "paths": paths}


def _page(method: str, path: str, names: Collection[str], known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Describe a page: whatever comes, the answer is a page or leads to one."""
    operation: dict[str, Any] = {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": _text(name, known)}
            for name in ("code", "token")
            if f"{{{name}}}" in path
        ],
        "responses": {"200": _said(PAGE, None), "303": {"description": "elsewhere"}, "4XX": _said(PAGE, None)},
    }
    if operation["parameters"]:
        operation["responses"]["404"] = {"description": "a page, or no route at all"}
    if method == "GET":
        operation["parameters"] += [
            {"name": name, "in": "query", "schema": _text(name, known)} for name in sorted(names)
        ]
    else:
        operation["requestBody"] = {"required": True, "content": {FORM: {"schema": _fields(names, known)}}}
    return operation


def _program(kind: str, body: Mapping[str, Any], success: type[Any] | None) -> dict[str, Any]:
    """Describe an endpoint for programs: a refusal is what RFC 6749, section 5.2, prescribes."""
    said = {"type": "object"} if success is None else success.model_json_schema(mode="serialization")
    return {
        "requestBody": {"required": True, "content": {kind: {"schema": _resolved(body)}}},
        "responses": {
            "200": _said(JSON, _resolved(said)),
            "401": {"description": "the caller is not known"},
            "4XX": _said(JSON, _resolved(OAuthRefusal.model_json_schema())),
        },
    }


def _fields(names: Collection[str], known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: _text(name, known) for name in sorted(names)}}


def _text(name: str, known: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    anything: dict[str, Any] = {"type": "string", "maxLength": 100}
    values = known.get(name, GRANT_TYPES if name == "grant_type" else ())
    return {"anyOf": [{"enum": list(values)}, anything]} if values else anything


def _said(kind: str, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"description": "an answer", "content": {kind: {} if schema is None else {"schema": schema}}}


def _resolved(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return *schema* without references, which would lead to the top of the whole description.

    Secrets are only ever written, as pydantic sees them; the hub is who tells them.
    """
    definitions = schema.get("$defs", {})

    def resolve(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return resolve(definitions[part["$ref"].rpartition("/")[2]])
            return {name: resolve(value) for name, value in part.items() if name not in {"$defs", "writeOnly"}}
        return [resolve(one) for one in part] if isinstance(part, list) else part

    found: dict[str, Any] = resolve(dict(schema))
    return found
