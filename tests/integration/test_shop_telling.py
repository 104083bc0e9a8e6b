"""The simulated shop tells a running service of row changes and releases, and the service keeps what is true."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from triage.demo.command import ShopRun
from triage.demo.post import Secrets
from triage.service import running
from triage.setting_types import Address
from triage.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

FREE = Address("127.0.0.1", 0)
KEPT = """SELECT (SELECT uniqExact(Id) FROM cdc_events WHERE Connector = 'inventory'),
    (SELECT uniqExact(Id) FROM cdc_events WHERE Connector = 'monolith'), (SELECT uniqExact(Id) FROM changes)"""


def test_row_changes_and_signed_webhooks_arrive(tmp_path: Path) -> None:
    """A history and some seconds live: rows of both databases, and the deployment, are in the store."""
    settings = replace(
        Settings(data=tmp_path / "data", otlp_grpc=FREE, otlp_http=FREE, web=FREE), github_webhook_secret="octo-secret"
    )
    with running(settings) as (service, store):
        run = ShopRun(
            f"grpc://{service.listeners['otlp_grpc']}",
            hooks=f"http://{service.listeners['otlp_http']}",
            secrets=Secrets(github="octo-secret"),
            scenario="bad-deploy",
            rate=20,
            history_s=300,
            for_s=4,
            report=lambda progress: said.extend(progress.notes),
        )
        said: list[str] = []
        run.run()
        assert not said
        give_up = time.monotonic() + 60
        while service.segments and service.segments.backlog_bytes and time.monotonic() < give_up:
            time.sleep(0.1)
        inventory, monolith, changes = store.select(KEPT).row(0)
        assert inventory > 1000
        assert monolith > 300
        assert changes >= 2
