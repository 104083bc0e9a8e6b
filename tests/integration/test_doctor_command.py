"""`triage doctor` as people and programs run it: its exit status, and what it asks."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint

from queries.store import Store
from tests.integration.command import triage, up
from tests.integration.otlp import SECOND, Plain, logs, metrics, segment, span, token, traces
from triage import tables
from triage.doctor.wire import DoctorJson
from triage.settings import Settings

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
Fill = Callable[[Store], None]


def _with_data(directory: Path, fill: Fill) -> None:
    settings = Settings(data=directory)
    with tables.opened(settings, handles=1) as store:
        tables.apply(store, settings)
        fill(store)


def _complete(store: Store) -> None:
    now = int(datetime.now(UTC).timestamp()) * SECOND - 600 * SECOND
    whole: dict[str, Plain] = {"service.name": "whole", "service.version": "1"}
    store.insert("traces", segment(traces(span(start=now), resource=whole)), token())
    store.insert("logs", segment(logs(LogRecord(time_unix_nano=now))), token())
    point = NumberDataPoint(time_unix_nano=now, as_int=1)
    store.insert("metrics", segment(metrics(Metric(name="m", gauge=Gauge(data_points=[point])))), token())


def _lacking(store: Store) -> None:
    now = int(datetime.now(UTC).timestamp()) * SECOND - 600 * SECOND
    store.insert("traces", segment(traces(span(start=now), resource={"service.name": "bad\x1b[2J"})), token())


def test_the_command_says_yes_or_no_by_its_exit_status(tmp_path: Path) -> None:
    """0 where nothing is missing, 1 where something is, 2 for a wrong window, 3 with nothing to examine."""
    _with_data(tmp_path / "data", _complete)
    good = triage("doctor", "--data", "data", cwd=tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert "Nothing is missing" in good.stdout
    _with_data(tmp_path / "data", _lacking)
    bad = triage("doctor", "--data", "data", cwd=tmp_path)
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "1 thing is missing" in bad.stdout
    assert "\x1b" not in bad.stdout, "what telemetry says does not steer the terminal"
    assert triage("doctor", "--data", "data", "--from", "never", cwd=tmp_path).returncode == 2
    assert triage("doctor", "--data", "elsewhere", cwd=tmp_path).returncode == 3


def test_the_command_asks_a_running_service(tmp_path: Path) -> None:
    """As JSON it is what the API answers."""
    with up("--data", str(tmp_path / "data"), cwd=tmp_path) as service:
        told = triage("doctor", "--url", service.url, "--format", "json", "--from", "2h", cwd=tmp_path)
        answer = DoctorJson.model_validate_json(told.stdout)
        assert told.returncode == 1
        assert 2 * HOUR <= answer.to - answer.from_ <= 2 * HOUR + timedelta(seconds=20)
        assert [finding.check for finding in answer.findings] == ["signals"] * 3
        wrong = triage("doctor", "--url", service.url, "--from", "5m", "--to", "10m", cwd=tmp_path)
        assert wrong.returncode == 2
