"""A page is made once for all who ask for it at the same time, and again for whoever asks for another."""

from types import SimpleNamespace
from typing import cast

import pytest
from fastapi import Request
from fastapi.responses import HTMLResponse

from dashboards.access import Access
from dashboards.pages.shared import shared
from dashboards.recent import Recent


def request(app: object, query: str = "") -> Request:
    return Request(
        {
            "type": "http", "method": "GET", "path": "/search", "query_string": query.encode(), "headers": [],
            "server": ("127.0.0.1", 80), "scheme": "http", "app": app,
        }
    )  # fmt: skip


def test_a_page_is_made_once_for_each_address() -> None:
    """With its status, and never where making it failed."""
    access = Access.of(token="", listen_host="127.0.0.1", base_url="")
    app = cast(object, SimpleNamespace(state=SimpleNamespace(access=access, seen_pages=Recent[HTMLResponse](60))))
    made: list[int] = []

    def make() -> HTMLResponse:
        made.append(len(made))
        return HTMLResponse(f"page {len(made)}", 400)

    pages = [shared(request(app), make) for _ in range(3)]
    assert [(page.body, page.status_code) for page in pages] == [(b"page 1", 400)] * 3
    assert shared(request(app, "kind=logs"), make).body == b"page 2"

    def fail() -> HTMLResponse:
        raise ValueError("no store")

    with pytest.raises(ValueError, match="no store"):
        shared(request(app, "from=1h"), fail)
    assert shared(request(app, "from=1h"), make).body == b"page 3"
