"""A figure that follows the hour is judged by the days before; one that is no longer reported is no fall to zero."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from queries import kpi_tables, schema
from queries.store import Store, varint
from tests.counters import DELTA, Counter, Point, joined
from tests.integration.otlp import SECOND, segment, span, token, traces
from triage.detectors import still_silent
from triage.detectors.kpi_level import Fall, fallen
from triage.detectors.kpi_moved import kpi_moved
from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.kpi.named import write_down
from triage.window import Window

pytestmark = pytest.mark.integration

DAYS, SEED = 8, 4
OPENS = int(datetime.now(UTC).timestamp()) // 86_400 * 86_400 - (DAYS + 3) * 86_400
DROP_AT = (DAYS - 1) * 1440 + 15 * 60  # minutes: 15:00 of the last day
SALE = range(6 * 1440, 7 * 1440)
ORDERS = Kpi("orders", Kind.RATE, Source(Signal.METRIC, "o"), "{order}/min")
FALLEN = Kpi("fallen", Kind.RATE, Source(Signal.METRIC, "fallen"), "{order}/min")
ERRORS = Kpi("returns", Kind.SUM, Source(Signal.METRIC, "returns"), "{return}", good=Good.DOWN)
YOUNG = Kpi("young", Kind.RATE, Source(Signal.METRIC, "young"), "{order}/min")


def moment(minute: float) -> datetime:
    return datetime.fromtimestamp(OPENS, UTC) + timedelta(minutes=minute)


def orders() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """By the minute: nights at a hundredth, a week's rhythm, a sale day at three times as many."""
    minutes = np.arange(DAYS * 1440)
    hour = minutes % 1440 / 60
    rate = 12 * np.clip(np.sin((hour - 6) / 18 * np.pi), 0.01, 1) * np.where(minutes // 1440 % 7 > 4, 0.6, 1.0)
    rate[SALE] *= 3
    return np.random.default_rng(SEED).poisson(rate).astype(np.float64)


def keep(store: Store, kpi: Kpi, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    kpi_tables.keep(store, kpi.digest, [(OPENS + 60 * n, float(value), 0.0) for n, value in enumerate(values)])


def fall_of(store: Store, kpi: Kpi, minute: int) -> Fall | None:
    return dict(fallen(store.ask, [kpi], moment(minute))).get(kpi)


@pytest.fixture(scope="module")
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A week with nights and a sale, and the same with a fault in the last afternoon."""
    with closing(Store.open(f"chdb://{tmp_path_factory.mktemp('moved')}/clickhouse")) as store:
        schema.apply(store)
        calm = orders()
        keep(store, ORDERS, calm)
        faulty = calm.copy()
        faulty[DROP_AT:] *= 0.4
        keep(store, FALLEN, faulty)
        keep(store, ERRORS, 100 - faulty)
        keep(store, YOUNG, faulty[DROP_AT - 1440 :])
        yield store


def test_nights_a_sale_and_its_end_are_no_fall(own_store: Store) -> None:
    """All through the last three days, each half hour."""
    found = [minute for minute in range(5 * 1440, DAYS * 1440, 30) if fall_of(own_store, ORDERS, minute)]
    assert found == []


def test_a_fall_is_found_in_a_quarter_of_an_hour(own_store: Store) -> None:
    """And lasts as long as the level lies low, from the block in which it fell."""
    assert fall_of(own_store, FALLEN, DROP_AT) is None
    fall = fall_of(own_store, FALLEN, DROP_AT + 10)
    assert fall
    assert fall.since == moment(DROP_AT)
    assert fall.value < 0.75 * fall.usual
    later = fall_of(own_store, FALLEN, DROP_AT + 120)
    assert later
    assert later.since == fall.since


def test_what_is_good_when_it_falls_is_found_when_it_rises(own_store: Store) -> None:
    """Its direction is the figure's."""
    low = Kpi("r", Kind.SUM, ERRORS.of, "1", good=Good.UP)
    assert fall_of(own_store, low, DROP_AT + 30) is None
    assert fall_of(own_store, Kpi("f", Kind.SUM, FALLEN.of, "1", good=Good.DOWN), DROP_AT + 30) is None


def test_a_short_past_says_nothing(own_store: Store) -> None:
    """A day is too little to know what is usual at an hour."""
    assert fall_of(own_store, YOUNG, 1440 + 30) is None


def test_a_figure_that_stops_is_no_data(own_store: Store) -> None:
    """Not a fall to zero; and it is not told while it is as late as it sometimes is."""
    report(own_store, {"stops": 60, "stays": 70})
    assert found(own_store, 60) == found(own_store, 62) == []
    assert found(own_store, 66) == [("no_data", {"kpi": "stops"}, moment(60))]


def test_what_is_no_longer_reported_is_silent_until_it_is(own_store: Store) -> None:
    """However long that is; a figure that nobody names any more is not missed."""
    report(own_store, {"stops": 60, "stays": 70})
    (silent,) = kpi_moved(Window(moment(-54), moment(66)), own_store.ask)
    later = still_silent(own_store.ask, silent, moment(60 * 12))
    assert later
    assert (later.key, later.from_, later.value) == (silent.key, moment(60), 11 * 60)
    assert still_silent(own_store.ask, replace(silent, subject={"kpi": "stays"}), moment(66)) is None
    assert still_silent(own_store.ask, replace(silent, subject={"kpi": "gone"}), moment(66)) is None


def test_figures_that_all_stop_are_given_time(own_store: Store) -> None:
    """Their way in may only be slow."""
    report(own_store, {"one": 60, "another": 60})
    assert found(own_store, 70) == []
    assert [subject for _, subject, _ in found(own_store, 76)] == [{"kpi": "one"}, {"kpi": "another"}]


def test_nothing_is_said_while_what_happened_is_still_being_told(own_store: Store) -> None:
    """Spans of a history that is being sent end long before now, and so do figures."""
    report(own_store, {"early": 60, "late": 70})
    own_store.insert("traces", segment(traces(span(start=int(moment(62).timestamp()) * SECOND))), token())
    assert found(own_store, 66) == []
    own_store.insert("traces", segment(traces(span(2, start=int(moment(65.5).timestamp()) * SECOND))), token())
    assert found(own_store, 66) == [("no_data", {"kpi": "early"}, moment(60))]


def test_a_ratio_that_falls_is_told_since_when_it_did(own_store: Store) -> None:
    """Not since the last unlucky minute before it."""
    falls = Kpi("falls", Kind.RATIO, Source(Signal.METRIC, "f.orders"), "1", Source(Signal.METRIC, "f.visits"))
    write_down(own_store, (falls,))
    unlucky = range(56 * 60, 57 * 60)
    orders = [Point("a", None, time, 3.0 if time >= 3600 or time in unlucky else 8.0) for time in range(0, 4200, 30)]
    visits = [Point("a", None, time, 20.0) for time in range(0, 4200, 30)]
    counters = [Counter("f.orders", DELTA, tuple(orders)), Counter("f.visits", DELTA, tuple(visits))]
    body = joined(counter.request(OPENS) for counter in counters)
    own_store.insert("metrics", varint(len(body)) + body, token())
    own_store.insert("traces", segment(traces(span(3, start=int(moment(67).timestamp()) * SECOND))), token())
    assert found(own_store, 68) == [("kpi_moved", {"kpi": "falls"}, moment(60))]


def report(store: Store, until: dict[str, int]) -> None:
    """Ratios that are reported steadily for so many minutes, and no more."""
    write_down(
        store,
        tuple(
            Kpi(name, Kind.RATIO, Source(Signal.METRIC, f"{name}.orders"), "1", Source(Signal.METRIC, f"{name}.visits"))
            for name in until
        ),
    )
    counters = [
        Counter(f"{name}.{part}", DELTA, tuple(Point("a", None, time, value) for time in range(0, 60 * minutes, 30)))
        for name, minutes in until.items()
        for part, value in (("orders", 1.0), ("visits", 20.0))
    ]
    body = joined(counter.request(OPENS) for counter in counters)
    store.insert("metrics", varint(len(body)) + body, token())


def found(store: Store, minute: int) -> list[tuple[str, dict[str, str], datetime]]:
    """What the detector says so many minutes after the opening."""
    window = Window(moment(minute - 120), moment(minute))
    return [(each.detector, dict(each.subject), each.from_) for each in kpi_moved(window, store.ask)]
