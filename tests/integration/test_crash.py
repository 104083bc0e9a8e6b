"""Every acknowledged record is there after `kill -9`, exactly once, in the tables and in all that is made from them."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from collectors.kinds import Kind
from queries.store import Store
from tests.integration.exactly_once import differences
from tests.processes import free_port

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 90
LOADED_WITHIN_S = 420  # a busy machine may leave much to be loaded in the end
ATTRIBUTES = {
    Kind.TRACES: ("otel_traces", "SpanAttributes"),
    Kind.LOGS: ("otel_logs", "LogAttributes"),
    Kind.METRICS: ("otel_metrics_gauge", "Attributes"),
}


class Crash:
    """`triage up` on one data directory and one port, and a sender that doesn't care that it dies."""

    def __init__(self, home: Path, seed: int) -> None:
        self.data = home / "data"
        self.port, self.web_port = free_port(), free_port()
        self.seed = seed
        self.accepted_file = home / "accepted"
        self.accepted_file.touch()
        self._output = (home / "output").open("ab")

    def start(self) -> subprocess.Popen[bytes]:
        """The whole process; it is not ready yet."""
        here = ["--otlp-http", f"127.0.0.1:{self.port}", "--otlp-grpc", "127.0.0.1:0"]
        here += ["--web", f"127.0.0.1:{self.web_port}"]
        command = [sys.executable, "-m", "triage", "up", "--data", str(self.data), *here, "--segment-age", "200ms"]
        env = os.environ | {"TMPDIR": str(self.data.parent)}
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=self._output, stderr=self._output)

    def await_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Returns once it takes data."""
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.web_port}/readyz", timeout=10, trust_env=False).raise_for_status()
                return
            except httpx.HTTPError:
                assert process.poll() is None, f"it ended by itself:\n{self.output()}"
                assert time.monotonic() < deadline, f"it is not ready:\n{self.output()}"
                time.sleep(0.02)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """A sender in another process sends meanwhile."""
        url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "tests.integration.crash_sender", url, str(self.seed), str(self.accepted_file)]
        sender = subprocess.Popen(command, cwd=ROOT, stdout=self._output, stderr=self._output)
        try:
            yield
            assert sender.poll() is None, f"the sender ended by itself:\n{self.output()}"
        finally:
            sender.kill()
            sender.wait()

    def finish(self) -> None:
        """Starts it once more, waits until it has loaded what is there, and stops it in order."""
        process = self.start()
        self.await_ready(process)
        deadline = time.monotonic() + LOADED_WITHIN_S
        while list((self.data / "segments").glob("*-*")) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.terminate()
        assert process.wait(60) == 0, self.output()
        assert not list((self.data / "segments").glob("*-*")), "not all is loaded"
        assert not list((self.data / "quarantine").iterdir()), "something was set aside"

    def accepted(self) -> dict[Kind, set[str]]:
        """The requests that were accepted: `SENDER-NUMBER/COUNT`."""
        found: dict[Kind, set[str]] = {kind: set() for kind in ATTRIBUTES}
        for line in self.accepted_file.read_text().splitlines():
            kind, name = line.split(" ")
            found[Kind(kind)].add(name)
        return found

    def output(self) -> str:
        """What the processes have said."""
        return Path(self._output.name).read_text()[-3000:]


def check(crash: Crash) -> None:
    """Every accepted request whole and once; every other one whole and once, or not at all."""
    store = Store.open(f"chdb://{crash.data}/clickhouse")
    try:
        for kind, accepted in crash.accepted().items():
            table, attributes = ATTRIBUTES[kind]
            rows = store.select(
                f"SELECT {attributes}['request.id'] AS id, count() AS n FROM {table} GROUP BY id"
            ).rows()
            wrong = {name: n for name, n in rows if n != int(name.split("/")[1])}
            assert not wrong, f"{kind}: requests that are there twice or in part, with their count: {wrong}"
            missing = accepted - {name for name, _ in rows}
            assert not missing, f"{kind}: accepted and not there: {sorted(missing)}"
            assert len(accepted) > 20, f"{kind}: too few were accepted for this to show anything"
        assert not differences(store)
    finally:
        store.close()


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=pytest.mark.full)])
def test_after_kill_9_every_accepted_record_is_there_once(tmp_path: Path, rounds: int) -> None:
    """Killed at random moments under load: while it takes, writes, loads, starts, or recovers."""
    seed = int(os.environ.get("TRIAGE_TEST_SEED") or random.randrange(2**31))
    print(f"seed {seed}: set TRIAGE_TEST_SEED to repeat it")  # noqa: T201 - pytest shows it when the test fails
    chance, crash = random.Random(seed), Crash(tmp_path, seed)
    with crash.sending():
        for n in range(rounds):
            process = crash.start()
            if n % 4 == 3:  # while it starts
                time.sleep(chance.uniform(0.3, 2.5))
            else:
                crash.await_ready(process)
                time.sleep(chance.uniform(0.2, 3.0))
            process.kill()
            process.wait()
    crash.finish()
    check(crash)
