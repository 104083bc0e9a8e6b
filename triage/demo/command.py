"""Runs the shop against a collector: its history as fast as it is taken, then live, with a fault soon after."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from threading import Event
from time import monotonic, time, time_ns

from triage.demo.debezium import EVERY_S
from triage.demo.endpoint import Protocol, endpoint
from triage.demo.errors import BadOption, CollectorAway
from triage.demo.herald import Herald
from triage.demo.live import run_live
from triage.demo.model import Shop
from triage.demo.post import Post, Secrets
from triage.demo.request import SECOND_NS, Request
from triage.demo.sdk import Sdk
from triage.demo.send import Sender
from triage.demo.stream import UNSIGNED, Surroundings
from triage.demo.truth import Truth
from triage.demo.write import otlp_requests

OPENED_BEFORE_S = 900
"""The shop opens that long before its first request is sent, so that it is not empty then."""

PAST_EVERY_S = 60
"""Row changes of the past go out in fewer, larger requests."""

FAULT_AFTER_S = 12.0
FAULT_LASTS_S = 300.0
TRUTH_EVERY_S = 2.0
HELLO_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Progress:
    """How far the shop is: `stage` is "history", "live" or "over"; times are seconds since 1970."""

    stage: str
    requests: int
    spans: int
    shop_time_s: float
    fault_start_s: float = inf
    fault_end_s: float = inf
    notes: tuple[str, ...] = ()
    """What the collector does not take besides, a sentence each."""


Report = Callable[[Progress], None]


def _silent(_: Progress) -> None:
    return


class ShopRun:
    """One run of a shop. `truth` and `fault` may be read while it runs.

    Raises ShopError: at once when an option can't be used, from `run` when the collector can't be.
    """

    def __init__(
        self,
        otlp: str,
        *,
        scenario: str = "calm",
        seed: int = 1,
        rate: float = 20.0,
        for_s: float = inf,
        history_s: float = 0.0,
        truth: Path | None = None,
        protocol: Protocol | None = None,
        token: str = "",
        hooks: str = "",
        secrets: Secrets = UNSIGNED,
        stop: Event | None = None,
        report: Report = _silent,
    ) -> None:
        _check("rate", rate, "requests a second")
        _check("for", for_s if for_s != inf else 1, "seconds")
        self.shop = Shop(scenario, seed, rate)
        self.fault = self.shop.fault()
        self.truth = Truth(self.shop, self.fault)
        self._sdk: Sdk | None = None
        self._to = endpoint(otlp, protocol, token)
        self._hooks = endpoint(hooks, "http/protobuf", token) if hooks else self._to
        self._secrets = secrets
        self._herald: Herald | None = None
        self._around: Surroundings | None = None
        self._for_s, self._history_s, self._truth_file = for_s, history_s, truth
        self._stop, self._report = stop or Event(), report
        self._requests = self._spans = 0
        self._shop_time_s, self._next_save = 0.0, 0.0
        self._under_way: list[Request] = []

    def run(self) -> Truth:
        """Sends the history, then lives on until the time is over or `stop` is set; returns what happened."""
        self._save()
        self._say_hello()
        live_s = time()
        self._herald = herald = Herald(self._hooks)
        requests = self._since(live_s - self._history_s)
        try:
            if self._history_s:
                self._send_history(requests)
            if not self._stop.is_set():
                self._live(requests)
            if self._around is not None:
                self._tell(self._around.until(time_ns(), all_of_it=True))
        finally:
            herald.close()
        self._tell_how_far("over")
        self._save()
        lost = self._sdk.lost if self._sdk is not None else 0  # of those sent live; history is sent until it is taken
        if lost:
            raise CollectorAway(f"the collector at {self._to} did not take {lost:,} spans, which the truth counts")
        return self.truth

    def _say_hello(self) -> None:
        """An empty request, so that a collector that is away or wants a token is noticed at once."""
        sender = Sender(self._to, patience_s=HELLO_PATIENCE_S)
        try:
            sender.send("traces", b"")
        finally:
            sender.close()

    def _since(self, start_s: float) -> Iterator[Request]:
        """The shop's requests from `start_s` on; it opened some time before."""
        start_ns, opens_s = int(start_s * SECOND_NS), int(start_s) - OPENED_BEFORE_S
        self._around = around = Surroundings(self.shop, opens_s, [self.fault], [self.truth], self._secrets)
        around.pace(PAST_EVERY_S)
        self._tell(around.opening())
        for request in self.shop.between(opens_s, inf, self.fault):
            self._tell(around.after(request))
            if request.entry.start_ns >= start_ns:
                yield request

    def _tell(self, posts: Iterable[Post]) -> None:
        for post in posts:
            if self._herald is not None:
                self._herald.send(post)

    def _send_history(self, requests: Iterator[Request]) -> None:
        sender = Sender(self._to)
        try:
            sender.send_all(otlp_requests(self._past(requests)))
        finally:
            sender.close()

    def _past(self, requests: Iterator[Request]) -> Iterator[Request]:
        """Those that are over; stops where the shop has caught up with the clock."""
        for request in requests:
            if request.end_ns < time_ns():
                self._told(request, "history")
                yield request
            else:
                self._under_way.append(request)
            if request.entry.start_ns > time_ns() - SECOND_NS // 2 or self._stop.is_set():
                return

    def _live(self, requests: Iterator[Request]) -> None:
        start_s = time()
        self._begin_fault(start_s)
        if self._around is not None:
            self._around.pace(EVERY_S)
        self._sdk = sdk = Sdk(self._to)
        try:
            run_live(
                self._until(requests, start_s + self._for_s),
                sdk,
                lambda request, untold_ns: self._told(request, "live", untold_ns),
                self._stop,
            )
            self.truth.untold_ns = inf  # what was under way when it stopped never came
        finally:
            sdk.close()

    def _until(self, requests: Iterator[Request], end_s: float) -> Iterator[Request]:
        yield from self._under_way
        for request in requests:
            if request.entry.start_ns >= end_s * SECOND_NS:
                return
            yield request

    def _begin_fault(self, live_s: float) -> None:
        if self.shop.scenario.breaks:
            start_s = live_s + min(FAULT_AFTER_S, self._for_s / 5)
            self.fault.begin(start_s, start_s + min(FAULT_LASTS_S, self._for_s / 2))

    def _told(self, request: Request, stage: str, untold_ns: float = inf) -> None:
        self.truth.tell(request)
        self.truth.untold_ns = untold_ns
        self._requests += 1
        self._spans += len(request.spans)
        self._shop_time_s = request.entry.start_ns / SECOND_NS
        if monotonic() >= self._next_save:
            self._next_save = monotonic() + TRUTH_EVERY_S
            self._tell_how_far(stage)
            if stage == "live":
                self._save()

    def _tell_how_far(self, stage: str) -> None:
        fault = self.fault
        self._report(
            Progress(
                stage,
                self._requests,
                self._spans,
                self._shop_time_s,
                fault.start_s,
                fault.end_s,
                tuple(self._herald.notes) if self._herald is not None else (),
            )
        )

    def _save(self) -> None:
        if self._truth_file is not None:
            try:
                self.truth.save(self._truth_file)
            except OSError as error:
                raise BadOption(f"the truth can't be written to {self._truth_file}: {error.strerror}") from None


def run_shop(
    otlp: str,
    *,
    scenario: str = "calm",
    seed: int = 1,
    rate: float = 20.0,
    for_s: float = inf,
    truth: Path | None = None,
    token: str = "",
    hooks: str = "",
    secrets: Secrets = UNSIGNED,
    stop: Event | None = None,
    report: Report = _silent,
) -> Truth:
    """What `triage shop` does: the shop live against any collector. Raises ShopError."""
    run = ShopRun(
        otlp,
        scenario=scenario,
        seed=seed,
        rate=rate,
        for_s=for_s,
        truth=truth,
        token=token,
        hooks=hooks,
        secrets=secrets,
        stop=stop,
        report=report,
    )
    return run.run()


def _check(name: str, number: float, unit: str) -> None:
    if not (isfinite(number) and number > 0):
        raise BadOption(f"--{name} must be more than 0 {unit}, not {number:g}")
