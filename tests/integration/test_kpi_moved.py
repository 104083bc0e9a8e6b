"""A figure that follows the hour is judged by the days before; one that is no longer reported is no fall to zero."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from queries import kpi_tables
from queries.store import Store, varint
from tests.counters import CUMULATIVE, DELTA, Counter, Point, joined
from tests.integration.otlp import SECOND, segment, span, token, traces
from triage.detectors import still_silent
from triage.detectors.kpi_level import Fall, fallen
from triage.detectors.kpi_moved import kpi_moved
from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.kpi.named import write_down
from triage.symptom import Severity
from triage.window import Window

pytestmark = pytest.mark.integration

DAYS, SEED = 8, 4
OPENS = int(datetime.now(UTC).timestamp()) // 86_400 * 86_400 - (DAYS + 3) * 86_400
DROP_AT = (DAYS - 1) * 1440 + 15 * 60  # minutes: 15:00 of the last day
SALE = range(6 * 1440, 7 * 1440)
ORDERS = [Kpi(f"orders {late}", Kind.RATE, Source(Signal.METRIC, f"o {late}"), "{order}/min") for late in range(3)]
"""The same figure, so many days late: on the last day, one tells of three."""
FALLEN = Kpi("fallen", Kind.RATE, Source(Signal.METRIC, "fallen"), "{order}/min")
ERRORS = Kpi("returns", Kind.SUM, Source(Signal.METRIC, "returns"), "{return}", good=Good.DOWN)
TEMPORALITIES = {"cumulative": CUMULATIVE, "delta": DELTA}
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


def keep(store: Store, kpi: Kpi, values: np.ndarray[tuple[int], np.dtype[np.float64]], late_days: int = 0) -> None:
    opens = OPENS + 86_400 * late_days
    kpi_tables.keep(store, kpi.digest, [(opens + 60 * n, float(value), 0.0) for n, value in enumerate(values)])


def fall_of(store: Store, kpi: Kpi, minute: int) -> Fall | None:
    return dict(fallen(store.ask, [kpi], moment(minute))).get(kpi)


@pytest.fixture(scope="module")
def own_store(own_store: Store) -> Store:
    """A week with nights and a sale, and the same with a fault in the last afternoon."""
    calm = orders()
    for late_days, kpi in enumerate(ORDERS):
        keep(own_store, kpi, calm, late_days)
    faulty = calm.copy()
    faulty[DROP_AT:] *= 0.4
    keep(own_store, FALLEN, faulty)
    keep(own_store, ERRORS, 100 - faulty)
    keep(own_store, YOUNG, faulty[DROP_AT - 1440 :])
    return own_store


def test_nights_a_sale_and_its_end_are_no_fall(own_store: Store) -> None:
    """All through the last three days, each half hour."""
    minutes = range((DAYS - 1) * 1440, DAYS * 1440, 30)
    assert [(minute, *fall) for minute in minutes for fall in fallen(own_store.ask, ORDERS, moment(minute))] == []


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
    later = still_silent(own_store.ask, silent, moment(60 * 36))
    assert later
    assert later.sentence.endswith(f", since {moment(60).day} {moment(60):%b %H:%M}")
    assert (later.key, later.from_, later.value) == (silent.key, moment(60), 35 * 60)
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
    tell(own_store, 62.5)
    assert found(own_store, 66) == []
    tell(own_store, 66)
    assert found(own_store, 66) == [("no_data", {"kpi": "early"}, moment(60))]


def test_a_ratio_that_falls_is_told_since_when_it_did(own_store: Store) -> None:
    """Not since the last unlucky minute before it."""
    write_down(own_store, (conversion("falls"),))
    unlucky = range(56 * 60, 57 * 60)
    orders = [Point("a", None, time, 3.0 if time >= 3600 or time in unlucky else 8.0) for time in range(0, 4200, 30)]
    visits = [Point("a", None, time, 20.0) for time in range(0, 4200, 30)]
    send(own_store, Counter("falls.orders", DELTA, tuple(orders)), Counter("falls.visits", DELTA, tuple(visits)))
    tell(own_store, 67.5)
    assert found(own_store, 68) == [("kpi_moved", {"kpi": "falls"}, moment(60))]


def test_a_part_that_stops_is_no_data_and_no_fall_to_zero(own_store: Store) -> None:
    """Though what the figure is a share of goes on: that tells that nothing is late."""
    write_down(own_store, (conversion("half"),))
    orders = tuple(Point("a", 0, time, time / 6) for time in range(30, 3600, 60))
    visits = tuple(Point("a", 0, time, time) for time in range(30, 4200, 60))
    send(own_store, Counter("half.orders", CUMULATIVE, orders), Counter("half.visits", CUMULATIVE, visits))
    tell(own_store, 68)
    assert [found(own_store, minute) for minute in (61, 62, 63)] == [[]] * 3
    for minute in (64, 68):
        assert found(own_store, minute) == [("no_data", {"kpi": "half"}, moment(60))]
    (silent,) = kpi_moved(Window(moment(-52), moment(68)), own_store.ask)
    assert still_silent(own_store.ask, silent, moment(69)), "visits are no orders"


def test_only_a_part_that_was_steady_is_waited_for(own_store: Store) -> None:
    """Visits were silent and are back; an order comes once in half an hour."""
    write_down(own_store, (conversion("wholesale"), conversion("stays")))
    orders = tuple(Point("a", None, 60 * minute + 30, 1.0) for minute in (0, 30))
    visits = tuple(Point("a", None, 60 * minute + 30, 60.0) for minute in (*range(60), *range(70, 90)))
    wholesale = Counter("wholesale.orders", DELTA, orders), Counter("wholesale.visits", DELTA, visits)
    send(own_store, *wholesale, *stays())
    tell(own_store, 68)
    assert found(own_store, 68) == [("no_data", {"kpi": "wholesale"}, moment(60))]
    (silent,) = kpi_moved(Window(moment(-52), moment(68)), own_store.ask)
    assert still_silent(own_store.ask, silent, moment(70))
    assert still_silent(own_store.ask, silent, moment(72)) is None


def test_none_of_what_is_bad_is_no_silence(own_store: Store) -> None:
    """A new process that has declined nothing reports no declines; that of its payments nothing is heard is no data."""
    declined = {f"declined {name}": temporality for name, temporality in TEMPORALITIES.items()}
    write_down(own_store, (*(replace(conversion(name), good=Good.DOWN) for name in declined), conversion("stays")))
    minutes = [60 * minute + 30 for minute in range(90)]
    counters = [
        Counter(f"{name}.{part}", temporality, grown(minutes[:until], each_s, temporality))
        for name, temporality in declined.items()
        for part, until, each_s in (("orders", 60, 0.03), ("visits", 75, 1))
    ]
    send(own_store, *counters, *stays())
    quiet = (61, 62, 63, 64, 66, 70, 76)
    tell(own_store, *quiet, 80)
    for minute in quiet:
        assert found(own_store, minute) == [], f"minute {minute}"
    assert found(own_store, 80) == [("no_data", {"kpi": name}, moment(75)) for name in declined]
    silent = list(kpi_moved(Window(moment(-40), moment(80)), own_store.ask))
    send(own_store, *(Counter(f"{name}.visits", DELTA, (Point("b", None, 80 * 60 + 30, 60.0),)) for name in declined))
    for each in silent:
        assert still_silent(own_store.ask, each, moment(80))
        assert still_silent(own_store.ask, each, moment(81)) is None, "it has declined nothing yet"


def test_orders_that_come_now_and_then_can_fall_to_zero(own_store: Store) -> None:
    """Who counts them writes no point where there are none: a silence of theirs is told by the visits."""
    write_down(own_store, (conversion("sparse"),))
    orders = [Point("a", None, 60 * minute + 30, 60.0) for minute in range(0, 60, 3)]
    visits = [Point("a", None, 60 * minute + 30, 60.0) for minute in range(80)]
    send(own_store, Counter("sparse.orders", DELTA, tuple(orders)), Counter("sparse.visits", DELTA, tuple(visits)))
    tell(own_store, 59)
    assert found(own_store, 59) == []
    tell(own_store, 72)
    ((detector, subject, since),) = found(own_store, 72)
    assert (detector, subject) == ("kpi_moved", {"kpi": "sparse"})
    assert moment(57) <= since <= moment(60)


def test_steady_reports_that_stay_away_for_a_while_are_no_fall(own_store: Store) -> None:
    """Orders come five minutes late, as they did before, while visits go on: until then nothing is known of them."""
    counters: list[Counter] = []
    late = {*range(20, 25), *range(60, 65)}
    for name, temporality in TEMPORALITIES.items():
        orders = grown([60 * minute + 30 for minute in range(70) if minute not in late], 3, temporality)
        visits = grown([60 * minute + 30 for minute in range(70)], 10, temporality)
        counters.append(Counter(f"late again {name}.orders", temporality, orders))
        counters.append(Counter(f"late again {name}.visits", temporality, visits))
    write_down(own_store, tuple(conversion(f"late again {name}") for name in TEMPORALITIES))
    send(own_store, *counters)
    tell(own_store, *range(61, 70))
    for minute in range(61, 70):
        assert found(own_store, minute) == [], f"minute {minute}"


def test_a_report_that_slips_into_the_next_minute_is_no_fall(own_store: Store) -> None:
    """Be it once, and from then on, or to and fro; that of either part."""
    slips = [
        (f"slips {name} {orders_s} {visits_s}", temporality, orders_s, visits_s)
        for name, temporality in TEMPORALITIES.items()
        for orders_s, visits_s in ((59.0, 30.0), (30.0, 59.0), (0.5, 30.0), (30.0, 0.5))
    ]
    write_down(own_store, tuple(conversion(name) for name, *_ in slips))
    counters: list[Counter] = []
    for name, temporality, orders_s, visits_s in slips:
        for part, each_s, phase_s in (("orders", 3, orders_s), ("visits", 10, visits_s)):
            times = [60 * minute + slipped(minute, phase_s) for minute in range(60)]
            counters.append(Counter(f"{name}.{part}", temporality, grown(times, each_s, temporality)))
    send(own_store, *counters)
    tell(own_store, *range(50, 58))
    for minute in range(50, 58):
        assert found(own_store, minute) == [], f"minute {minute}"


def slipped(minute: int, phase_s: float) -> int:
    """Seconds into a minute at which is reported: a second later from the fiftieth on, or around the minute's edge."""
    if phase_s < 1:
        return (0, -1, 0)[minute % 3] if minute > 50 else 0
    return int(phase_s) + (minute >= 50)


