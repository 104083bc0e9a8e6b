"""What the demo tells while the shop runs: its history, the fault, and whom it has hit, or which rows or figures."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from urllib.parse import urlencode

from queries.store import Store
from triage.affected.asking import Asked, Opened
from triage.affected.text import affected_text, sentence
from triage.commands.demo_incident import incident_story, is_of_a_figure, rows_told
from triage.commands.shop_process import Order, ShopProcess
from triage.compensation.proposing import data_symptoms
from triage.demo.command import Progress as ShopProgress
from triage.demo.scenarios import scenario_named
from triage.incident.book import StoredBook
from triage.incident.model import Incident
from triage.progress import Progress
from triage.service import Service
from triage.settings import Settings
from triage.terminal import printable, terminal_width
from triage.window import format_number, format_time
from triage.wire import AffectedJson

ROWS = 5
LOOK_EVERY_S = 0.5
SETTLED_S = 3.0
"""The answer waits so long after the first customer is known, to be about more than one."""
LOADED_WITHIN_S = 60.0
"""The closing figure waits at most so much longer for what arrived to be loaded."""


@dataclass
class Story:
    """Told to standard output, a few lines for each thing that happens; `browse` opens the page with the answer."""

    service: Service
    store: Store
    shop: ShopProcess
    order: Order
    browse: Callable[[str], object] | None = None
    first_known_s: float = inf

    def tell(self, stop: threading.Event) -> None:
        """Until `stop` is set, or the shop's time is over. Raises Failure, StoreError."""
        of_requests = [self._answer, self._fault_ends]
        of_incident = [self._incident_opens, self._incident_ends]
        print(f"{_clock()}  The shop first sends two hours of history, as fast as it is taken.", flush=True)
        chapters = [self._history, self._fault_begins, *(of_requests if self._requests_fail else of_incident)]
        while not stop.is_set():
            news = self.shop.progress(LOOK_EVERY_S)
            while news and chapters and chapters[0](news):
                chapters.pop(0)
            if news and news.stage == "over":
                return

    def _history(self, news: ShopProgress) -> bool:
        bar = Progress()
        if news.stage == "history":
            left_s = max(0.0, time.time() - news.shop_time_s)
            bar.show(1 - left_s / self.order.history_s, f"history: {news.requests:,} requests, {news.spans:,} spans")
            return False
        bar.clear()
        print(
            f"{_clock()}  Two hours of history are sent: {news.requests:,} requests. The shop goes on live.", flush=True
        )
        return True

    def _fault_begins(self, news: ShopProgress) -> bool:
        if time.time() < news.fault_start_s:
            return False
        print(f"{_clock()}  From now on {scenario_named(self.order.scenario).fault}.", flush=True)
        return True

    def _answer(self, news: ShopProgress) -> bool:
        answer = self._ask(news)
        if answer.customers:
            self.first_known_s = min(self.first_known_s, time.time())
        if time.time() < self.first_known_s + SETTLED_S:
            return False
        print(
            f"{_clock()}  Which customers were affected?\n",
            *affected_text(answer, terminal_width()),
            sep="\n",
            end="\n\n",
        )
        print(f"See {self._page(news)}", flush=True)
        if self.browse:
            self.browse(self._page(news))
        return True

    def _fault_ends(self, news: ShopProgress) -> bool:
        return self._closes(news, lambda: sentence(self._ask(news)))

    def _closes(self, news: ShopProgress, said: Callable[[], str]) -> bool:
        """Whether the fault is over, what arrived by then is loaded (or takes too long), and that was told."""
        end_s = news.fault_end_s + SETTLED_S
        assert self.service.segments
        loaded = time.time() - self.service.segments.lag_s() >= end_s
        if not loaded and time.time() < end_s + LOADED_WITHIN_S:
            return False
        caveat = "" if loaded else "Not all that was sent by then is loaded yet, so these figures will still change."
        print(" ".join(filter(None, (f"{_clock()}  The fault is over.", said(), caveat))), flush=True)
        return True

    @property
    def _requests_fail(self) -> bool:
        """Whether the fault shows in requests; else it does in rows of databases, or in the shop's figures alone."""
        scenario = scenario_named(self.order.scenario)
        return not (scenario.late or scenario.twice or scenario.unsold)

    def _incident_opens(self, news: ShopProgress) -> bool:
        incident = self._incident(news)
        if incident is None or incident.frozen is None or time.time() < incident.opened_at.timestamp() + SETTLED_S:
            return False
        print(f"{_clock()}  {printable(incident.answer.title)}", flush=True)
        url = f"http://{self.service.listeners['web']}"
        at = "" if url == Settings().url else f" --url {url}"
        print("", *incident_story(self.store, incident, terminal_width(), at), "", sep="\n", flush=True)
        page = f"{url}/incidents/{incident.id}"
        print(f"See {page}", flush=True)
        if self.browse:
            self.browse(page)
        return True

    def _incident_ends(self, news: ShopProgress) -> bool:
        def said() -> str:
            incident = self._incident(news)
            return rows_told(self.store, incident) if incident else ""

        return self._closes(news, said)

    def _incident(self, news: ShopProgress) -> Incident | None:
        """The first of its kind that was opened since the fault began."""
        since = datetime.fromtimestamp(news.fault_start_s, UTC)
        of_kind = is_of_a_figure if scenario_named(self.order.scenario).unsold else data_symptoms
        found = [one for one in StoredBook(self.store).incidents(since) if one.opened_at >= since and of_kind(one)]
        return min(found, key=lambda one: one.opened_at, default=None)

    def _ask(self, news: ShopProgress) -> AffectedJson:
        return Opened(self.store).affected(self._asked(news), ROWS)

    def _asked(self, news: ShopProgress) -> Asked:
        question = scenario_named(self.order.scenario).questions[0]
        return Asked(
            service=question.service or None,
            operation=question.operation or None,
            route=question.route or None,
            partner=question.partner or None,
            version=question.version or None,
            slower_than_ms=None if question.slower_than_ms is None else format_number(question.slower_than_ms),
            from_=format_time(datetime.fromtimestamp(news.fault_start_s, UTC)),
        )

    def _page(self, news: ShopProgress) -> str:
        return f"http://{self.service.listeners['web']}/affected?{urlencode(self._asked(news).parameters())}"


def _clock() -> str:
    return datetime.now(UTC).strftime("%H:%M:%S")
