"""What the errors of a GraphQL answer mean."""

from collections.abc import Iterator, Sequence

from arkitekt_di.errors import HubRefusedError, StorageFullError

STORAGE_FULL = "STORAGE_FULL"
"""Code in ``extensions`` of an error that says the hub has no space left."""


def refusal_of(operation: str, url: str, errors: object) -> HubRefusedError | StorageFullError:
    """Return the error for the member ``errors`` of an answer to *operation* at *url*."""
    listed = errors if isinstance(errors, list) else [errors]
    codes = tuple(_codes(listed))
    if STORAGE_FULL in codes:
        return StorageFullError(url)
    messages = [
        str(error.get("message", "no reason given")) if isinstance(error, dict) else str(error) for error in listed
    ]
    return HubRefusedError(operation, messages, codes)


def _codes(errors: Sequence[object]) -> Iterator[str]:
    for error in errors:
        extensions = error.get("extensions") if isinstance(error, dict) else None
        code = extensions.get("code") if isinstance(extensions, dict) else None
        if isinstance(code, str):
            yield code
