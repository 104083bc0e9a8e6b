"""The whole way on the command line: a service, a shop that sends to it, and the question asked in every way."""

import csv
import io
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from queries.store import Store
from tests.integration.command import FREE_PORTS, Up, triage, up
from tests.processes import soon

pytestmark = pytest.mark.integration
QUESTION = ("--service", "inventory", "--from", "10m")
Answer = dict[str, object]


def ask(url: str, cwd: Path, *more: str) -> str:
    said = triage("affected", "--url", url, *QUESTION, *more, cwd=cwd)
    assert (said.returncode, said.stderr) == (0, "")
    return said.stdout


def names(answer: Answer) -> set[str]:
    assert isinstance(answer["items"], list)
    return {item["customer"] for item in answer["items"]}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Up]:
    """A service that has heard a shop break."""
    with up(cwd=home) as running:
        arguments = ("--otlp", running.otlp_http, "--scenario", "gateway-5xx", "--rate", "60", "--for", "12s")
        sent = triage("shop", *arguments, "--truth", "truth.json", cwd=home)
        assert (sent.returncode, sent.stdout, sent.stderr) == (0, "", "")
        until = time.monotonic() + 60
        while "triage_backlog_bytes 0.0" not in httpx.get(f"{running.url}/metrics", trust_env=False).text:
            assert time.monotonic() < until
            time.sleep(0.2)
        yield running


def test_the_answer_names_those_whom_the_fault_hit(service: Up, home: Path) -> None:
    """As the truth says, customer by customer; a table and CSV say the same."""
    truth = json.loads((home / "truth.json").read_text("utf-8"))
    expected = {hit["customer"] for hit in truth["customers"]}
    assert expected
    window = ("--from", truth["question"]["from"], "--to", truth["question"]["to"])
    answer = json.loads(ask(service.url, home, *window, "--format", "json"))
    assert names(answer) == expected
    assert answer["next"] is None
    rows = list(csv.DictReader(io.StringIO(ask(service.url, home, "--format", "csv"))))
    assert expected <= {row["customer"] for row in rows}
    table = ask(service.url, home, "--limit", "2")
    assert f"{len(rows):,} customers were affected by failures in inventory between" in table.splitlines()[0]
    assert f"… and {len(rows) - 2:,} more" in table


def test_a_second_service_on_the_directory_is_told_who_holds_it(service: Up, home: Path) -> None:
    """Exit status 3, and no traceback."""
    said = triage("up", *FREE_PORTS, cwd=home)
    assert said.returncode == 3
    assert said.stderr.splitlines()[-1] == (
        f"triage up: {home}/triage-data/segments is held by the process {service.process.pid}:"
        " stop it, or choose another directory"
    )


def test_what_the_service_refuses_is_told_as_wrong_usage(service: Up, home: Path) -> None:
    """Exit status 2, in the service's own words."""
    said = triage("affected", "--url", service.url, "--service", "x" * 100_000, cwd=home)
    assert (said.returncode, said.stdout) in ((2, ""), (3, ""))
    assert "Traceback" not in said.stderr


def test_where_telemetry_goes_nobody_answers_questions(service: Up, tmp_path: Path) -> None:
    """Exit status 3: the wrong one of its two addresses was named."""
    said = triage("incidents", "--url", service.otlp_http, cwd=tmp_path)
    sentence = f"what answers at {service.otlp_http} is no triage service (HTTP status 404)"
    assert (said.returncode, said.stderr) == (3, f"triage incidents: {sentence}\n")


def test_what_the_service_does_not_know_is_its_answer(service: Up, tmp_path: Path) -> None:
    """Exit status 2: there is a service, and there is no such incident."""
    said = triage("incidents", "show", "INC-NONE", "--url", service.url, cwd=tmp_path)
    assert (said.returncode, "no incident 'INC-NONE'" in said.stderr) == (2, True)


def test_when_it_has_stopped_the_directory_answers_the_same(service: Up, home: Path) -> None:
    """SIGTERM ends it in order, with status 0; then the command opens the data itself."""
    ends = ("--from", "2026-01-01T00:00:00Z", "--to", "2027-12-31T00:00:00Z")
    window = (*ends, "--as-of", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "--format", "json")
    before = json.loads(ask(service.url, home, *window))
    assert service.stop() == 0
    said = triage("affected", *QUESTION, *window, "--url", service.url, "--data", str(home / "triage-data"), cwd=home)
    if said.returncode == 3:
        pytest.fail(said.stderr)
    after = json.loads(said.stdout)
    changing = {"computed_at", "took_ms"}
    assert {key: before[key] for key in before.keys() - changing} == {
        key: after[key] for key in after.keys() - changing
    }


def test_newer_tables_are_told_in_a_sentence(tmp_path: Path) -> None:
    """A program that does not know them leaves them alone: exit status 2."""
    assert triage("schema", "apply", cwd=tmp_path).returncode == 0
    store = Store.open(f"chdb://{tmp_path}/triage-data/clickhouse")
    store.command("INSERT INTO schema_applied (Name) VALUES ('9999_from_the_future')")
    store.close()
    said = triage("up", *FREE_PORTS, cwd=tmp_path)
    assert said.returncode == 2
    assert said.stderr.splitlines()[-1].startswith("triage up: the tables are newer than this program")


