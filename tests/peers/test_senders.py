"""Senders nobody here wrote: OpenTelemetry's SDKs for Python and JavaScript, over each protocol, signal by signal."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.kinds import Outcome, Overloaded
from tests.integration.otlp_receivers import Receivers
from tests.npm import packages
from tests.peers.sent import check_kept

HERE = Path(__file__).parent
JAVASCRIPT = HERE / "js"
TOKEN = "s3cret"


@pytest.fixture(scope="session")
def javascript() -> list[str]:
    """The command of the JavaScript sender, its packages installed as package-lock.json has them."""
    packages(JAVASCRIPT)
    return ["node", str(JAVASCRIPT / "send.mjs")]


@pytest.fixture
def sender(request: pytest.FixtureRequest) -> list[str]:
    """The command of the sender that a test names, to be followed by endpoint, compression and authorization."""
    language, protocol = request.param
    if language == "javascript":
        return [*request.getfixturevalue("javascript"), protocol]
    return [sys.executable, str(HERE / "python_sender.py"), protocol]


def senders(*pairs: tuple[str, str]) -> pytest.MarkDecorator:
    """Runs a test with each of these senders."""
    javascript = pytest.mark.peers
    every = [
        pytest.param(pair, marks=javascript if pair[0] == "javascript" else (), id="-".join(pair)) for pair in pairs
    ]
    return pytest.mark.parametrize("sender", every, indirect=True)


EVERY = (
    ("python", "grpc"),
    ("python", "proto"),
    ("javascript", "grpc"),
    ("javascript", "proto"),
    ("javascript", "http"),
)
"""Each SDK with each protocol that it speaks; "http" is OTLP/JSON, which Python's does not."""
EVERY_THAT_RETRIES = tuple(pair for pair in EVERY if pair != ("javascript", "grpc"))
"""JavaScript's gRPC exporter gives up on any error, whatever RetryInfo says."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Receivers]:
    with Receivers(token=TOKEN) as receivers:
        yield receivers


@pytest.fixture
def receivers(shared: Receivers) -> Receivers:
    shared.kept.clear()
    shared.counts.clear()
    shared.fault = lambda: None
    return shared


def send(sender: list[str], receivers: Receivers, *more: str) -> subprocess.CompletedProcess[str]:
    """Runs a sender to its end."""
    port = receivers.grpc_port if sender[-1] == "grpc" else receivers.http_port
    command = [*sender, f"http://127.0.0.1:{port}", *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


@senders(*EVERY)
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_an_sdk_sends_is_what_is_kept(sender: list[str], receivers: Receivers, compression: str) -> None:
    """Spans, metrics and logs of an SDK arrive with every id, relation and value, and the SDK sees no error."""
    done = send(sender, receivers, compression, f"Bearer {TOKEN}")
    assert done.returncode == 0, done.stderr
    check_kept(receivers.kept, json.loads(done.stdout))


@senders(*EVERY_THAT_RETRIES)
def test_an_sdk_that_is_told_to_come_back_does(sender: list[str], receivers: Receivers) -> None:
    """Refused for overload at first, each signal is sent again by itself, and is kept once."""
    refusals = [Overloaded("the backlog is full", 1) for _ in range(3)]
    receivers.fault = lambda: refusals.pop() if refusals else None
    send(sender, receivers, "none", f"Bearer {TOKEN}")
    assert sorted(kind for kind, _ in receivers.kept) == ["logs", "metrics", "traces"]
    assert sum(number for (_, outcome), number in receivers.counts.items() if outcome is Outcome.OVERLOADED) == 3


@senders(*EVERY)
def test_an_sdk_without_the_token_is_told(sender: list[str], receivers: Receivers) -> None:
    """A sender without the token learns that its data was refused, and none of it is kept."""
    done = send(sender, receivers)
    assert done.returncode == 1
    assert receivers.kept == []
    assert {outcome for _, outcome in receivers.counts} == {Outcome.UNAUTHENTICATED}
