"""A figure's values are what a plain reference in Python says, however they were sent; and they are kept."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from queries.errors import QueryTooExpensive
from queries.store import Store, Value, varint
from tests.counters import CUMULATIVE, DELTA, Counter, Point, drawn, growth, joined
from tests.integration.otlp import attributes, logs, segment, span, token, traces
from tests.processes import soon
from triage.kpi import keeping
from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.kpi.keeping import KeepingThread, Whole, keep_again, keep_arrived, keep_recent
from triage.kpi.named import kpis_of, shipped, write_down
from triage.kpi.read import LiveKpis
from triage.kpi.values import measured, totals, values
from triage.window import Window

pytestmark = pytest.mark.integration

HOUR = 3600
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
T0 = int(NOW.timestamp())
WHOLE = Whole()


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def at_ns(seconds: int) -> int:
    return (T0 + seconds) * 10**9


def counted(name: str, where: Sequence[tuple[str, str]] = ()) -> Source:
    return Source(Signal.METRIC, name, where=tuple(where))


def total(store: Store, kpi: Kpi, window: Window) -> float | None:
    return totals(store.ask, [kpi], window)[kpi]


def send(store: Store, *counters: Counter) -> None:
    body = joined(counter.request(T0) for counter in counters)
    store.insert("metrics", varint(len(body)) + body, token())


def kept(store: Store, kpi: Kpi, window: Window) -> dict[int, float]:
    """What is kept of the figure, by minute (s since T0), nothing measured."""
    rows = store.ask("kpi/kept", kpis=[kpi.digest], **{"from": window.from_}, to=window.to).iter_rows()
    return {minute - T0: part for _, minute, part, _ in rows}


def sent_by(service: str, *spans: Span) -> bytes:
    return segment(traces(*spans, resource={"service.name": service}))


def arrived(store: Store, service: str, day: str) -> None:
    """Has the service's spans have arrived on that day, an expression of their columns."""
    store.command(
        f"ALTER TABLE otel_traces UPDATE Received = {day} WHERE ServiceName = {{service:String}} "
        "SETTINGS mutations_sync = 1",
        service=service,
    )


def too_expensive(store: Store, monkeypatch: pytest.MonkeyPatch, refused: Callable[[Value], bool]) -> None:
    """Has the store refuse to measure figures of spans where `refused` says so of the span's name."""
    ask = store.ask

    def refusing(name: str, /, **parameters: Value) -> pl.DataFrame:
        if name == "kpi/spans" and refused(parameters["name"]):
            raise QueryTooExpensive("over the limit")
        return ask(name, **parameters)

    monkeypatch.setattr(store, "ask", refusing)


@pytest.mark.parametrize("many", [25, pytest.param(200, marks=pytest.mark.full)])
def test_growth_is_what_the_reference_says(own_store: Store, many: int) -> None:
    """Restarts, gaps, repeats, several series, starts not said or unknown; of any window, by any step."""
    seed = random.randrange(10**9)
    rng = random.Random(seed)
    drawn_ = [drawn(f"drawn.{many}.{number}", rng) for number in range(many)]
    send(own_store, *drawn_)
    for counter in drawn_:
        kpi = Kpi(counter.name, Kind.SUM, counted(counter.name), "1")
        from_ = rng.randrange(-HOUR, HOUR)
        to = rng.randrange(from_ + 1, 2 * HOUR + 100)
        step = rng.choice([10, 60, 300])
        found = measured(own_store.ask, kpi, Window(at(from_), at(to)), step)
        assert {start - T0: part for start, (part, _) in found.items()} == growth(counter, from_, to, step), (
            counter.name
        )


def test_of_a_start_that_nobody_knows_only_what_was_seen_to_grow_counts(own_store: Store) -> None:
    """A series that begins as it is read had its value before; where it goes on so, the point before still counts."""
    told = [(0, 0, 1234567), (0, 60, 1234570), (120, 120, 1234573), (120, 180, 1234576), (240, 240, 5), (240, 300, 6)]
    send(own_store, Counter("unknown", CUMULATIVE, tuple(Point("a", *point) for point in told)))
    found = measured(own_store.ask, Kpi("unknown", Kind.SUM, counted("unknown"), "1"), Window(at(0), at(600)))
    assert [part for part, _ in found.values()] == [0, 3, 3, 3, 5, 1], "a counter that fell began at 0 in between"


