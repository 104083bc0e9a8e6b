"""The demo, as whoever has just cloned the repository sees it."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.command import FREE_PORTS, triage

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def broker() -> Iterator[socket.socket]:
    """Listens where a real shop's row changes would be read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def said(home: Path, broker: socket.socket) -> "subprocess.CompletedProcess[str]":
    """A demo of some seconds, run where a real shop's settings hold and all goes by way of a proxy."""
    arguments = ("--no-browser", "--rate", "5", "--for", "25s", "--truth", "truth.json")
    environment = {
        "TRIAGE_KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{broker.getsockname()[1]}",
        "TRIAGE_KAFKA_TOPICS": "^shop[.].*",
        "TRIAGE_CUSTOMER_KEYS": "tenant.uid",
        "TRIAGE_RUNBOOK": "absent.yaml",
        "TRIAGE_LOG_LEVEL": "info",
        "http_proxy": "http://127.0.0.1:1",
    }
    return triage("demo", *arguments, *FREE_PORTS, cwd=home, env=environment, timeout_s=280)


def test_the_demo_tells_whom_the_fault_has_hit(said: "subprocess.CompletedProcess[str]", home: Path) -> None:
    """History, the fault, the answer with its page, the end. Nothing is left behind, and no bar is drawn in a pipe."""
    assert said.returncode == 0, said.stderr
    told = re.findall(
        r"pages +http://\S+/|Two hours of history are sent: [\d,]+ requests"
        r"|From now on inventory answers 503|\d+ customers? w\w+ affected by failures in inventory|^See http://\S+",
        said.stdout,
        re.MULTILINE,
    )
    assert [line.split()[0] for line in told[:3]] == ["pages", "Two", "From"]
    assert "affected by failures in inventory" in told[3]
    assert "/affected?service=inventory&from=" in told[4]
    assert "\x1b" not in said.stdout + said.stderr
    assert json.loads((home / "truth.json").read_text("utf-8"))["customers"]
    scratch = re.search(r"data +(\S+)", said.stdout)
    assert scratch
    assert not Path(scratch[1]).exists()
    assert [path.name for path in home.iterdir()] == ["truth.json"]


def test_the_demo_logs_as_much_as_it_was_told_to(said: "subprocess.CompletedProcess[str]") -> None:
    """Without a word, warnings: help says so."""
    assert " INFO triage.service: tables: " in said.stderr


@pytest.mark.usefixtures("said")
def test_the_demo_reads_no_real_shop_s_row_changes(broker: socket.socket) -> None:
    """They would be gone for its consumer group, and lie in a scratch directory."""
    with pytest.raises(BlockingIOError):
        broker.accept()
