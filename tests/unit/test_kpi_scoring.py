"""The KPI scorer's promises: online, within 0..1, one direction if so told, and better than plain baselines."""

from collections.abc import Sequence
from statistics import mean
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kpi_series import KINDS, START, average_precision, labelled, rolling_z, seasonal_naive
from triage.kpi.scoring import Scorer, scores

anything = st.lists(
    st.one_of(st.just(float("nan")), st.sampled_from([0.0, 1.0, 5.0]), st.floats(-1e9, 1e9)), min_size=1, max_size=120
)


def every_minute(rows: int) -> list[float]:
    return [START + 60.0 * row for row in range(rows)]


def steady(rows: int, seed: int = 1) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).normal(100, 3, rows)]


@settings(max_examples=60)
@given(anything, anything)
def test_later_rows_change_no_earlier_score(before: Sequence[float], after: Sequence[float]):
    """A row's score uses no later row, and is always within 0..1."""
    times = every_minute(len(before) + len(after))
    alone = scores(times[: len(before)], before)
    followed = scores(times, [*before, *after])
    assert np.array_equal(alone, followed[: len(before)])
    assert ((followed >= 0) & (followed <= 1)).all()


def test_the_future_is_not_used_over_a_whole_series():
    """The same over a series long enough for its rhythm to be found."""
    series = labelled("rhythm, spikes", 1)
    times, values = series.times.tolist(), series.values.tolist()
    for cut in (60, 700, 1500):
        assert np.array_equal(scores(times[:cut], values[:cut]), scores(times, values)[:cut])


@pytest.mark.parametrize("kind", ["rhythm, spikes", "sparse, spikes"])
def test_it_does_not_matter_how_many_rows_come_at_once(kind: str):
    """The scorer that is fed row by row, or by handfuls, says to the last bit what the whole series is told."""
    series = labelled(kind, 5, rows=500)
    whole = scores(series.times.tolist(), series.values.tolist())
    for cuts in (np.arange(1, 250), np.cumsum(np.random.default_rng(9).integers(1, 100, 500))):
        scorer = Scorer()
        parts = zip(np.split(series.times, cuts), np.split(series.values, cuts), strict=True)
        assert np.array_equal(np.concatenate([scorer.take(*part) for part in parts]), whole)


@settings(max_examples=60)
@given(anything, st.integers(1, 70), st.sampled_from([60.0, 3600.0, 21600.0]))
def test_it_does_not_matter_how_many_rows_of_anything_come_at_once(values: Sequence[float], size: int, step: float):
    """The same for whatever values, and for rows of which few make a day."""
    times, figures = np.array([START + step * row for row in range(4 * len(values))]), np.array([*values] * 4)
    scorer = Scorer()
    cuts = range(size, len(times), size)
    parts = zip(np.split(times, cuts), np.split(figures, cuts), strict=True)
    assert np.array_equal(np.concatenate([scorer.take(*part) for part in parts]), Scorer().take(times, figures))


def test_a_direction_that_was_not_asked_for_does_not_count():
    """A rise is nothing to one who asks for falls."""
    values = [*steady(300), 200.0]
    up, down = (scores(every_minute(301), values, direction)[-1] for direction in ("up", "down"))
    assert up > 0.5
    assert down < 0.1


def test_a_flat_line_is_nothing_until_it_moves():
    """A constant scores 0; its first change is the highest score."""
    found = scores(every_minute(401), [*[7.0] * 400, 9.0])
    assert found[:400].max() < 0.05
    assert found[400] > 0.5


def test_all_zero_is_nothing():
    """A figure that never was anything is not odd."""
    assert scores(every_minute(300), [0.0] * 300).max() < 0.05


def test_missing_rows_score_nothing_and_disturb_nothing():
    """A missing value scores 0, and what is odd after it is found."""
    values = [*steady(200), *[float("nan")] * 30, *steady(100, 2), 160.0]
    found = scores(every_minute(len(values)), values)
    assert (found[200:230] == 0).all()
    assert found.argmax() == len(values) - 1


def test_rows_in_disorder_are_judged_in_the_order_of_time():
    """Each row has the score that it has in order."""
    times, values = every_minute(300), steady(300)
    order = np.random.default_rng(3).permutation(300)
    mixed = scores([times[row] for row in order], [values[row] for row in order])
    assert np.array_equal(mixed, scores(times, values)[order])


@pytest.mark.parametrize("scale", [2.0**-20, 2.0**30])
def test_the_unit_of_a_figure_does_not_matter(scale: float):
    """Revenue in cents or in millions is judged alike."""
    values = [*steady(300), 160.0]
    plain, scaled = (scores(every_minute(301), [value * by for value in values]) for by in (1.0, scale))
    assert np.allclose(plain, scaled, atol=0.02)


def test_labelled_series_are_ranked_better_than_by_plain_baselines():
    """Over all kinds the average precision is well above that of a rolling z-score and of a day before."""
    series = [labelled(kind, 11) for kind in KINDS]
    ours = mean(average_precision(one.odd, scores(one.times.tolist(), one.values.tolist())) for one in series)
    z = mean(average_precision(one.odd, rolling_z(one.values)) for one in series)
    naive = mean(average_precision(one.odd, seasonal_naive(one.times, one.values)) for one in series)
    assert ours > 1.5 * max(z, naive)


def test_ten_thousand_rows_take_less_than_five_seconds():
    """Fast enough to go over a year of hours at once."""
    series = labelled("rhythm, spikes", 0, rows=10_000)
    began = process_time()
    scores(series.times.tolist(), series.values.tolist())
    assert process_time() - began < 5
