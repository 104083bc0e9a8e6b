"""Simulates a shop whose services send their telemetry to a collector, any that speaks OTLP.

triage shop --otlp http://127.0.0.1:4318 --scenario gateway-5xx --for 10m --truth truth.json
"""

import signal
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from datetime import timedelta
from math import inf

from triage.commands.options import add_settings, new_file, settings_from
from triage.commands.status import Failure, Status
from triage.demo.command import Progress as ShopProgress
from triage.demo.command import run_shop
from triage.demo.errors import CollectorAway, ShopError
from triage.demo.post import Secrets
from triage.demo.scenarios import SCENARIOS
from triage.progress import Progress
from triage.window import parse_duration

OTLP = "http://127.0.0.1:4318"


def add_options(parser: ArgumentParser) -> None:
    """Where to, what happens, and for how long."""
    parser.add_argument(
        "--otlp", default=OTLP, metavar="URL", help=f"the collector; grpc:// for gRPC (default: {OTLP})"
    )
    parser.add_argument(
        "--hooks", default="", metavar="URL", help="where row changes and webhooks go (default: the collector, by HTTP)"
    )
    add_shop_options(parser, scenario="calm")
    add_settings(parser, {"token", "github_webhook_secret", "launchdarkly_secret"})


def add_shop_options(parser: ArgumentParser, *, scenario: str) -> None:
    """What `triage demo` takes as well."""
    names = ", ".join(scenario.name for scenario in SCENARIOS)
    parser.add_argument("--scenario", default=scenario, metavar="NAME", help=f"one of {names} (default: {scenario})")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same shop (default: 1)")
    parser.add_argument("--rate", type=float, default=20.0, metavar="N", help="requests a second (default: 20)")
    parser.add_argument("--for", dest="for_", metavar="10m", help="stop after this long (default: when stopped)")
    parser.add_argument(
        "--truth", type=new_file, metavar="FILE", help="write what really happened, and to whom, as JSON"
    )


def run(options: Namespace) -> Status:
    """Returns when the time is over, or when it is stopped."""
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    bar = Progress()
    began_s, for_s = time.time(), duration_s(options.for_)
    settings, said = settings_from(options), set[str]()

    def report(shop: ShopProgress) -> None:
        passed_s = shop.shop_time_s - began_s
        for note in shop.notes:
            if note not in said:
                said.add(note)
                bar.clear()
                print(note, file=sys.stderr, flush=True)
        bar.show(passed_s / for_s, f"{shop.requests:,} requests, {shop.spans:,} spans")

    try:
        run_shop(
            options.otlp,
            scenario=options.scenario,
            seed=options.seed,
            rate=options.rate,
            for_s=for_s,
            truth=options.truth,
            token=settings.token,
            hooks=options.hooks,
            secrets=Secrets(settings.github_webhook_secret, settings.launchdarkly_secret),
            stop=stop,
            report=report,
        )
    except ShopError as error:
        raise shop_failure(error) from None
    finally:
        bar.clear()
    return Status.DONE


def shop_failure(error: ShopError) -> Failure:
    """As a sentence and an exit status."""
    return Failure(Status.UNREACHABLE if isinstance(error, CollectorAway) else Status.WRONG, str(error))


def duration_s(text: str | None) -> float:
    """Seconds; without a text, without an end. Raises Failure."""
    if text is None:
        return inf
    try:
        return parse_duration(text) / timedelta(seconds=1)
    except ValueError as error:
        raise Failure(Status.WRONG, f"--for: {error}") from None