def grown(times: Sequence[int], each_s: float, temporality: int) -> tuple[Point, ...]:
    """Points of what grows by so much in each second."""
    if temporality == CUMULATIVE:
        return tuple(Point("a", 0, time, each_s * max(time, 0)) for time in times)
    return tuple(Point("a", None, time, each_s * (time - before)) for before, time in pairwise(times))


def test_a_figure_is_told_in_its_own_unit(own_store: Store) -> None:
    """A ratio may be money, too."""
    money = replace(conversion("basket"), unit="EUR")
    write_down(own_store, (money,))
    paid = [Point("a", None, time, 400.0 if time < 3600 else 200.0) for time in range(0, 4320, 10)]
    visits = [replace(point, value=1000.0) for point in paid]
    send(own_store, Counter("basket.orders", DELTA, tuple(paid)), Counter("basket.visits", DELTA, tuple(visits)))
    tell(own_store, 72)
    (symptom,) = kpi_moved(Window(moment(-48), moment(72)), own_store.ask)
    assert "basket fell to 0.2 EUR, usually 0.4 EUR, since" in symptom.sentence
    assert re.search(r"\(of [\d,]+ basket\.visits\), and nothing fails", symptom.sentence)
    assert symptom.value == pytest.approx(0.2)
    assert symptom.unit == "EUR"


