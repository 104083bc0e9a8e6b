"""A benchmark's figures stand beside what they must be, and a miss is not hidden."""

import json

import pytest

from tests.bench.figures import Figure, Target, as_json, middle, missed, percentile, table

FAST = Figure("ask", "took", 140.0, "ms", target=Target(150))
SLOW = Figure("ask", "took", 151.0, "ms", target=Target(150))
RATE = Figure("load", "rate", 0.35, "times", target=Target(0.35, at_most=False))
PLAIN = Figure("load", "spans", 123456.0, "spans/s")


def test_a_figure_is_judged_by_its_target() -> None:
    """At most or at least, the limit itself being good; without a target there is nothing to say."""
    assert [figure.verdict for figure in (FAST, SLOW, RATE, PLAIN)] == ["reached", "MISSED", "reached", ""]
    assert missed([FAST, SLOW, RATE, PLAIN]) == [SLOW]


def test_the_table_shows_each_figure_with_its_target_and_verdict() -> None:
    """One line each, below headings."""
    head, fast, slow, plain = table([FAST, SLOW, PLAIN])
    assert head.split()[:3] == ["BENCHMARK", "WHAT", "FIGURE"]
    assert fast.split()[2:] == ["140", "ms", "≤", "150", "reached"]
    assert slow.split()[-1] == "MISSED"
    assert "123,456" in plain


def test_programs_get_the_same_as_json() -> None:
    """With the machine that it was measured on."""
    told = json.loads(as_json([SLOW, PLAIN], {"cores": "2"}))
    assert told["machine"] == {"cores": "2"}
    assert [(each["value"], each["verdict"]) for each in told["figures"]] == [(151.0, "MISSED"), (123456.0, None)]
    assert told["figures"][0]["target"] == {"limit": 150, "at_most": True}


def test_the_middle_of_samples_is_their_median() -> None:
    """One bad round does not count for all."""
    assert middle("load", "rate", [3.0, 100.0, 2.0], "s").value == 3.0


@pytest.mark.parametrize(("percent", "value"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (0, 1)])
def test_percentiles_are_samples(percent: float, value: float) -> None:
    """The least that so many percent do not exceed."""
    assert percentile(list(range(100, 0, -1)), percent) == value
