"""Takes telemetry in, loads it, watches, and serves pages and the JSON API, until it is stopped.

All parts run in one process unless --only names one. Parts that run side by side share a ClickHouse server
(--clickhouse): the embedded engine serves one process at a time.
"""

import logging
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from triage import __version__
from triage.commands.options import add_settings, settings_from
from triage.commands.status import Status
from triage.service import Service, running
from triage.setting_types import Part
from triage.settings import Settings

STOPPING = (signal.SIGINT, signal.SIGTERM)


def add_options(parser: ArgumentParser) -> None:
    """Every setting."""
    add_settings(parser)


def run(options: Namespace) -> Status:
    """Returns once the process is asked to stop, and has stopped in order."""
    return serve(settings_from(options))


def serve(settings: Settings) -> Status:
    """Runs the service until the process is asked to stop."""
    start_logging(settings)
    stop = stop_signal()
    with running(settings) as (service, _):
        print("\n".join(ready(service)), flush=True)
        stop.wait()
        print("Stopping: requests under way are answered, and what was accepted is kept.", flush=True)
    return Status.DONE


def start_logging(settings: Settings) -> None:
    """Messages go to standard error, one a line."""
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%H:%M:%S",
    )
    for chatty in ("httpx", "httpcore", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    logging.getLogger("slack_sdk").setLevel(logging.CRITICAL)  # it tells the webhook's address, and each failure again


def stop_signal() -> threading.Event:
    """Is set once the process is asked to stop; asked again, it stops at once, and loses nothing that it accepted."""
    stop = threading.Event()
    outlives_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup said so
    stopping = STOPPING if outlives_terminal else (*STOPPING, signal.SIGHUP)

    def ask(number: int, _: object) -> None:
        stop.set()
        for one in stopping:
            signal.signal(one, signal.SIG_DFL)

    for one in stopping:
        signal.signal(one, ask)
    return stop


def ready(service: Service) -> list[str]:
    """What the person who started it needs to know."""
    places = {
        "pages": ("web", "http://{}/"),
        "OTLP/gRPC": ("otlp_grpc", "{}"),
        "OTLP/HTTP": ("otlp_http", "http://{}"),
        "probes": ("probes", "http://{}/metrics"),
    }
    lines = [
        f"  {name:<10} {pattern.format(service.listeners[setting])}"
        for name, (setting, pattern) in places.items()
        if setting in service.listeners
    ]
    return [
        f"triage {__version__} is ready. Stop it with Ctrl-C.",
        *lines,
        *_alone(service.settings),
        *_links(service.settings),
        f"  {'data':<10} {service.settings.data}",
    ]


def _alone(settings: Settings) -> Iterator[str]:
    """That no other part sees this one's tables while it runs, where it is not all of them."""
    if settings.only and not settings.clickhouse:
        yield f"  {'tables':<10} are this process's alone: parts that run side by side share a server, --clickhouse"


def _links(settings: Settings) -> Iterator[str]:
    """What messages link to, where this process does not serve it and nobody said where it is."""
    if settings.runs(Part.WATCH) and not settings.runs(Part.WEB) and not settings.base_url:
        yield f"  {'links':<10} http://{settings.web}/ in messages: set TRIAGE_BASE_URL if people read them elsewhere"