def test_what_two_windows_grew_by_is_what_both_grew_by(own_store: Store) -> None:
    """A point's growth does not depend on the window that is asked for."""
    counter = drawn("cut", random.Random(5))
    send(own_store, counter)
    kpi = Kpi("cut", Kind.SUM, counted("cut"), "1")
    halves = [total(own_store, kpi, Window(at(a), at(b))) or 0.0 for a, b in ((0, 1234), (1234, 2 * HOUR))]
    assert sum(halves) == pytest.approx(total(own_store, kpi, Window(at(0), at(2 * HOUR))))


def test_a_filter_takes_the_series_that_it_names(own_store: Store) -> None:
    """Euros are not added to francs."""
    euros, francs = (
        Counter("till", DELTA, (Point("a", 0, 30, amount),), where=(("currency", name),))
        for name, amount in (("EUR", 10.0), ("CHF", 7.0))
    )
    send(own_store, euros, francs)
    window = Window(at(0), at(60))
    for name, amount in (("EUR", 10.0), ("CHF", 7.0), ("USD", None)):
        kpi = Kpi("till", Kind.SUM, counted("till", [("currency", name)]), name)
        assert total(own_store, kpi, window) == amount
    assert total(own_store, Kpi("till", Kind.SUM, counted("till"), "1"), window) == 17


def test_steps_add_up(own_store: Store) -> None:
    """A rate over ten minutes is of the minutes that are known; a ratio is of the sums, not the mean of ratios."""
    orders = Counter("o", DELTA, tuple(Point("a", 60 * m, 60 * m + 30, 3.0 + m) for m in (0, 1, 4)))
    visits = Counter("v", DELTA, tuple(Point("a", 60 * m, 60 * m + 30, 10.0 * (m + 1)) for m in (0, 1, 4)))
    send(own_store, orders, visits)
    window = Window(at(0), at(600))
    rate = Kpi("orders", Kind.RATE, counted("o"), "1/min")
    ratio = Kpi("conversion", Kind.RATIO, counted("o"), "1", counted("v"))
    assert [value.value for value in values(own_store.ask, rate, window, 600)] == [pytest.approx((3 + 4 + 7) / 3)]
    assert [value.value for value in values(own_store.ask, rate, window)] == [3, 4, 7]
    told = values(own_store.ask, ratio, window, 600)
    assert [value.of for value in told] == [80]
    assert [value.value for value in told] == [pytest.approx(14 / 80)]


