"""Puts the parts together: one process that takes telemetry in, loads it, and answers.

    receivers ──► segment log ──► loader ──► store ◄── web, watch

This file alone may import from every layer.
"""

import logging
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import grpc.aio
from fastapi import FastAPI
from starlette.types import ASGIApp

from collectors import otlp_grpc, otlp_http
from collectors.disk_guard import DiskGuard
from collectors.kept import Kept
from collectors.kinds import Kind, Refused
from collectors.loader import Landing, Loader
from collectors.lock import DirectoryLocked
from collectors.metrics import Metrics
from collectors.otlp_intake import Intake
from collectors.otlp_intake import Limits as IntakeLimits
from collectors.quarantine import Quarantine
from collectors.segments import Limits as SegmentLimits
from collectors.segments import SegmentLog
from collectors.sources.kafka import KafkaRows
from collectors.sources.kafka_config import KafkaConfig, read_properties
from collectors.sources.source import Columns, Trust
from collectors.sources.web import Hooks
from dashboards.access import Access
from dashboards.app import add_probes, create_app
from queries.connection import is_embedded
from queries.errors import StoreLocked
from queries.store import Store
from triage import tables
from triage.affected.unloaded import unloaded_since
from triage.configuration import SettingsError
from triage.connections import raise_open_files
from triage.detectors import detectors, symptoms_at
from triage.incident.book import StoredBook
from triage.incident.impact import customers_on_rows
from triage.kpi.keeping import KeepingThread
from triage.kpi.named import write_down
from triage.kpi.read import KpiError, LiveKpis
from triage.listening import LAST_ANSWERS_S, CannotListen, HttpListener, LoopThread, address_of, bound
from triage.runbook.live import LiveRunbook
from triage.runbook.read import RunbookError
from triage.setting_types import Address, Part
from triage.settings import Settings
from triage.slack import wiring as slack
from triage.slack.reminding import Reminding
from triage.slack.sender import Sender, SlackMetrics
from triage.watch import Watch, WatchMetrics, WatchThread

LAST_LOADS_S = 20
"""How long segments may still be loaded once the process is asked to stop; the rest is at the next start."""

log = logging.getLogger(__name__)


@dataclass
class Service:
    """The parts that run, and where they listen, by setting."""

    settings: Settings
    metrics: Metrics = field(default_factory=Metrics)
    listeners: dict[str, Address] = field(default_factory=dict)
    segments: SegmentLog | None = None
    loader: Loader | None = None
    watch: Watch | None = None
    keeping: KeepingThread | None = None

    def why_not_ready(self) -> str | None:
        """Why data is not taken or not loaded; None if all is well."""
        refusal = self.segments.refusal() if self.segments else None
        if refusal:
            return refusal.reason
        return (self.loader.unavailable or None) if self.loader else None

    def problems(self) -> dict[str, str]:
        """What the watch, and what keeps the business figures, could not do when they last tried, by its part."""
        looking = dict(self.watch.problems) if self.watch else {}
        return looking | (self.keeping.problems if self.keeping else {})


@contextmanager
def running(settings: Settings) -> Iterator[tuple[Service, Store]]:
    """The service, from when it is ready to take data and answer. It stops in the order in which a record travels.

    Raises SettingsError (an address or a directory that can't be used) and StoreError.
    """
    settings = replace(settings, data=_absolute(settings.data))
    service = Service(settings)
    raise_open_files()
    with ExitStack() as stack:
        sockets = _sockets(settings, stack)
        if "web" in sockets:  # port 0 is any that is free: links must name the one that it became
            settings = replace(settings, web=replace(settings.web, port=address_of(sockets["web"]).port))
            service.settings = settings
        if settings.runs(Part.COLLECT):  # before the store: its lock names the process that holds the directory
            service.segments = stack.enter_context(closing(_segment_log(service)))
            stack.enter_context(_scratch(settings.data / "tmp"))
        store = stack.enter_context(tables.opened(settings))
        store.unloaded_since = partial(unloaded_since, settings.data, is_loading=True)
        landing = stack.enter_context(_guarded(service, store))
        for name in tables.apply(store, settings):
            log.info("tables: %s", name)
        if service.segments:
            service.loader = stack.enter_context(_loading(service, service.segments, landing))
            stack.enter_context(_receiving(service, service.segments, sockets["otlp_http"]))
            stack.enter_context(_row_changes(service, service.segments))
        runbook, kpis = _runbook(settings), _kpis(settings)
        if settings.runs(Part.WATCH):  # which follows the file, and keeps the values; the other parts ask the store
            write_down(store, kpis.current)
            stack.enter_context(_watching(service, store, runbook))
            stack.enter_context(_keeping(service, store, kpis))
        if settings.runs(Part.WEB):
            stack.enter_context(_web(service, store, sockets["web"], runbook, kpis))
        if "probes" in sockets:
            stack.enter_context(_served(service, "probes", _probes(service, settings.probes), sockets["probes"]))
        yield service, store


