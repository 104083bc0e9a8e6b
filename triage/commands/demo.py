"""Runs the service on a scratch directory, with a simulated shop that sends to it and breaks.

Two hours of history come first, as fast as they are taken; then the shop goes on live, and a fault begins.
As soon as it is known, the answer is printed: which customers were affected. What the demo finds is sent to Slack, too,
where settings name a channel of it.
"""

import os
import secrets
import sys
import tempfile
import webbrowser
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from triage.commands.demo_story import Story
from triage.commands.options import add_settings, named_in, settings_from
from triage.commands.shop import add_shop_options, duration_s
from triage.commands.shop_process import Order, ShopProcess, check
from triage.commands.status import Status
from triage.commands.up import ready, start_logging, stop_signal
from triage.demo.post import Secrets
from triage.listening import CannotListen, bound
from triage.service import Service, running
from triage.setting_types import Address, LogLevel
from triage.settings import Settings

HISTORY = timedelta(hours=2)
LOG_LEVEL = LogLevel.WARNING
"""Where no other is given: the story is what is to be read."""
SETTINGS = frozenset(
    {"otlp_grpc", "otlp_http", "web", "token", "log_level"}
    | {"slack_webhook_url", "slack_bot_token", "slack_channel", "slack_signing_secret", "slack_api_url"}
)


def add_options(parser: ArgumentParser) -> None:
    """The shop's, where to listen, and Slack's."""
    add_shop_options(parser, scenario="gateway-5xx")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    add_settings(parser, SETTINGS, {"log_level": LOG_LEVEL})


def run(options: Namespace) -> Status:
    """Returns when it is stopped, or the time is over."""
    order = _order(options)
    check(order)
    stop = stop_signal()
    with tempfile.TemporaryDirectory(prefix="triage-demo-") as scratch:
        settings = _scratch_settings(_given(options), Path(scratch))
        start_logging(settings)
        with running(settings) as (service, store):
            print("\n".join(ready(service)), "", sep="\n", flush=True)
            shop = ShopProcess(_at(service, order, settings))
            try:
                Story(service, store, shop, order, _browser(options)).tell(stop)
            finally:
                shop.stop()
    return Status.DONE


def _order(options: Namespace) -> Order:
    return Order(
        otlp="grpc://127.0.0.1:4317",
        scenario=options.scenario,
        seed=options.seed,
        rate=options.rate,
        history_s=HISTORY.total_seconds(),
        for_s=duration_s(options.for_),
        truth=options.truth and options.truth.absolute(),
    )


def _at(service: Service, order: Order, settings: Settings) -> Order:
    """The order with where to send to, and what proves that it is the shop."""
    return replace(
        order,
        otlp=f"grpc://{service.listeners['otlp_grpc']}",
        hooks=f"http://{service.listeners['otlp_http']}",
        token=settings.token,
        secrets=Secrets(settings.github_webhook_secret, settings.launchdarkly_secret),
    )


def _given(options: Namespace) -> Settings:
    given = settings_from(options)
    return given if "log_level" in named_in(options) else replace(given, log_level=LOG_LEVEL)


def _scratch_settings(given: Settings, scratch: Path) -> Settings:
    """Where to listen (a port that is taken is left to whoever has it), how much to log, and Slack, are as given.

    The rest is a real shop's: its store and brokers stay untouched, and its names for things are not the demo's.
    """
    return Settings(
        data=scratch,
        otlp_grpc=_free("otlp_grpc", given.otlp_grpc),
        otlp_http=_free("otlp_http", given.otlp_http),
        web=_free("web", given.web),
        token=given.token,
        log_level=given.log_level,
        slack_webhook_url=given.slack_webhook_url,
        slack_bot_token=given.slack_bot_token,
        slack_channel=given.slack_channel,
        slack_signing_secret=given.slack_signing_secret,
        slack_api_url=given.slack_api_url,
        github_webhook_secret=secrets.token_hex(16),
        launchdarkly_secret=secrets.token_hex(16),
    )


def _free(name: str, address: Address) -> Address:
    try:
        bound(name, address).close()
    except CannotListen:
        return Address(address.host, 0)
    return address


def _browser(options: Namespace) -> Callable[[str], object] | None:
    has_display = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return webbrowser.open if has_display and not options.no_browser else None
