"""The web application: pages, the JSON API, and the probes, behind one gate."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from dashboards.access import HOOKS, Access, Gate, refused
from dashboards.api import (
    affected,
    changes,
    compensation,
    customers,
    doctor,
    events,
    incidents,
    kpis,
    logs,
    postmortem,
    runbook,
    slack_hook,
    traces,
)
from dashboards.api.border import AT_THE_GATE, problems
from dashboards.errors import add_handlers
from dashboards.heads import Heads
from dashboards.pages import affected as affected_page
from dashboards.pages import changes as changes_page
from dashboards.pages import customer as customer_page
from dashboards.pages import incident as incident_page
from dashboards.pages import incidents as incident_pages
from dashboards.pages import login, plotly_js, telling
from dashboards.pages import now as now_page
from dashboards.pages import postmortem as postmortem_page
from dashboards.pages import runbook as runbook_page
from dashboards.pages import search as search_page
from dashboards.pages import trace as trace_page
from dashboards.pages.views import STATIC
from dashboards.problems import MEDIA_TYPE, NotReady
from dashboards.pulse import Pulse
from dashboards.recent import Recent
from dashboards.shared_pages import SharedPages
from queries.store import Store
from triage import __version__
from triage.incident.impact import customers_on_rows
from triage.runbook.live import LiveRunbook
from triage.slack.text import Writer

API = (
    affected,
    changes,
    compensation,
    customers,
    doctor,
    events,
    postmortem,
    incidents,
    kpis,
    logs,
    runbook,
    slack_hook,
    traces,
)
PAGES = (
    now_page,
    postmortem_page,
    incident_pages,
    incident_page,
    affected_page,
    customer_page,
    trace_page,
    search_page,
    changes_page,
    telling,
    runbook_page,
    login,
    plotly_js,
)

DAY_SEEN_S = 30.0
"""For how long the front page may show what the last day brought."""

WHY_IS_NOT_TOLD = "Data can't be taken or answers given at this moment. Why is told to whoever brings the token."
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def create_app(
    store: Store,
    *,
    metrics: Callable[[], str],
    ready: Callable[[], str | None],
    token: str = "",
    listen_host: str = "127.0.0.1",
    base_url: str = "",
    data: Path | None = None,
    hooks: ASGIApp | None = None,
    told_changes: ASGIApp | None = None,
    runbook: LiveRunbook | None = None,
    kpis_problem: Callable[[], str] = str,
    watch_problems: Callable[[], Mapping[str, str]] = dict,
    watch_passed: Callable[[], float | None] = lambda: None,
    slack_writer: Writer | None = None,
    slack_signing_secret: str = "",
) -> FastAPI:
    """The application. `metrics` gives Prometheus text; `ready` says why there are no answers now, None if there are.

    With a `token`, who does not bring it sees nothing but the probes and the login page. `listen_host` and `base_url`
    are the names that requests may be addressed to, besides loopback's. `data` is the directory that keeps the secret
    of pseudonyms. `hooks` takes what other senders post, and `told_changes` what is posted as a change; they are
    answered there. `kpis_problem` says what is wrong with the file of business figures, and `watch_passed` when a pass
    last ended here.
    """
    app = FastAPI(
        title="triage",
        version=__version__,
        description="What broke, which customers were affected, and what to do first.",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    access = Access.of(token=token, listen_host=listen_host, base_url=base_url)
    app.state.store = store
    app.state.access = access
    app.state.metrics = metrics
    app.state.ready = ready
    app.state.told_changes = told_changes
    app.state.runbook = runbook or LiveRunbook()
    app.state.kpis_problem = kpis_problem
    app.state.watch_problems = watch_problems
    pulse = app.state.pulse = Pulse(store, watch_passed)
    app.state.seen_day = Recent(DAY_SEEN_S)
    app.state.slack_writer = slack_writer or Writer(base_url)
    app.state.slack_signing_secret = slack_signing_secret
    app.state.base_url = base_url
    app.state.data = data
    app.state.customers_of = customers_on_rows(store)
    add_handlers(app)
    add_probes(app, access)
    for part in (*API, *PAGES):
        app.include_router(part.router)
    if hooks is not None:
        for path in HOOKS:
            app.router.routes.append(Route(f"{path}{{rest:path}}", hooks, methods=["POST"]))
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC)), name="static")
    app.add_middleware(
        SharedPages,
        access=access,
        written=lambda: max(store.written, pulse.told_change),
        passed=lambda: pulse.told_pass,
    )
    app.add_middleware(Gate, access=access)
    app.add_middleware(Heads)
    return app


def add_probes(app: FastAPI, access: Access) -> None:
    """What supervisors and Prometheus ask; neither waits for a query. The first need no token, and learn no address."""

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        """Alive."""
        return JSONResponse({"status": "alive"})

    @app.get("/readyz", responses=problems(503))
    async def readyz(request: Request) -> Response:
        """Ready to take data and answer; else why not."""
        why = request.app.state.ready()
        if why is None:
            return JSONResponse({"status": "ready"})
        problem = NotReady(why if access.unproven(request) is None else WHY_IS_NOT_TOLD)
        return Response(problem.body(), problem.status, problem.headers, media_type=MEDIA_TYPE)

    @app.get("/metrics", responses=AT_THE_GATE)
    async def metrics(request: Request) -> Response:
        """What the process counts, as Prometheus text."""
        if problem := access.unproven(request):
            return refused(request, problem)
        return PlainTextResponse(request.app.state.metrics(), media_type=PROMETHEUS)
