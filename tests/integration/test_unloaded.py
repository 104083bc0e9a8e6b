"""What was accepted and is not loaded yet is missing in an answer, which then says that it is not exact."""

import json
import time
from functools import partial
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from collectors.kinds import Kind
from collectors.segment import OPEN, new_name
from dashboards.app import create_app
from queries.store import Store
from tests.integration.command import triage, up
from tests.integration.otlp import SECOND, attributes, span, traces
from tests.integration.small_shop import ERROR
from triage.affected.unloaded import unloaded_since

pytestmark = pytest.mark.integration
QUESTION = ("affected", "--from", "10m", "--format", "json")


def test_after_a_crash_the_tables_alone_are_not_the_answer(tmp_path: Path) -> None:
    """A failure is accepted, and the service killed before it loads it: whoever asks is told, until one is started."""
    with up("--segment-age", "10m", cwd=tmp_path) as service:
        failed = span(start=time.time_ns() - SECOND, status=ERROR, kind=2, attributes=attributes({"user.id": "c-1"}))
        answer = httpx.post(
            f"{service.otlp_http}/v1/traces",
            content=traces(failed).SerializeToString(),
            headers={"Content-Type": "application/x-protobuf"},
            trust_env=False,
        )
        assert answer.status_code == 200
        service.process.kill()
        service.process.wait()
    asked = triage(*QUESTION, cwd=tmp_path)
    said = json.loads(asked.stdout)
    assert (said["customers"], said["exact"]) == (0, False)
    assert said["caveat"].startswith("Not all is loaded that was accepted since 20")
    assert asked.stderr.startswith(said["caveat"])
    assert "`triage up` loads it" in asked.stderr
    with up(cwd=tmp_path) as service:
        until = time.monotonic() + 60
        while not (said := json.loads(triage(*QUESTION, "--url", service.url, cwd=tmp_path).stdout))["customers"]:
            assert time.monotonic() < until
        assert (said["customers"], said["exact"], said["caveat"]) == (1, True, None)


@pytest.mark.parametrize(("age_s", "exact"), [(60, False), (0, True)])
def test_a_service_that_lags_says_so(own_store: Store, tmp_path: Path, age_s: int, exact: bool) -> None:
    """What has waited for a minute counts; what came just now is being loaded."""
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / f"{new_name(Kind.TRACES, time.time_ns() - age_s * SECOND)}{OPEN}").write_bytes(b"waiting")
    own_store.unloaded_since = partial(unloaded_since, tmp_path, is_loading=True)
    app = create_app(own_store, metrics=str, ready=lambda: None)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        said = client.get("/api/v1/affected").json()
        page = client.get("/affected").text
    assert (said["exact"], said["caveat"] is None, "Not exact:" not in page) == (exact, exact, exact)