def _absolute(data: Path) -> Path:
    try:
        return data.absolute()
    except OSError:  # who started it there has removed it since
        raise SettingsError(f"data: {data} lies in a directory that is gone: name one from the root") from None


def _runbook(settings: Settings) -> LiveRunbook:
    try:
        return LiveRunbook(settings.runbook_file)
    except RunbookError as error:
        raise SettingsError(f"runbook: {error}") from None


def _kpis(settings: Settings) -> LiveKpis:
    try:
        return LiveKpis(settings.kpis_file)
    except KpiError as error:
        raise SettingsError(f"kpis: {error}") from None


@contextmanager
def _keeping(service: Service, store: Store, kpis: LiveKpis) -> Iterator[None]:
    """What keeps the business figures' values, in a thread of its own."""
    assert service.watch
    service.metrics.watch(
        "kpis_broken", "1 while the file of business figures can't be used", lambda: float(bool(kpis.problem))
    )
    thread = service.keeping = KeepingThread(store, kpis, tables.whole(service.settings), service.watch.note)
    thread.start()
    try:
        yield
    finally:
        thread.stop()


@contextmanager
def _watching(service: Service, store: Store, runbook: LiveRunbook) -> Iterator[None]:
    """The detectors, in a thread of their own."""
    metrics = WatchMetrics(service.metrics.registry)
    book, settings = StoredBook(store), service.settings
    detect = partial(symptoms_at, detectors=detectors(settings.critical_operations))
    watch = Watch(store, book, runbook, metrics, detect, customers_of=customers_on_rows(store))
    service.watch = watch
    sender = Sender(book, slack.channel(settings), slack.writer(settings), SlackMetrics(service.metrics.registry))
    thread = WatchThread(watch, settings.watch_every, tell=Reminding(book, sender.tell))
    sender.start()
    thread.start()
    try:
        yield
    finally:
        thread.stop()
        sender.stop()


