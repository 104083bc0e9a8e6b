"""Who acts: a name that a reader gives once, and the browser keeps."""

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response

from dashboards.shared_pages import AUTHOR

A_YEAR_S = 365 * 86_400


def remember(request: Request, answer: Response, author: str) -> None:
    """Has the browser keep the name, if one was given."""
    if name := author.strip():
        secure = request.app.state.access.secure
        answer.set_cookie(
            AUTHOR, quote(name[:200], safe=""), max_age=A_YEAR_S, httponly=True, samesite="lax", secure=secure
        )
