"""One page for all who ask for it at the same time: made once, then handed out for a moment."""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import HTMLResponse

from dashboards.access import Access
from dashboards.recent import Recent


def shared(request: Request, make: Callable[[], HTMLResponse]) -> HTMLResponse:
    """The page of this address as it was made for another reader just before, else as it is made now.

    Only for pages that nothing but the address decides, and that no form of theirs changes. Raises what `make` raises.
    """
    access: Access = request.app.state.access
    recent: Recent[HTMLResponse] = request.app.state.seen_pages
    page = recent.get((str(request.url), access.logged_in(request)), make)
    return HTMLResponse(page.body, page.status_code)