def test_what_rises_can_be_critical(own_store: Store) -> None:
    """Where it has doubled, as what falls is where it has halved."""
    risen = {
        Kpi(f"risen {times}", Kind.RATE, Source(Signal.METRIC, f"risen {times}"), "{refund}/min", good=Good.DOWN): times
        for times in (1.6, 100.0)
    }
    write_down(own_store, tuple(risen))
    for kpi, times in risen.items():
        usual = 100 + np.random.default_rng(SEED).poisson(4, DAYS * 1440).astype(np.float64)
        usual[DROP_AT:] *= times
        keep(own_store, kpi, usual)
    told = list(kpi_moved(Window(moment(DROP_AT - 90), moment(DROP_AT + 30)), own_store.ask))
    assert [(each.subject["kpi"], each.severity) for each in told] == [
        ("risen 1.6", Severity.WARNING),
        ("risen 100.0", Severity.CRITICAL),
    ]


def conversion(name: str) -> Kpi:
    """A ratio of counters of its own."""
    return Kpi(name, Kind.RATIO, Source(Signal.METRIC, f"{name}.orders"), "1", Source(Signal.METRIC, f"{name}.visits"))


def send(store: Store, *counters: Counter) -> None:
    body = joined(counter.request(OPENS) for counter in counters)
    store.insert("metrics", varint(len(body)) + body, token())


def stays() -> list[Counter]:
    """A ratio that is reported all the time."""
    points = grown([60 * minute + 30 for minute in range(90)], 1, DELTA)
    return [Counter(f"stays.{part}", DELTA, points) for part in ("orders", "visits")]


def tell(store: Store, *minutes: float) -> None:
    """Sends spans, so that what happened is told until then, whichever of these minutes is looked at."""
    spans = [span(1, start=int(moment(minute - 0.5).timestamp()) * SECOND) for minute in minutes]
    store.insert("traces", segment(traces(*spans)), token())


def report(store: Store, until: dict[str, int]) -> None:
    """Ratios that are reported steadily for so many minutes, and no more."""
    write_down(store, tuple(conversion(name) for name in until))
    counters = [
        Counter(f"{name}.{part}", DELTA, tuple(Point("a", None, time, value) for time in range(0, 60 * minutes, 30)))
        for name, minutes in until.items()
        for part, value in (("orders", 1.0), ("visits", 20.0))
    ]
    send(store, *counters)


def found(store: Store, minute: int) -> list[tuple[str, dict[str, str], datetime]]:
    """What the detector says so many minutes after the opening."""
    window = Window(moment(minute - 120), moment(minute))
    return [(each.detector, dict(each.subject), each.from_) for each in kpi_moved(window, store.ask)]
