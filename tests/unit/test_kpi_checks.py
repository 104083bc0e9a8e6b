"""The three first checks in words: what stands in a line, a sentence, and when it is unusual."""

from dataclasses import replace

import pytest

from triage.kpi.checks import Check, State, first_three, in_a_line, is_worse
from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.kpi.usual import SAME_TIME, Usual, usual_of
from triage.kpi.wording import band, figure


def check(name: str, title: str, state: State, value: float | None, usual: Usual, unit: str) -> Check:
    return Check(name, title, state, value, usual, unit)


ERRORS = check("gateway_errors", "gateway errors", State.BAD, 0.124, Usual(0.002, 0.001, 0.003), "ratio")
LATENCY = check("latency", "latency", State.OK, 410.0, Usual(400.0, 350.0, 480.0), "ms")
FELL = check("kpi:conversion", "conversion", State.BAD, 0.019, Usual(0.032, 0.031, 0.034, SAME_TIME), "1")
ORDERS = check("kpi:orders", "orders", State.OK, 12.0, Usual(11.0, 9.0, 14.0), "{order}/min")
VISITS = check("kpi:visits", "visits", State.UNKNOWN, None, Usual(), "{visit}/min")


def test_a_line_says_what_is_unusual_with_its_figures() -> None:
    """And of the rest that it is as usual, or unknown; of many figures those that are unusual, else the first."""
    assert in_a_line([ERRORS, LATENCY, ORDERS, FELL]) == (
        "▲ gateway errors 12.4 % (usually 0.1–0.3 %) · latency as usual · ▲ conversion 1.9 % (usually 3.1–3.4 %)"
    )
    assert in_a_line([LATENCY, VISITS, ORDERS]) == "latency as usual · visits unknown"
    assert first_three([ERRORS, LATENCY, ORDERS, VISITS]) == (ERRORS, LATENCY, ORDERS)
    assert in_a_line([]) == ""


def test_a_sentence_has_the_figure_its_unit_and_what_to_compare_it_with() -> None:
    """Whatever its state; what is not known is unknown."""
    assert FELL.sentence == "Conversion is 1.9 %, usually 3.1–3.4 % (at this time of earlier days)"
    assert ERRORS.sentence == "Gateway errors are 12.4 %, usually 0.1–0.3 % (in the two hours before)"
    assert LATENCY.sentence == "Latency is 410 ms, as usual (350–480 ms)"
    assert VISITS.sentence == "Visits: unknown, nothing was heard of it in this window"
    new = check("latency", "latency", State.UNKNOWN, 2400.0, Usual(), "ms")
    assert new.sentence == "Latency is 2.4 s; what is usual is not known yet"


def test_what_lies_beside_its_band_is_not_called_as_usual() -> None:
    """Beside the band itself that would be false, whichever side; where it is not told, what is better is no news."""
    usual = Usual(0.35, 0.325, 0.38)
    low, high = (Check("kpi:conversion", "conversion", State.OK, value, usual, "1", Good.UP) for value in (0.301, 0.4))
    assert low.brief == "conversion 30.1 % (usually 32.5–38 %)"
    assert low.sentence == "Conversion is 30.1 %, usually 32.5–38 % (in the two hours before)"
    assert high.brief == "conversion as usual"
    assert high.sentence == "Conversion is 40 %, usually 32.5–38 % (in the two hours before)"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.124, "ratio", "12.4 %"),
        (0.31, "1", "31 %"),
        (0.0004, "1", "0.04 %"),
        (0.0, "1", "0 %"),
        (1900, "ms", "1.9 s"),
        (18211.4, "EUR", "18,211 EUR"),
        (12, "{order}/min", "12 orders/min"),
        (1, "{order}/min", "1 order/min"),
        (41.2, "EUR/{order}", "41.2 EUR/order"),
        (41.2, "{item}/{order}", "41.2 items/order"),
        (12, "{search}/min", "12 searches/min"),
        (3, "{box}", "3 boxes"),
        (3, "{news}", "3 news"),
        (0.9997, "ratio", "over 99.9 %"),
        (99.97, "%", "over 99.9 %"),
        (1.0, "1", "100 %"),
        (6, "/min", "6 /min"),
        (45, "%", "45 %"),
        (4, "", "4"),
    ],
)
def test_a_figure_has_as_many_digits_as_it_bears(value: float, unit: str, text: str) -> None:
    """And its unit as people write it."""
    assert figure(value, unit) == text


def test_a_band_shares_one_unit() -> None:
    """Its ends are in the same one, and one end suffices where both read alike."""
    assert band(Usual(900.0, 800.0, 1200.0), "ms") == "0.8–1.2 s"
    assert band(Usual(0.02, 0.02, 0.02), "1") == "2 %"
    assert band(Usual(1.0, 0.9995, 1.0), "1") == "over 99.9–100 %"
    assert band(Usual(12.0, 11.0, 14.0), "{order}/min") == "11–14 orders/min"
    assert band(Usual(), "1") == "unknown"


def test_an_outlier_is_not_usual() -> None:
    """The band leaves out the outermost tenths, and what is unknown."""
    usual = usual_of([*[1.0] * 9, 50.0, None, float("nan")])
    assert (usual.low, usual.middle) == (1.0, 1.0)
    assert usual.high is not None
    assert usual.high < 10


PROFIT = Kpi("profit", Kind.GAUGE, Source(Signal.METRIC, "profit"), "EUR")
LOSSES = usual_of([-100.0, -101.0, -99.0, -100.0, -98.0, -102.0], SAME_TIME)
GAINS = usual_of([100.0, 101.0, 99.0, 100.0, 98.0, 102.0], SAME_TIME)


@pytest.mark.parametrize(
    ("kpi", "usual", "as_ever", "worse"),
    [
        (PROFIT, GAINS, 80.0, 74.0),
        (PROFIT, LOSSES, -103.0, -126.0),
        (PROFIT, Usual(100.0, 50.0, 150.0, SAME_TIME), 60.0, 49.0),
        (replace(PROFIT, good=Good.DOWN), GAINS, 128.0, 134.0),
        (replace(PROFIT, good=Good.DOWN), LOSSES, -72.0, -66.0),
    ],
)
def test_a_figure_is_worse_where_a_quarter_is_lost_be_it_below_zero(
    kpi: Kpi, usual: Usual, as_ever: float, worse: float
) -> None:
    """A little worse is not, on either side of zero, and in either direction; nor is what the band holds."""
    assert not is_worse(kpi, as_ever, usual)
    assert is_worse(kpi, worse, usual)
