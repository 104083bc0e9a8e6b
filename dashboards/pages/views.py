"""Pages from templates: what every template can use, and what every page knows."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboards.access import Access
from dashboards.pages import plotly_js, shown
from dashboards.pages.handouts import row_name
from dashboards.pages.measures import measured
from triage.incident.series import Marker
from triage.window import format_time

HERE = Path(__file__).parent.parent
STATIC = HERE / "static"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shown=shown.shown,
        whole=shown.whole,
        marked=shown.marked,
        unbroken=shown.unbroken,
        number=shown.number,
        duration=shown.duration,
        amounts=shown.amounts,
        size=shown.size,
        clock=shown.clock,
        ago=shown.ago,
        error_words=shown.error_words,
        row_name=row_name,
        measured=measured,
        since=shown.since,
        interval=shown.interval,
    )
    environment.globals.update(
        share=shown.share,
        customer_path=shown.customer_path,
        trace_path=shown.trace_path,
        search_path=shown.search_path,
        plural=shown.plural,
        changes_path=changes_path,
        plotly_path=plotly_js.PATH,
        plotly_style_ids=plotly_js.style_ids,
    )
    return environment


def changes_path(marker: Marker) -> str:
    """The address of the changes around one."""
    window = marker.around
    return f"/changes?{urlencode({'from': format_time(window.from_), 'to': format_time(window.to)})}"


ENVIRONMENT = _environment()


def render(request: Request, template: str, status: int = HTTPStatus.OK, **context: object) -> HTMLResponse:
    """The page that a template makes of this."""
    access: Access = request.app.state.access
    page = ENVIRONMENT.get_template(template).render(
        context, path=request.url.path, can_log_out=access.logged_in(request), now=datetime.now(UTC)
    )
    return HTMLResponse(page, status)
