"""Alertmanager itself: what it posts of the alerts that it was told is what is kept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from queries.store import Store
from tests.golang import alertmanager
from tests.processes import free_port, soon
from triage.service import running
from triage.setting_types import Address
from triage.settings import Settings

pytestmark = [pytest.mark.integration, pytest.mark.go, pytest.mark.full]

TOKEN = "s3cret"
STATES = "SELECT Name, Status FROM alerts GROUP BY Id, Name, Status ORDER BY Name, Status"
ODD = {"summary": "5xx > 5 % — “checkout”, \\ and\nanother line", "runbook_url": "https://wiki/5xx?a=1&b=<2>"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return alertmanager(tmp_path_factory.mktemp("alertmanager"))


@contextmanager
def telling(built: Path, home: Path, to: str) -> Iterator[httpx.Client]:
    """An Alertmanager that tells `to` of every alert at once, and again each few seconds."""
    webhook = {"url": f"{to}/hooks/alertmanager", "http_config": {"authorization": {"credentials": TOKEN}}}
    route = {"receiver": "triage", "group_wait": "0s", "group_interval": "1s", "repeat_interval": "2s"}
    config = {"route": route, "receivers": [{"name": "triage", "webhook_configs": [webhook]}]}
    (home / "alertmanager.yml").write_text(json.dumps(config))  # all JSON is YAML
    own = f"127.0.0.1:{free_port()}"
    command = [str(built), f"--config.file={home}/alertmanager.yml", f"--storage.path={home}/kept"]
    command += [f"--web.listen-address={own}", "--cluster.listen-address="]
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://{own}", timeout=10, trust_env=False) as client:
            soon(lambda: ready(client), "Alertmanager is ready")
            yield client
    finally:
        process.kill()
        process.wait()


def ready(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").is_success
    except httpx.HTTPError:
        return False


def fires(client: httpx.Client, name: str, ends: datetime | None = None) -> None:
    """As Prometheus tells it, again and again while it lasts."""
    alert = {
        "labels": {"alertname": name, "service": "checkout", "severity": "critical"},
        "annotations": ODD,
        "startsAt": BEGAN.isoformat(),
        "generatorURL": "http://prometheus:9090/graph?g0.expr=up",
    }
    client.post("/api/v2/alerts", json=[alert | ({"endsAt": ends.isoformat()} if ends else {})]).raise_for_status()


BEGAN = datetime.now(UTC) - timedelta(minutes=5)


@pytest.mark.timeout(1500)
def test_what_alertmanager_tells_is_kept_once_for_each_state(built: Path, tmp_path: Path) -> None:
    """Of alerts that fire, are told again, and end; the first while nobody listens here."""
    port = free_port()
    nowhere = Address("127.0.0.1", 0)
    settings = Settings(
        data=tmp_path / "data", token=TOKEN, otlp_grpc=nowhere, otlp_http=Address("127.0.0.1", port), web=nowhere
    )
    with telling(built, tmp_path, f"http://127.0.0.1:{port}") as client:
        fires(client, "HighErrorRate")
        soon(lambda: "connection refused" in (tmp_path / "log").read_text(), "it finds nobody")
        with running(settings) as (_, store):
            soon(lambda: states(store) == [("HighErrorRate", "firing")], "what it tells again")
            fires(client, "Slow")
            soon(lambda: states(store)[1:] == [("Slow", "firing")], "another one")
            rows = "SELECT count() FROM alerts WHERE Name = 'Slow'"
            soon(lambda: store.select(rows).row(0)[0] > 1, "the same again")
            ended = datetime.now(UTC)
            fires(client, "Slow", ended)
            soon(lambda: states(store)[1:] == [("Slow", "firing"), ("Slow", "resolved")], "its end")
            one = store.select(
                "SELECT Source, Severity, Labels['service'], Annotations, Url, Time, Ends, GroupKey FROM alerts"
                " WHERE Name = 'Slow' AND Status = 'resolved' LIMIT 1"
            ).row(0)
    assert one[:3] == ("alertmanager", "critical", "checkout")
    assert dict(one[3]) == ODD
    assert one[4:] == ("http://prometheus:9090/graph?g0.expr=up", BEGAN, ended, "{}:{}")


def states(store: Store) -> list[tuple[str, str]]:
    """Each alert in each of its states, as often as it has an Id of its own."""
    return store.select(STATES).rows()