def test_only_a_retention_that_is_named_lets_rows_go(tmp_path: Path) -> None:
    """By an option, the environment or the file, its default too; of the others it is told how long they are."""
    longer = {"TRIAGE_RETENTION_LOGS": "20d"}
    assert triage("schema", "apply", cwd=tmp_path, env=longer).returncode == 0
    said = triage("schema", "apply", "--retention-traces", "7d", cwd=tmp_path)
    assert "retention of otel_traces: 7d (was 14d)" in said.stdout
    still = "retention of otel_logs: still 20d (`triage schema apply --retention-logs 14d` shortens it)"
    assert still in said.stdout
    said = triage("schema", "apply", cwd=tmp_path, env={"TRIAGE_RETENTION_LOGS": "14d"})
    assert "retention of otel_logs: 14d (was 20d)" in said.stdout


def test_a_broken_file_of_figures_is_told_wherever_they_are(tmp_path: Path) -> None:
    """The front page, the list and the metrics say so until it is put right; the figures before stay in force."""
    file = tmp_path / "kpis.yaml"
    good = "kpis: [{name: tickets, kind: sum, of: {span: GET /tickets}}]"
    file.write_text(good)
    with (
        up(cwd=tmp_path, env={"TRIAGE_KPIS": str(file)}) as running,
        httpx.Client(base_url=running.url, trust_env=False, timeout=60) as web,
    ):

        def told() -> tuple[bool, str | None, bool]:
            page, metrics = (web.get(path).text for path in ("/", "/metrics"))
            answer = web.get("/api/v1/kpis").json()
            assert [item["name"] for item in answer["items"]] == ["tickets"]
            return "it lacks &#39;kind&#39;" in page, answer["problem"], "triage_kpis_broken 1.0" in metrics

        assert told() == (False, None, False)
        file.write_text("kpis: [{name: tickets}]")
        soon(lambda: told() == (True, f"{file}: kpi 'tickets': it lacks 'kind'", True), "the file is broken")
        file.write_text(good)
        soon(lambda: told() == (False, None, False), "the file is right again")


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    """Senders and commands bring it; without it, or with another, a sentence says what is missing."""
    with up(cwd=tmp_path, env={"TRIAGE_TOKEN": "s3cr3t"}) as running:
        for env, sentence in (({}, "wants a token"), ({"TRIAGE_TOKEN": "other"}, "wants another token")):
            said = triage("affected", "--url", running.url, cwd=tmp_path, env=env)
            assert said.returncode == 2
            assert said.stderr == f"triage affected: {running.url} {sentence}: set TRIAGE_TOKEN to the service's\n"
        right = {"TRIAGE_TOKEN": "s3cr3t"}
        assert triage("affected", "--url", running.url, cwd=tmp_path, env=right).returncode == 0
        sent = triage("shop", "--otlp", running.otlp_http, "--for", "2s", cwd=tmp_path, env=right)
        assert (sent.returncode, sent.stderr) == (0, "")
        refused = triage("shop", "--otlp", running.otlp_http, "--for", "2s", cwd=tmp_path)
        assert refused.returncode == 2


def test_only_collecting_answers_probes_where_it_listens(tmp_path: Path) -> None:
    """No pages; /readyz and /metrics are on the OTLP/HTTP listener then."""
    with up("--only", "collect", cwd=tmp_path) as running:
        assert "pages" not in running.said
        assert "parts that run side by side share a server, --clickhouse" in running.said
        assert httpx.get(f"{running.otlp_http}/readyz", trust_env=False).status_code == 200
        assert "triage_backlog_bytes" in httpx.get(f"{running.otlp_http}/metrics", trust_env=False).text
        assert httpx.get(f"{running.otlp_http}/api/v1/affected", trust_env=False).status_code == 404


def test_nohup_keeps_it_when_its_terminal_goes(tmp_path: Path) -> None:
    """A hang-up that whoever started it has it ignore does not stop it; another signal does."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with up(cwd=tmp_path) as running:
            running.process.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                running.process.wait(3)
            assert httpx.get(f"{running.url}/healthz", trust_env=False).status_code == 200
            assert running.stop() == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_where_others_reach_a_collector_its_figures_want_the_token(tmp_path: Path) -> None:
    """As at the web listener; supervisors need none."""
    with up("--only", "collect", "--otlp-http", "0.0.0.0:0", cwd=tmp_path, env={"TRIAGE_TOKEN": "s3cr3t"}) as running:
        address = running.otlp_http.replace("0.0.0.0", "127.0.0.1")
        with httpx.Client(base_url=address, trust_env=False) as client:
            assert client.get("/readyz").status_code == 200
            assert client.get("/metrics").status_code == 401
            assert client.get("/metrics", headers={"authorization": "Bearer s3cr3t"}).status_code == 200


def test_only_watching_answers_probes_where_it_listens(tmp_path: Path) -> None:
    """No pages, and nothing is taken; what the watch counts is there."""
    with up("--only", "watch", "--probes", "127.0.0.1:0", cwd=tmp_path) as running:
        probes = running.probes
        assert "pages" not in running.said
        assert "set TRIAGE_BASE_URL" in running.said
        assert httpx.get(f"{probes}/readyz", trust_env=False).status_code == 200
        assert "triage_watch_passes_total" in httpx.get(f"{probes}/metrics", trust_env=False).text
        assert httpx.get(f"{probes}/api/v1/affected", trust_env=False).status_code == 404
