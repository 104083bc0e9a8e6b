"""Pages: many readers at once over a full store, while telemetry comes in; and the first view on a slow phone.

The simulated shop's hour is loaded as OTLP, other hours before it are copies; an incident is written into the book.
Then the whole service runs in a process of its own, is sent spans all the time, and is read.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from threading import Event
from urllib.parse import quote

import httpx
from playwright.sync_api import sync_playwright

from queries.store import Store
from tests.bench.ask import COPIES
from tests.bench.engine import opened, tokens, wait_for_merges
from tests.bench.figures import Figure, Target, middle, percentile
from tests.bench.scale import Scale
from tests.bench.shop import busy_shop, hour_of_shop
from tests.integration.command import Up, up
from tests.symptoms import RUNBOOK, Passes, gateway_errors
from triage.demo.catalogue import INVENTORY
from triage.incident.book import StoredBook
from triage.model import Question

HOUR = timedelta(hours=1)
EVERY_S = 0.5  # a request of 512 spans
QUICK_ENOUGH = Target(200)
SMALL_ENOUGH = Target(300)
FIRST_VIEW = Target(1000)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SLOWER_CPU = 4

Seen = dict[str, list[tuple[float, int, int]]]
"""Of each page: how long each answer took, in ms, its bytes, and its status."""


def run(scale: Scale, scratch: Path) -> Iterator[Figure]:
    """Fills the store, then reads."""
    home = scratch / "pages"
    spans, incident = _filled(scale, home / "triage-data" / "clickhouse")
    with up("--log-level", "warning", cwd=home) as service:
        paths = _paths(service, incident)
        over = Event()
        with ThreadPoolExecutor(1) as sender:
            sending = sender.submit(_send, service, over)
            try:
                alone = _read(service, paths, 1, scale.reading_s / 2)
                seen = _read(service, paths, scale.readers, scale.reading_s)
            finally:
                over.set()
            sent = sending.result()
        yield from _figures(seen, alone, scale, f"{spans:,} spans stored, {sent:,} more sent meanwhile")
        yield from _first_views(service, paths)
        service.stop()


def _filled(scale: Scale, directory: Path) -> tuple[int, str]:
    """How many spans there are, and the incident's id."""
    directory.parent.mkdir(parents=True)
    to = datetime.now(UTC)
    with opened(directory, handles=2) as store:
        hour = hour_of_shop(scale.window_spans, (to - HOUR).timestamp())
        for signal in ("traces", "logs"):
            for segment in hour.segments(signal):
                store.insert(signal, segment, next(tokens))
        for hours in range(1, max(1, round(scale.spans / scale.window_spans))):
            for copy in COPIES:
                store.command(copy, **{"from": to - HOUR}, to=to, hours=-hours, one_in=1)
        wait_for_merges(store)
        return int(store.select("SELECT count() AS spans FROM otel_traces")["spans"][0]), _incident(store, to)


def _incident(store: Store, now: datetime) -> str:
    from_ = now - timedelta(minutes=20)
    passes = Passes(runbook=RUNBOOK)
    question = Question(from_, now, service=INVENTORY)
    passes.look(30, replace(gateway_errors(INVENTORY), from_=from_, question=question))
    StoredBook(store).write(list(passes.book.events.values()))
    return passes.only.id


def _paths(service: Up, incident: str) -> dict[str, Sequence[str]]:
    """The addresses of each page; several customers and traces, as readers look at different ones."""
    answer = httpx.get(f"{service.url}/api/v1/affected", params={"limit": "40"}, timeout=120, trust_env=False)
    items = answer.raise_for_status().json()["items"]
    return {
        "/": ["/"],
        "/incidents": ["/incidents"],
        "/incidents/{id}": [f"/incidents/{incident}"],
        "/affected": ["/affected"],
        "/customers/{id}": [f"/customers/{quote(item['customer'], safe='')}" for item in items],
        "/traces/{id}": [f"/traces/{item['evidence'][0]['trace_id']}" for item in items],
        "/search": ["/search", "/search?error=true", "/search?kind=logs&text=order"],
        "/changes": ["/changes"],
        "/runbook": ["/runbook"],
    }


def _send(service: Up, over: Event) -> int:
    """Spans a second as a busy shop has them, until it is over; how many were sent."""
    telemetry = busy_shop(50_000, time.time(), spans_each=512)
    sent = 0
    with httpx.Client(timeout=60, trust_env=False) as client:
        for record in cycle(telemetry.records["traces"]):
            if over.wait(EVERY_S):
                return sent
            headers = {"content-type": "application/x-protobuf"}
            client.post(f"{service.otlp_http}/v1/traces", content=record, headers=headers).raise_for_status()
            sent += 512
    return sent


def _read(service: Up, paths: dict[str, Sequence[str]], readers: int, for_s: float) -> Seen:
    """All pages in turn by so many readers, each beginning with another one."""
    end, seen = time.monotonic() + for_s, defaultdict[str, list[tuple[float, int, int]]](list)

    def reads(reader: int) -> None:
        with httpx.Client(base_url=service.url, timeout=120, trust_env=False) as client:
            for turn in count(reader):
                if time.monotonic() > end:
                    return
                name = list(paths)[turn % len(paths)]
                started = time.perf_counter()
                answer = client.get(paths[name][(reader + turn) % len(paths[name])])
                seen[name].append(((time.perf_counter() - started) * 1000, len(answer.content), answer.status_code))

    with ThreadPoolExecutor(readers) as pool:
        list(pool.map(reads, range(readers)))
    return seen


def _figures(seen: Seen, alone: Seen, scale: Scale, note: str) -> Iterator[Figure]:
    every = [ms for answers in seen.values() for ms, _, _ in answers]
    wrong = sorted({status for answers in seen.values() for _, _, status in answers if status != 200})
    if wrong:
        raise AssertionError(f"pages answered with {wrong}")
    what = f"p95 over all pages, {scale.readers} readers at once"
    yield Figure(
        "pages", what, percentile(every, 95), "ms", target=QUICK_ENOUGH, note=f"{len(every):,} answers; {note}"
    )
    for name, answers in seen.items():
        times = [ms for ms, _, _ in answers]
        one = f"median {percentile([ms for ms, _, _ in alone[name]], 50):.0f} ms for one reader" if alone[name] else ""
        yield Figure("pages", f"{name}: p95", percentile(times, 95), "ms", note=one)
        yield Figure("pages", f"{name}: size", max(size for _, size, _ in answers) / 1000, "kB", target=SMALL_ENOUGH)


def _first_views(service: Up, paths: dict[str, Sequence[str]]) -> Iterator[Figure]:
    """When something is first seen on a phone with a slow line and a slow processor, with nothing cached."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name in ("/", "/incidents/{id}", "/affected", "/search"):
            times = []
            for _ in range(3):
                context = browser.new_context(viewport={"width": 360, "height": 740})
                page = context.new_page()
                session = context.new_cdp_session(page)
                session.send("Network.emulateNetworkConditions", PHONE)
                session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER_CPU})
                page.goto(service.url + paths[name][0])
                page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
                times.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
                context.close()
            yield middle("pages", f"{name}: first view on a slow phone", times, "ms", FIRST_VIEW)
        browser.close()