@contextmanager
def _scratch(directory: Path) -> Iterator[None]:
    """Where a segment lies while the embedded engine reads it: beside the data, and gone with a crash's next start."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    before, tempfile.tempdir = tempfile.tempdir, str(directory)
    try:
        yield
    finally:
        tempfile.tempdir = before


def _sockets(settings: Settings, stack: ExitStack) -> dict[str, socket.socket]:
    """Those of the HTTP listeners; grpcio makes its own."""
    http = {name: address for name, address in settings.listeners().items() if name != "otlp_grpc"}
    return {name: stack.enter_context(closing(bound(name, address))) for name, address in http.items()}


def _segment_log(service: Service) -> SegmentLog:
    settings = service.settings
    limits = SegmentLimits(
        segment_age_s=settings.segment_age.total_seconds(),
        segment_bytes=settings.segment_size,
        backlog_bytes=settings.backlog_limit,
        disk_free_bytes=settings.min_free_disk,
    )
    try:
        return SegmentLog(settings.data / "segments", limits, service.metrics)
    except DirectoryLocked as error:
        raise StoreLocked(str(error)) from None
    except OSError as error:
        raise SettingsError(f"data: {settings.data} cannot be used: {error.strerror}") from None


@contextmanager
def _guarded(service: Service, store: Store) -> Iterator[Landing]:
    """What segments are loaded into: of an embedded engine, with an eye on its disk and on what was broken there."""
    if not (service.segments and is_embedded(store.dsn)):
        yield store
        return
    broken = tables.broken_parts(store)
    service.metrics.watch("broken_parts", "Parts of tables that were broken at the start", lambda: sum(broken.values()))
    for sentence in broken:
        log.error(sentence)
    with closing(DiskGuard(store, service.segments.disk)) as guard:
        yield guard


@contextmanager
def _loading(service: Service, segments: SegmentLog, landing: Landing) -> Iterator[Loader]:
    settings = service.settings
    kept = Kept(settings.data / "kept", segments.disk, settings.keep_segments.total_seconds())
    loader = Loader(segments, landing, kept, Quarantine(settings.data / "quarantine"))
    try:
        yield loader
    finally:
        segments.stop()
        if not loader.stop(LAST_LOADS_S):
            log.warning("some segments are not loaded yet: they will be, at the next start")


@contextmanager
def _receiving(service: Service, segments: SegmentLog, http_socket: socket.socket) -> Iterator[None]:
    """The OTLP receivers, on an event loop of their own."""
    settings = service.settings
    intake = Intake(segments.append, service.metrics.count, IntakeLimits(request_bytes=settings.max_body))
    token = settings.token or None
    others: dict[str, ASGIApp] = dict.fromkeys(("hooks", "cdc"), _hooks(service, settings.otlp_http))
    if not settings.runs(Part.WEB):
        others |= dict.fromkeys(("healthz", "readyz", "metrics"), _probes(service, settings.otlp_http))
    with LoopThread("receivers") as loop:
        grpc_server, port = loop.run(_grpc_server(settings.otlp_grpc, intake, token))
        http = HttpListener(otlp_http.app(intake, token=token, others=others), http_socket, loop)
        service.listeners["otlp_grpc"] = Address(settings.otlp_grpc.host, port)
        service.listeners["otlp_http"] = address_of(http_socket)
        try:
            yield
        finally:
            http.stop()
            loop.run(grpc_server.stop(LAST_ANSWERS_S))
            intake.close()


@contextmanager
def _row_changes(service: Service, segments: SegmentLog) -> Iterator[None]:
    """What reads row changes from Kafka, where brokers are named."""
    settings = service.settings
    if not settings.kafka_bootstrap_servers:
        yield
        return
    try:
        properties = read_properties(Path(settings.kafka_properties)) if settings.kafka_properties else {}
        config = KafkaConfig(settings.kafka_bootstrap_servers, settings.kafka_topics, settings.kafka_group, properties)
        quarantine = Quarantine(settings.data / "quarantine")
        rows = KafkaRows(config, _columns(settings), segments.append, service.metrics, quarantine)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    try:
        yield
    finally:
        rows.stop()


async def _grpc_server(address: Address, intake: Intake, token: str | None) -> tuple[grpc.aio.Server, int]:
    """The gRPC receiver, started, and its port."""
    server = otlp_grpc.server(intake, token=token)
    try:
        port = otlp_grpc.listen(server, address.host, address.port)
    except OSError as error:
        raise CannotListen("otlp_grpc", address, error) from None
    await server.start()
    return server, port


def _probes(service: Service, address: Address) -> FastAPI:
    """What supervisors ask where there is no web listener; /metrics wants the token where others reach it."""
    token = "" if address.is_loopback else service.settings.token
    app = FastAPI(openapi_url=None)
    app.state.metrics = lambda: service.metrics.text().decode()
    app.state.ready = service.why_not_ready
    add_probes(app, Access.of(token=token, listen_host=address.host, base_url=service.settings.base_url))
    return app


def _hooks(service: Service, address: Address) -> Hooks:
    """What takes other senders' posts at a listener. Without the segment log there is nowhere to keep them."""
    settings = service.settings
    trust = Trust(
        is_loopback=address.is_loopback,
        token=settings.token,
        github=settings.github_webhook_secret,
        grafana=settings.grafana_hmac_secret,
        launchdarkly=settings.launchdarkly_secret,
        unleash=settings.unleash_token,
        debezium=settings.debezium_secret,
    )
    append = service.segments.append if service.segments else _not_here
    return Hooks(append, service.metrics.count, trust, _columns(settings))


def _columns(settings: Settings) -> Columns:
    return Columns(
        customer=settings.row_customer_columns,
        order=settings.row_order_columns,
        idempotency=settings.row_idempotency_columns,
        sequence=settings.sequence_columns,
        quantity=settings.quantity_columns,
        key=settings.row_key_columns,
    )


async def _not_here(kind: Kind, record: bytes) -> None:
    raise Refused("this process takes nothing in: post to the OTLP/HTTP listener of the one that collects", 60)


@contextmanager
def _web(
    service: Service, store: Store, listener: socket.socket, runbook: LiveRunbook, kpis: LiveKpis
) -> Iterator[None]:
    """The pages and the JSON API."""
    settings = service.settings
    hooks = _hooks(service, settings.web)
    app = create_app(
        store,
        metrics=lambda: service.metrics.text().decode(),
        ready=service.why_not_ready,
        token=settings.token,
        listen_host=settings.web.host,
        base_url=settings.base_url,
        data=settings.data,
        hooks=hooks,
        told_changes=hooks.told("changes"),
        runbook=runbook,
        kpis_problem=lambda: kpis.problem,
        watch_problems=service.problems,
        watch_passed=lambda: service.watch.passed if service.watch else None,
        slack_writer=slack.writer(settings),
        slack_signing_secret=settings.slack_signing_secret,
    )
    with _served(service, "web", app, listener):
        try:
            yield
        finally:
            app.state.pulse.stop()


@contextmanager
def _served(service: Service, name: str, app: ASGIApp, listener: socket.socket) -> Iterator[None]:
    """An app at a listener, on an event loop of its own."""
    with LoopThread(name) as loop:
        http = HttpListener(app, listener, loop)
        service.listeners[name] = address_of(listener)
        try:
            yield
        finally:
            http.stop()
