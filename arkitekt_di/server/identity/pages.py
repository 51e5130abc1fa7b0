"""Pages for people: rendered on the server, safe without a line of script."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NoReturn

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from oauthlib.oauth2 import OAuth2Error

from arkitekt_di.server.identity.audit import NOBODY, Action, AuditLog
from arkitekt_di.server.identity.forms import read_form
from arkitekt_di.server.identity.legible import shown
from arkitekt_di.server.identity.sessions import Visitor, WebSessions

HERE = Path(__file__).parent
STYLE_PATH = "/identity/pages.css"
FORM_TOKEN = "form_token"  # noqa: S105  # the name of a field


def content_policy(*form_targets: str) -> str:
    """Return the Content-Security-Policy of a page whose forms may end at *form_targets* besides this hub."""
    targets = " ".join(("'self'", *form_targets))
    return f"default-src 'none'; style-src 'self'; form-action {targets}; base-uri 'none'; frame-ancestors 'none'"


HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": content_policy(),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Pages:
    """Renders pages, reads the forms on them, and writes down what people did.

    Parameters
    ----------
    sessions : WebSessions
    audit : AuditLog
    hub_name : str
    """

    def __init__(self, sessions: WebSessions, audit: AuditLog, hub_name: str) -> None:
        self._sessions = sessions
        self._audit = audit
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["shown"] = shown
        self._templates.globals.update(hub_name=hub_name, style_path=STYLE_PATH, form_token_name=FORM_TOKEN)

    def routes(self) -> Sequence[web.AbstractRouteDef]:
        """Return the routes of what every page needs."""
        return (web.get(STYLE_PATH, _send_style),)

    def show(
        self, request: web.Request, visitor: Visitor, template: str, *, status: int = 200, **context: Any
    ) -> web.Response:
        """Return a page as an answer."""
        text = self._templates.get_template(f"{template}.html").render(
            visitor=visitor, form_token=self._sessions.form_token(visitor), here=request.path, **context
        )
        response = web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
        self._sessions.remember(request, response, visitor)
        return response

    def tell(self, request: web.Request, visitor: Visitor, title: str, text: str, *, status: int = 200) -> web.Response:
        """Return a page that says one thing."""
        return self.show(request, visitor, "message", status=status, title=title, text=text)

    async def note(
        self,
        request: web.Request,
        action: Action,
        actor: str | None,
        *,
        organization_id: str | None = None,
        subject: str = "",
    ) -> None:
        """Write down in the audit log what a person did here."""
        remote = request.remote or ""
        await self._audit.note(
            action, actor or NOBODY, organization_id=organization_id, subject=shown(subject), remote=remote
        )

    def wait(self, request: web.Request, visitor: Visitor, seconds: float) -> web.Response:
        """Return a page that asks for patience."""
        minutes = max(1, round(seconds / 60))
        page = self.tell(request, visitor, "Too many tries", f"Wait {minutes} minutes, then try again.", status=429)
        page.headers["Retry-After"] = str(round(seconds))
        return page

    def go(self, request: web.Request, visitor: Visitor, path: str) -> web.Response:
        """Send the browser to another page of this hub."""
        response = web.Response(status=303, headers={**HEADERS, "Location": local_path(path)})
        self._sessions.remember(request, response, visitor)
        return response

    def leave(self, request: web.Request, visitor: Visitor, uri: str) -> web.Response:
        """Send the browser to a client: only ever to an address that the client registered."""
        # 303 and never 307: the form, with its token, stays here (RFC 9700, section 4.12).
        response = web.Response(status=303, headers={**HEADERS, "Location": uri})
        self._sessions.remember(request, response, visitor)
        return response

    async def read(self, request: web.Request, known: Collection[str]) -> tuple[Visitor, dict[str, str]]:
        """Return who sent a form, and its fields.

        Raises
        ------
        aiohttp.web.HTTPBadRequest
            The form is broken.
        aiohttp.web.HTTPForbidden
            The form was not made for this browser, so another site may have sent it.
        """
        visitor = await self._sessions.recognise(request)
        try:
            fields = await read_form(request, {*known, FORM_TOKEN})
        except OAuth2Error as error:
            self._refuse(request, visitor, web.HTTPBadRequest, "That form cannot be read", f"{error.description}.")
        if not self._sessions.is_own_form(visitor, fields.pop(FORM_TOKEN, "")):
            text = "It was open for too long, or another site sent it. Go back, reload the page, and try again."
            self._refuse(request, visitor, web.HTTPForbidden, "That form is not valid here", text)
        return visitor, fields

    def _refuse(
        self, request: web.Request, visitor: Visitor, kind: type[web.HTTPClientError], title: str, text: str
    ) -> NoReturn:
        page = self.tell(request, visitor, title, text)
        raise kind(text=page.text, content_type="text/html", headers=HEADERS)


def local_path(path: str) -> str:
    """Return *path* where it stays on this hub, else the page for codes.

    Browsers read a backslash as a slash, two slashes as another host, and skip control characters.
    """
    stays = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isascii()
    return path if stays and path.isprintable() and " " not in path else "/device"


async def _send_style(_request: web.Request) -> web.FileResponse:
    headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
    return web.FileResponse(HERE / "static" / "pages.css", headers=headers)
