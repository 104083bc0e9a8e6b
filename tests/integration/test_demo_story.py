"""What the demo tells in the end: the figure of all that arrived, or that some of it is not loaded."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from collectors.kept import Kept
from collectors.kinds import Kind
from collectors.loader import Loader
from collectors.quarantine import Quarantine
from collectors.segments import Limits, SegmentLog
from queries.store import Store, varint
from tests.integration.otlp import attributes, span, token, traces
from tests.processes import soon
from triage.commands import demo_story
from triage.commands.demo_story import Story
from triage.commands.shop_process import Order
from triage.demo.command import Progress
from triage.service import Service
from triage.setting_types import Address
from triage.settings import Settings

pytestmark = pytest.mark.integration

ORDER = Order("", scenario="gateway-5xx", seed=1, rate=1, history_s=0)


@dataclass
class Shop:
    """A shop whose fault has come and gone."""

    news: Progress

    def progress(self, wait_s: float) -> Progress:
        time.sleep(0.05)
        return self.news


def failing(customer: int, start_s: float) -> bytes:
    """A request of the customer that fails in inventory."""
    failed = span(
        trace=customer,
        start=int(start_s * 1e9),
        kind=2,
        status=Status(code=Status.STATUS_CODE_ERROR),
        attributes=attributes({"customer.id": f"c-{customer}"}),
    )
    return traces(failed, resource={"service.name": "inventory"}).SerializeToString()


@dataclass
class Said:
    """All that was printed so far."""

    capsys: pytest.CaptureFixture[str]
    text: str = ""

    def has(self, text: str) -> bool:
        self.text += self.capsys.readouterr().out
        return text in self.text


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SegmentLog]:
    with closing(SegmentLog(tmp_path / "segments", Limits())) as log:
        yield log


@contextmanager
def told(store: Store, log: SegmentLog) -> Iterator[None]:
    """A story is told of a fault that has just ended: the first customer is loaded, the second one accepted."""
    body = failing(1, time.time())
    store.insert("traces", varint(len(body)) + body, token())
    end_s = time.time()
    asyncio.run(log.append(Kind.TRACES, failing(2, end_s - 1)))
    service = Service(Settings(), listeners={"web": Address("127.0.0.1", 1)}, segments=log)
    shop = Shop(Progress("live", 1, 1, end_s, end_s - 60, end_s))
    story = Story(service, store, shop, ORDER)  # type: ignore[arg-type]  # a process is not needed for it
    stop = threading.Event()
    thread = threading.Thread(target=story.tell, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_the_closing_figure_waits_for_what_is_being_loaded(
    own_store: Store, log: SegmentLog, tmp_path: Path, said: Said
) -> None:
    """However far the loader is behind, it counts all who were hit."""
    with told(own_store, log):
        soon(lambda: said.has("1 customer was affected"), "the answer, of what is loaded")
        time.sleep(demo_story.SETTLED_S)
        assert not said.has("The fault is over")
        loader = Loader(log, own_store, Kept(tmp_path / "kept", log.disk), Quarantine(tmp_path / "quarantine"))
        soon(lambda: said.has("The fault is over. 2 customers were affected"), "the whole answer")
        loader.stop(1)
    assert "not all" not in said.text.lower()


def test_what_is_not_loaded_in_time_is_told(
    own_store: Store, log: SegmentLog, monkeypatch: pytest.MonkeyPatch, said: Said
) -> None:
    """The demo goes on, and says that its figure will change."""
    monkeypatch.setattr(demo_story, "LOADED_WITHIN_S", 1.0)
    with told(own_store, log):
        soon(lambda: said.has("Not all that was sent by then is loaded yet"), "the caveat")
    assert "The fault is over." in said.text
