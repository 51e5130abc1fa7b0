"""The endpoint that gives tokens (RFC 6749, section 3.2), and the one that ends them (RFC 7009)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import ValidationError

from arkitekt_di.errors import ConnectionLostError
from arkitekt_di.messages.oauth import OAuthRefusal, Token, TokenAnswer, TokenResponse
from arkitekt_di.transport.http import HttpClient

T = TypeVar("T")


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
        return await self._post(form, None, TokenResponse.model_validate)

    async def issue(
        self, form: str | Mapping[str, str], *, authorization: str | None = None
    ) -> TokenAnswer | OAuthRefusal:
        """Send a grant to an endpoint that need not be a hub's; raises as `exchange` does.

        Parameters
        ----------
        form : str or mapping
        authorization : str, optional
            Content of the header of that name, for a client that has a secret.
        """
        return await self._post(form, authorization, TokenAnswer.of)

    async def _post(
        self, form: str | Mapping[str, str], authorization: str | None, read: Callable[[Mapping[str, Any]], T]
    ) -> T | OAuthRefusal:
        encoded = form if isinstance(form, str) else urlencode(form)
        answer = await self._http.post_form(self._url, encoded, authorization=authorization)
        members = answer.members()
        if members is None:
            raise answer.unusable()
        try:
            return read(members) if answer.status == 200 else OAuthRefusal.model_validate(members)
        except ValidationError as error:
            # The messages hide their input, so the cause shows which members are wrong and never a token.
            raise ConnectionLostError(self._url, "its answer is not one of a token endpoint") from error


async def revoke(
    http: HttpClient, endpoint: str, token: Token, proof: Mapping[str, str], *, authorization: str | None = None
) -> None:
    """End a login at the revocation *endpoint* (RFC 7009, section 2.1): the refresh token, which ends the others too.

    Parameters
    ----------
    http : HttpClient
    endpoint : str
    token : Token
    proof : mapping
        What the client adds to the form, such as its identifier.
    authorization : str, optional
        Content of the header of that name, for a client that has a secret.

    Raises
    ------
    ConnectionLostError
        The endpoint does not answer, or not as one.
    """
    secret, kind = token.access_token, "access_token"
    if token.refresh_token is not None:
        secret, kind = token.refresh_token, "refresh_token"
    form = {"token": secret.get_secret_value(), "token_type_hint": kind, **proof}
    answer = await http.post_form(endpoint, urlencode(form), authorization=authorization)
    if answer.status != 200:
        raise answer.unusable()
