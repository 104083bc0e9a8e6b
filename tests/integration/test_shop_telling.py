"""The simulated shop tells a running service of row changes and releases, and the service keeps what is true."""

import contextlib
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from triage.demo import herald as herald_module
from triage.demo.command import ShopRun
from triage.demo.endpoint import endpoint
from triage.demo.herald import QUEUED, Herald
from triage.demo.post import Post, Secrets
from triage.service import running
from triage.setting_types import Address, Part
from triage.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

GZIP = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"

FREE = Address("127.0.0.1", 0)
KEPT = """SELECT (SELECT uniqExact(Id) FROM cdc_events WHERE Connector = 'inventory'),
    (SELECT uniqExact(Id) FROM cdc_events WHERE Connector = 'monolith'), (SELECT uniqExact(Id) FROM changes)"""


def test_an_answer_that_cannot_be_read_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said once, by path, and what else is to be told goes on."""
    monkeypatch.setattr(herald_module, "PATIENCE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        herald = Herald(endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        answering = threading.Thread(target=_answer, args=(listener, GZIP), daemon=True)
        answering.start()
        for _ in range(3 * QUEUED):
            herald.send(Post(0, "/hooks/github", (), b"{}"))
        herald.close()
    assert [note.split(" (")[0] for note in herald.notes] == ["the collector does not take /hooks/github"]


def _answer(listener: socket.socket, said: bytes) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            with client:
                client.recv(10_000)
                client.sendall(said)


def test_row_changes_and_signed_webhooks_arrive(tmp_path: Path) -> None:
    """A history and some seconds live: rows of both databases, and the deployment, are in the store."""
    settings = replace(
        Settings(data=tmp_path / "data", otlp_grpc=FREE, otlp_http=FREE, web=FREE),
        github_webhook_secret="octo-secret",
        segment_age=timedelta(seconds=2),
        only=(Part.COLLECT,),
    )
    with running(settings) as (service, store):
        run = ShopRun(
            f"grpc://{service.listeners['otlp_grpc']}",
            hooks=f"http://{service.listeners['otlp_http']}",
            secrets=Secrets(github="octo-secret"),
            scenario="bad-deploy",
            rate=10,
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
        assert inventory > 300
        assert monolith > 150
        assert changes >= 2
