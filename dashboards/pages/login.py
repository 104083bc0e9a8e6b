"""The login page: a person shows the token once, and gets a cookie that stands for having done so."""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.access import SESSION, Access, address_of
from dashboards.pages.views import render
from dashboards.sessions import FORM_SECONDS, SESSION_SECONDS

FORM_COOKIE = "triage_form"
FORM = "login form"

router = APIRouter(include_in_schema=False)


@router.get("/login")
def login(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address says so
    """The form; whoever is in already goes on."""
    access: Access = request.app.state.access
    if not access.token or access.logged_in(request):
        return RedirectResponse(own_path(next), HTTPStatus.SEE_OTHER)
    return _form(request, access, next)


@router.post("/login")
def show_token(
    request: Request,
    token: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the address says so
) -> Response:
    """Lets in whoever shows the token, and sends them where they wanted to go."""
    access: Access = request.app.state.access
    address = address_of(request)
    if not access.token:
        return RedirectResponse(own_path(next), HTTPStatus.SEE_OTHER)
    if not _own_form(request, access, csrf):
        return _form(
            request, access, next, "The form was open for too long. Enter the token again.", HTTPStatus.FORBIDDEN
        )
    if access.signer.is_token(token.strip()):
        return _let_in(access, own_path(next))
    if wait := access.attempts.wait_s(address):
        why = f"That is not the token, and too many wrong ones came from your address. Try again in {wait} seconds."
        return _form(request, access, next, why, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait)})
    access.attempts.fail(address)
    why = "That is not the token. It is the value of TRIAGE_TOKEN that the service was started with."
    return _form(request, access, next, why, HTTPStatus.UNAUTHORIZED)


@router.post("/logout")
def log_out(request: Request) -> Response:
    """Takes the cookie back. (The gate has seen that the request comes from one of our pages.)"""
    access: Access = request.app.state.access
    answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(access.cookie, path="/", secure=access.secure, httponly=True, samesite="lax")
    return answer


def own_path(wanted: str) -> str:
    """`wanted` if it is a path on this site, else the front page."""
    own = (
        wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable() and "\\" not in wanted
    )
    return wanted if own else "/"


def _own_form(request: Request, access: Access, csrf: str) -> bool:
    cookie = request.cookies.get(FORM_COOKIE, "")
    expected = access.signer.bound(FORM, cookie)
    return access.signer.accepts(FORM, cookie) and hmac.compare_digest(csrf.encode(), expected.encode())


def _form(
    request: Request,
    access: Access,
    wanted: str,
    error: str = "",
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    cookie = access.signer.issue(FORM, FORM_SECONDS)
    csrf = access.signer.bound(FORM, cookie)
    page = render(request, "login.html", status, error=error, csrf=csrf, next=own_path(wanted))
    page.headers.update(headers or {})
    page.set_cookie(
        FORM_COOKIE, cookie, max_age=FORM_SECONDS, path="/login", secure=access.secure, httponly=True, samesite="strict"
    )
    return page


def _let_in(access: Access, path: str) -> Response:
    answer = RedirectResponse(path, HTTPStatus.SEE_OTHER)
    session = access.signer.issue(SESSION, SESSION_SECONDS)
    # Lax, not strict: a link in a chat message must open the page for whoever is logged in.
    answer.set_cookie(
        access.cookie, session, max_age=SESSION_SECONDS, path="/", secure=access.secure, httponly=True, samesite="lax"
    )
    return answer
