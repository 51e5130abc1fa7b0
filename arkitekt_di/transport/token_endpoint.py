"""The endpoint that gives tokens (RFC 6749, section 3.2)."""

from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import ValidationError

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.messages.oauth import OAuthRefusal, TokenResponse
from arkitekt_di.transport.http import HttpClient


class TokenEndpoint:
    """Exchanges a grant for tokens.

    Parameters
    ----------
    http : HttpClient
    url : str
    """

    def __init__(self, http: HttpClient, url: str) -> None:
        self._http = http
        self._url = url

    async def exchange(self, form: str | Mapping[str, str]) -> TokenResponse | OAuthRefusal:
        """Send a grant, encoded or as its fields, and return tokens, or why there are none.

        Raises
        ------
        ConnectionLostError
            No answer came, or one that is neither.
        InsecureTransportError
            The grant would travel where others could read it.
        """
        answer = await self._http.post_form(self._url, form if isinstance(form, str) else urlencode(form))
        members = answer.members()
        if members is None:
            raise answer.unusable()
        try:
            if answer.status == 200:
                return TokenResponse.model_validate(members)
            return OAuthRefusal.model_validate(members)
        except ValidationError as error:
            # The messages hide their input, so the cause shows which members are wrong and never a token.
            raise ConnectionLostError(self._url, "its answer is not one of a token endpoint") from error
