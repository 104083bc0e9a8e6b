"""Who may see what: every request passes here first.

Probes and the style sheet are open, and webhooks prove themselves. Without a token the service is on loopback, and open
to whoever is there, but not to pages of other sites. With one, programs bring it as a bearer token and people show it
once at /login.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.bodies import handing_on, whole_body
from dashboards.origins import SAFE_METHODS, Origins
from dashboards.problems import MEDIA_TYPE, Forbidden, Problem, TooManyAttempts, Unauthenticated
from dashboards.sessions import Attempts, Signer

PROBES = frozenset({"/healthz", "/readyz"})
HOOKS = ("/hooks/", "/cdc/")  # they see to their own secrets and bodies
FOR_PROGRAMS = ("/api/", "/metrics", "/openapi.json", *HOOKS)
SESSION = "session"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Access:
    """The rules: whose names are ours, and what has to be shown. An empty `token` asks for none."""

    origins: Origins
    token: str = field(default="", repr=False)
    secure: bool = False  # people reach us over https
    attempts: Attempts = field(default_factory=Attempts)
    bearer_attempts: Attempts = field(default_factory=lambda: Attempts(allowed=100))

    @classmethod
    def of(cls, *, token: str, listen_host: str, base_url: str) -> "Access":
        """The rules of a listener at `listen_host` that is linked to as `base_url` ("" if the same)."""
        return cls(Origins.of(listen_host, base_url), token, base_url.lower().startswith("https:"))

    @property
    def signer(self) -> Signer:
        """What signs and checks cookies and forms."""
        return Signer(self.token)

    @property
    def cookie(self) -> str:
        """The session cookie's name; over https browsers keep its prefix's promise."""
        return "__Host-triage_session" if self.secure else "triage_session"

    def logged_in(self, request: Request) -> bool:
        """Whether a person has shown the token here, in this browser."""
        return bool(self.token) and self.signer.accepts(SESSION, request.cookies.get(self.cookie, ""))

    def refusal(self, request: Request) -> Problem | None:
        """Why the request is not answered; None if it is."""
        path, headers = request.url.path, request.headers
        if path in PROBES:
            return None
        host = headers.get("host", "")
        if self.origins.foreign_host(host):
            return Forbidden(f"This service does not go by the name {host[:100]!r}: set TRIAGE_BASE_URL if it should.")
        fetch_site = headers.get("sec-fetch-site")
        if self.origins.foreign_page(request.method, host, headers.get("origin"), fetch_site):
            return Forbidden("The request comes from a page of another site.")
        if path in ("/login", "/logout") or path.startswith(("/static/", *HOOKS)):
            return None
        return self.unproven(request)

    def unproven(self, request: Request) -> Problem | None:
        """What it lacks to show that it may see everything; None if it lacks nothing."""
        if not self.token or self.logged_in(request):
            return None
        scheme, _, offered = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not offered:
            return Unauthenticated("A token is needed: send `Authorization: Bearer …` with the service's TRIAGE_TOKEN.")
        if self.signer.is_token(offered.strip()):
            return None  # however many wrong ones came from there: behind a proxy, one address is everybody's
        address = address_of(request)
        if wait := self.bearer_attempts.wait_s(address):
            return TooManyAttempts(wait)
        self.bearer_attempts.fail(address)
        return Unauthenticated("That token is not the service's TRIAGE_TOKEN.")


def address_of(request: Request) -> str:
    """Where the request comes from, for counting."""
    return request.client.host if request.client else ""


class Gate:
    """ASGI middleware: asks the rules, reads the body, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        app = self._app
        try:
            if refusal := self._access.refusal(request):
                raise refusal
            if request.method not in SAFE_METHODS and not scope["path"].startswith(HOOKS):
                receive = handing_on(await whole_body(request), receive)
        except ClientDisconnect:
            return
        except Problem as problem:
            app = refused(request, problem)
        await app(scope, receive, _with_headers(scope["path"], send))


def refused(request: Request, problem: Problem) -> Response:
    """A person who has not logged in is sent to do so; all others get the problem."""
    reads_html = request.method in SAFE_METHODS or "text/html" in request.headers.get("accept", "")
    wants_page = not request.url.path.startswith(FOR_PROGRAMS) and reads_html
    if isinstance(problem, Unauthenticated) and wants_page and "authorization" not in request.headers:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?{urlencode({'next': asked})}", HTTPStatus.SEE_OTHER)
    return Response(problem.body(), problem.status, problem.headers, media_type=MEDIA_TYPE)


def _with_headers(path: str, send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
            if "cache-control" not in Headers(raw=message["headers"]):
                headers["Cache-Control"] = "no-cache" if path.startswith("/static/") else "no-store"
            message["headers"] = headers.raw
        await send(message)

    return send_with_headers
