"""What a service says about the token that it did not accept (RFC 6750, section 3)."""

import re

from arkitekt_di.transport.answer import Answer

MOST_SCOPES = 20
LONGEST_SCOPE = 128

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"\\]*)"|([^\s,"]+))')
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # RFC 6749, section 3.3


def wanted_scopes(answer: Answer) -> tuple[str, ...]:
    """Return the scopes that the token would need; none where the service wants something else, or says it badly."""
    for header in answer.headers.getall("WWW-Authenticate", []):
        scheme, _, parameters = header.partition(" ")
        if scheme.lower() != "bearer":
            continue
        found = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(parameters)}
        if found.get("error") == "insufficient_scope":
            scopes = tuple(dict.fromkeys(found.get("scope", "").split(" ")))
            return scopes if _are_good(scopes) else ()
    return ()


def _are_good(scopes: tuple[str, ...]) -> bool:
    return len(scopes) <= MOST_SCOPES and all(
        len(scope) <= LONGEST_SCOPE and _SCOPE.fullmatch(scope) is not None for scope in scopes
    )