@pytest.mark.parametrize("step_s", [10, 30, 60, 90, 120, 600, 601, 5400])
def test_a_rate_is_a_minute_s_by_whatever_step(own_store: Store, step_s: int) -> None:
    """Be that whole minutes or not; the first and the last one may be cut."""
    send(own_store, Counter(f"even.{step_s}", DELTA, tuple(Point("a", None, time, 1.0) for time in range(0, HOUR, 10))))
    rate = Kpi("even", Kind.RATE, counted(f"even.{step_s}"), "1/min")
    told = values(own_store.ask, rate, Window(at(0), at(HOUR)), step_s)
    for value in told:
        begins = value.time.timestamp() - T0
        seconds = min(begins + step_s, HOUR) - max(begins, 0)
        assert value.value is not None
        assert value.value * seconds / 60 == pytest.approx(seconds / 10, abs=1), "but for a point at either end"
    assert len(told) in {-(-HOUR // step_s), HOUR // step_s + 2}


def test_the_latest_minutes_of_a_ratio_are_known_as_far_as_both_its_parts_are(own_store: Store) -> None:
    """Before, a minute without one of them adds to what they come to over longer steps; later ones are unknown."""
    orders = Counter("until.o", DELTA, tuple(Point("a", None, 60 * m + 50, 3.0) for m in (0, 1, 3)))
    visits = Counter("until.v", DELTA, tuple(Point("a", None, 60 * m + 20, 10.0) for m in range(6)))
    send(own_store, orders, visits)
    ratio = Kpi("conversion", Kind.RATIO, counted("until.o"), "1", counted("until.v"))
    told = values(own_store.ask, ratio, Window(at(0), at(360)))
    assert [value.value for value in told] == [0.3, 0.3, 0, 0.3]
    assert total(own_store, ratio, Window(at(0), at(360))) == pytest.approx(9 / 40)
    assert total(own_store, ratio, Window(at(0), at(90))) == pytest.approx(0.3), "its orders come at the minute's end"
    assert total(own_store, ratio, Window(at(240), at(360))) is None
    assert keep_recent(own_store, [ratio], at(380)) == 4


def test_what_a_ratio_counts_may_be_rare(own_store: Store) -> None:
    """Who counts declines writes no point where there are none; that is kept as 0, once nothing is late any more."""
    hours = 4
    declines = Counter("rare.o", DELTA, tuple(Point("a", None, hour * HOUR + 30, 1.0) for hour in (0, 1)))
    payments = Counter("rare.v", DELTA, tuple(Point("a", None, time, 60.0) for time in range(30, hours * HOUR, 60)))
    send(own_store, declines, payments)
    ratio = Kpi("declines", Kind.RATIO, counted("rare.o"), "1", counted("rare.v"), Good.DOWN)
    assert total(own_store, ratio, Window(at(2 * HOUR), at(hours * HOUR))) == 0
    told = values(own_store.ask, ratio, Window(at(0), at(hours * HOUR)), 90)
    assert [value.time for value in told] == [at(start) for start in range(0, hours * HOUR - 179, 90)]
    everything = Window(at(0), at(hours * HOUR))
    keep_arrived(own_store, [ratio], at(hours * HOUR + 10), WHOLE)
    assert list(kept(own_store, ratio, everything)) == list(range(0, hours * HOUR - 120, 60)), "two may be late"
    keep_recent(own_store, [ratio], at(hours * HOUR + 130))
    assert kept(own_store, ratio, everything) == dict.fromkeys(range(0, hours * HOUR, 60), 0) | {0: 1, HOUR: 1}
    assert total(own_store, ratio, Window(at(0), at(3 * HOUR))) == 2 / (3 * HOUR)
    assert total(own_store, ratio, Window(at(90), at(3 * HOUR))) == 1 / (3 * HOUR - 60), "its first minute is cut"


@pytest.mark.parametrize("minutes", [3, 10, 30, 120], ids="{} min".format)
def test_a_ratio_is_unknown_once_a_steady_part_is_no_longer_reported(own_store: Store, minutes: int) -> None:
    """Whichever stretch is asked for, by whatever step; and nothing of it is kept."""
    name, stopped = f"stopped.{minutes}", 60
    orders = Counter(f"{name}.o", DELTA, tuple(Point("a", None, 60 * m + 30, 3.0) for m in range(stopped)))
    visits = Counter(f"{name}.v", DELTA, tuple(Point("a", None, 60 * m + 30, 10.0) for m in range(3 * 60)))
    send(own_store, orders, visits)
    ratio = Kpi(name, Kind.RATIO, counted(f"{name}.o"), "1", counted(f"{name}.v"))
    for to in (stopped - 1, stopped + 2, stopped + 4, stopped + 12, 2 * stopped, 3 * 60 - 4):
        window = Window(at(60 * (to - minutes)), at(60 * to))
        for step_s in (10, 60, 90, 300):
            told = values(own_store.ask, ratio, window, step_s)
            assert all(value.time < at(60 * stopped) for value in told), (to, step_s)
        keep_recent(own_store, [ratio], at(60 * to + 10))
        assert total(own_store, ratio, window) in (pytest.approx(0.3), None)
    assert kept(own_store, ratio, Window(at(0), at(3 * HOUR))) == dict.fromkeys(range(0, stopped * 60, 60), 3)


def test_a_ratio_of_which_a_part_was_never_reported_is_unknown(own_store: Store) -> None:
    """Its metric may be named wrongly. But where less of it is better, none is good news."""
    send(own_store, Counter("never.v", DELTA, tuple(Point("a", None, 60 * m + 30, 60.0) for m in range(60))))
    window = Window(at(0), at(HOUR))
    ratio = Kpi("never", Kind.RATIO, counted("never.o"), "1", counted("never.v"))
    assert values(own_store.ask, ratio, window) == []
    assert keep_recent(own_store, [ratio], at(HOUR + 300)) == 0
    assert total(own_store, replace(ratio, good=Good.DOWN), window) == 0
    assert values(own_store.ask, replace(ratio, of=counted("never.v"), by=ratio.of, good=Good.DOWN), window) == []


def test_a_window_may_end_later_than_now(own_store: Store) -> None:
    """The orders of the minute that has just begun are still to come."""
    now_s = int(time.time()) - T0
    begun = now_s // 60 * 60
    orders = Counter("soon.o", DELTA, tuple(Point("a", None, begun - 60 * ago, 3.0) for ago in range(1, 60)))
    visits = Counter("soon.v", DELTA, tuple(Point("a", None, begun - 60 * ago, 10.0) for ago in range(60)))
    send(own_store, orders, visits)
    ratio = Kpi("conversion", Kind.RATIO, counted("soon.o"), "1", counted("soon.v"))
    told = values(own_store.ask, ratio, Window(at(begun - HOUR), at(begun + HOUR)))
    assert [value.value for value in told] == [0.3] * 59


def test_what_is_kept_is_what_was_measured_and_outlives_it(own_store: Store) -> None:
    """After late data, a restart in between, and the end of the telemetry; of a figure that is named anew, too."""
    counter = drawn("kept", random.Random(11))
    early = Counter("kept", counter.temporality, counter.points[::2], counter.is_monotonic)
    kpi = Kpi("kept", Kind.SUM, counted("kept"), "1")
    window, now = Window(at(-HOUR), at(2 * HOUR + 60)), at(3 * HOUR)
    send(own_store, early)
    assert keep_arrived(own_store, [kpi], now, WHOLE) > 0
    send(own_store, Counter("kept", counter.temporality, counter.points[1::2], counter.is_monotonic))
    keep_arrived(own_store, [kpi], now, WHOLE)
    exact = [value.value for value in values(own_store.ask, kpi, window)]
    assert exact == list(growth(counter, -HOUR, 2 * HOUR + 60).values())
    assert keep_arrived(own_store, [kpi], now, WHOLE) == 0, "nothing arrived"
    own_store.command("ALTER TABLE otel_metrics_sum DELETE WHERE MetricName = 'kept' SETTINGS mutations_sync = 1")
    kept = [value.value for value in values(own_store.ask, Kpi("renamed", Kind.SUM, kpi.of, "1"), window)]
    assert kept[: len(kept) - 6] == exact[: len(kept) - 6]
    assert len(kept) >= len(exact) - 6, "but for the latest minutes, which are measured"


def test_the_latest_minutes_are_kept_as_they_end(own_store: Store) -> None:
    """A minute is kept once it is over, and again when it changes."""
    kpi = Kpi("soon", Kind.SUM, counted("soon"), "1")
    send(own_store, Counter("soon", DELTA, (Point("a", 0, 30, 5.0), Point("a", 60, 90, 6.0))))
    assert keep_recent(own_store, [kpi], at(75)) == 1
    assert keep_recent(own_store, [kpi], at(200)) == 1
    send(own_store, Counter("soon", DELTA, (Point("b", 0, 31, 1.0),)))
    assert [value.value for value in values(own_store.ask, kpi, Window(at(0), at(120)))] == [6, 6]
    assert keep_recent(own_store, [kpi], at(260)) == 1
    assert keep_again(own_store, [kpi], at(260), WHOLE) == 0


def test_the_store_says_which_figures_there_are(own_store: Store) -> None:
    """Those that come with the program until others are written down; none where the file names none."""
    assert kpis_of(own_store.ask) == shipped()
    mine = (Kpi("mine", Kind.RATIO, counted("a"), "1", Source(Signal.SPAN, "GET /", "web", (("a", "b"),), "", False)),)
    assert write_down(own_store, mine)
    assert not write_down(own_store, mine)
    assert kpis_of(own_store.ask) == mine
    assert write_down(own_store, ())
    assert kpis_of(own_store.ask) == ()


def test_a_gauge_is_the_mean_of_what_was_said(own_store: Store) -> None:
    """A gauge, or a cumulative sum that can fall; each point once."""
    told = (Point("a", 0, 10, 4.0), Point("a", 0, 10, 4.0), Point("b", 0, 20, 8.0))
    send(own_store, Counter("stock", CUMULATIVE, told, is_monotonic=False))
    kpi = Kpi("stock", Kind.GAUGE, counted("stock"), "{unit}")
    assert [value.value for value in values(own_store.ask, kpi, Window(at(0), at(60)))] == [6]


def test_a_figure_of_spans_counts_each_once(own_store: Store) -> None:
    """Those that did not fail, by an attribute; what an attribute sums up to; a minute with others only is 0."""
    sent = [
        span(n + 1, start=at_ns(s), name="POST /orders", attributes=attributes({"market": market, "total": total_}))
        for n, (s, market, total_) in enumerate([(5, "ch", 10.5), (20, "ch", 4.5), (30, "de", 1.0)])
    ]
    wrong = Status(code=Status.STATUS_CODE_ERROR)
    failed = span(9, start=at_ns(40), name="POST /orders", attributes=attributes({"market": "ch"}), status=wrong)
    other = span(10, start=at_ns(70), name="GET /")
    own_store.insert("traces", segment(traces(*sent, failed, other), traces(sent[0])), token())
    window = Window(at(0), at(180))
    made = Source(Signal.SPAN, "POST /orders", where=(("market", "ch"),), failed=False)
    orders = Kpi("orders", Kind.SUM, made, "{order}")
    assert [value.value for value in values(own_store.ask, orders, window)] == [2, 0]
    assert total(own_store, Kpi("all", Kind.SUM, replace(made, failed=None), "1"), window) == 3
    revenue = replace(made, value="total")
    assert total(own_store, Kpi("revenue", Kind.SUM, revenue, "CHF"), window) == 15
    assert total(own_store, Kpi("basket", Kind.GAUGE, revenue, "CHF"), window) == 7.5
    assert keep_arrived(own_store, [orders], at(HOUR), WHOLE) >= 2


def test_of_spans_hours_without_one_are_kept_as_0(own_store: Store) -> None:
    """Where the service sent others: a rate of something rare is 0 in between. Of another service nothing is known."""
    rare = span(1, start=at_ns(5), name="POST /refunds")
    others = [span(n + 3, start=at_ns(n * HOUR), name="GET /") for n in (-1, 0, 1, 2)]
    own_store.insert("traces", sent_by("till", rare, *others), token())
    own_store.insert("traces", sent_by("elsewhere", span(9, start=at_ns(-5 * HOUR))), token())
    window = Window(at(-8 * HOUR), at(3 * HOUR))
    refunds = Kpi("refunds", Kind.RATE, Source(Signal.SPAN, "POST /refunds", "till"), "{refund}/min")
    keep_arrived(own_store, [refunds], at(4 * HOUR), WHOLE)
    assert kept(own_store, refunds, window) == {-HOUR: 0, 0: 1, HOUR: 0, 2 * HOUR: 0}
    anyones = replace(refunds, of=replace(refunds.of, service=""))
    keep_arrived(own_store, [anyones], at(4 * HOUR), WHOLE)
    assert kept(own_store, anyones, window)[-5 * HOUR] == 0


@pytest.mark.parametrize("before", ["nothing", "its latest minutes"])
def test_an_interrupted_filling_leaves_no_gap(own_store: Store, monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    """The next one begins again, whatever was written before; only when all is kept, it asks what arrived since."""
    name = f"POST /interrupted/{before}"
    days = [-HOUR * 24 * day for day in range(10)]
    sent = [span(n + 1, start=at_ns(s), name=name) for n, s in enumerate(days)]
    own_store.insert("traces", sent_by(name, *sent), token())
    arrived(own_store, name, "toDate(Timestamp)")
    orders = Kpi("orders", Kind.SUM, Source(Signal.SPAN, name, name), "{order}")
    window = Window(at(-HOUR * 24 * 11), at(HOUR))
    if before == "its latest minutes":
        assert keep_recent(own_store, [orders], at(HOUR)) == 1
    asked = itertools.count(1)
    with monkeypatch.context() as patch:
        too_expensive(own_store, patch, lambda name: next(asked) == 4)
        with pytest.raises(QueryTooExpensive):
            keep_arrived(own_store, [orders], at(HOUR), WHOLE)
    assert 0 < len(kept(own_store, orders, window)) < len(days)
    keep_arrived(own_store, [orders], at(HOUR), WHOLE)
    assert kept(own_store, orders, window) == dict.fromkeys(days, 1)
    arrived(own_store, name, "today() - 5")
    with monkeypatch.context() as patch:
        too_expensive(own_store, patch, lambda name: True)
        assert keep_arrived(own_store, [orders], at(HOUR), WHOLE) == 0, "nothing arrived, so nothing is measured"


def test_a_figure_that_is_too_expensive_holds_up_no_other(
    own_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is told until it is over, and tried again after a while; the others are kept, old hours and the latest."""
    now_s = int(time.time()) // 60 * 60 - T0
    minutes = [-24 * HOUR, now_s - 120]
    names = ("dear", "cheap")
    sent = [span(n + 1, start=at_ns(s), name=name) for name in names for n, s in enumerate(minutes)]
    own_store.insert("traces", sent_by("both", *sent), token())
    file = tmp_path / "kpis.yaml"
    rows = "".join(
        f"  - {{name: {name}, kind: sum, of: {{span: {name}, service: both}}}}\n" for name in ("dear", "cheap")
    )
    file.write_text(f"kpis:\n{rows}")
    told: list[tuple[str, float]] = []
    monkeypatch.setattr(keeping, "RELOAD_S", 0.02)
    monkeypatch.setattr(keeping, "AGAIN_S", 1.0)
    monkeypatch.setattr(keeping, "EVERY_S", 1.0)
    refused = {"dear"}
    too_expensive(own_store, monkeypatch, lambda name: name in refused)
    live = LiveKpis(file)

    def note(part: str, error: Exception) -> str:
        told.append((part, time.monotonic()))
        return str(error)

    thread = KeepingThread(own_store, live, WHOLE, note)
    thread.start()
    soon(lambda: len(told) >= 4, "tried again")
    assert thread.problems == {"kpis: dear": "over the limit"}
    window = Window(at(-25 * HOUR), at(now_s + 60))
    dear, cheap = live.current
    assert kept(own_store, cheap, window) == dict.fromkeys(minutes, 1)
    assert kept(own_store, dear, window) == {}
    refused.clear()
    soon(lambda: not thread.problems, "told no more")
    thread.stop()
    assert {part for part, _ in told} == {"kpis: dear"}
    filled, _recent, again, _ = (moment for _, moment in told[:4])
    assert again - filled >= 1
    assert kept(own_store, dear, window) == dict.fromkeys(minutes, 1)


def test_a_figure_of_log_records_counts_those_with_the_text(own_store: Store) -> None:
    """By the event's name or a text in the body; what an attribute sums up to."""
    records = [
        LogRecord(time_unix_nano=at_ns(s), body=AnyValue(string_value=text), attributes=attributes({"amount": amount}))
        for s, text, amount in ((1, "refund issued", 5), (2, "refund issued twice", 6), (3, "hello", 7))
    ]
    own_store.insert("logs", segment(logs(*records), logs(records[0])), token())
    window = Window(at(0), at(60))
    refunds = Source(Signal.LOG, "refund issued")
    assert total(own_store, Kpi("refunds", Kind.SUM, refunds, "1"), window) == 2
    assert total(own_store, Kpi("refunded", Kind.SUM, replace(refunds, value="amount"), "EUR"), window) == 11
