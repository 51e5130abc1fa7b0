"""What came back from a request."""

import json
from dataclasses import dataclass, field
from typing import Any

from multidict import CIMultiDictProxy

from arkitekt_di.errors import ConnectionLostError


@dataclass(frozen=True)
class Answer:
    """A whole answer; body and headers may hold tokens, so they are in no repr.

    Attributes
    ----------
    url : str
        What was asked.
    status : int
    headers : multidict.CIMultiDictProxy
        By names in any case.
    body : bytes
    """

    url: str
    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def location(self) -> str | None:
        """Where a redirect points to."""
        return self.headers.get("Location")

    @property
    def is_redirect(self) -> bool:
        """Whether the answer sends the asker elsewhere."""
        return 300 <= self.status < 400  # RFC 9110, section 15.4

    def members(self) -> dict[str, Any] | None:
        """Return the JSON object in the body; None where the body is anything else."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None

    def unusable(self) -> ConnectionLostError:
        """Return the error for an answer that makes no sense here."""
        return ConnectionLostError(self.url, f"it answered with status {self.status} and nothing that can be used")
