"""How often something fails now, against how often it usually does: what is sure, and what matters."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from triage.chance import surprise
from triage.detectors.onset import quiet_rate, run_of_failures
from triage.detectors.rates import Rates
from triage.detectors.wording import out_of, percent

NOW = datetime(2026, 9, 22, 12, 0, tzinfo=UTC)


def rates(recent: dict[int, tuple[int, int]], old: list[tuple[int, int]]) -> Rates:
    """`recent` by seconds ago, `old` by five minutes, the latest last; each requests and failures."""
    now = int(NOW.timestamp())
    slices = [(now - 300 * (len(old) - place) - 300, *each) for place, each in enumerate(old)]
    slices += [(now - ago, *each) for ago, each in sorted(recent.items(), reverse=True)]
    starts, requests, errors = zip(*slices, strict=True)
    return Rates.of({"slices": [*starts], "requests": [*requests], "errors": [*errors]}, NOW)


USUAL = [(300, 1)] * 20


def test_a_jump_is_sure_within_ten_seconds() -> None:
    """Most of a dozen requests fail where one in three hundred usually does."""
    assert rates({10: (12, 8)}, USUAL).excess.is_sure


def test_a_quiet_hour_is_no_fault() -> None:
    """One failure among few requests says nothing, however large its share."""
    for failures in (1, 2):
        assert not rates({10: (failures, failures)}, USUAL).excess.is_sure


def test_what_is_rare_but_sure_must_matter_too() -> None:
    """Ten times as many failures as usual, and still hardly any."""
    excess = rates(dict.fromkeys(range(10, 310, 10), (3000, 10)), [(90000, 20)] * 20).excess
    assert excess.surprise > 20
    assert not excess.is_sure


def test_twice_what_usually_fails_does_not_matter_where_much_does() -> None:
    """However sure it is that it is more."""
    excess = rates(dict.fromkeys(range(10, 310, 10), (3000, 600)), [(90000, 9000)] * 20).excess
    assert excess.surprise > 20
    assert not excess.is_sure


def test_a_fault_that_lasts_does_not_become_usual() -> None:
    """Half an hour of it leaves what is usual as it was before."""
    assert rates({10: (12, 8)}, [*USUAL, *[(300, 200)] * 6]).usual < 0.01


def test_what_is_told_as_usual_is_what_failed() -> None:
    """Judged is it as if more had been seen, lest little history make claims; of none, nothing else is known."""
    assert rates({10: (12, 8)}, [(300, 0)] * 20).usual == 0
    assert rates({10: (12, 8)}, [(300, 3)] * 20).usual == 0.01
    assert rates({10: (12, 8)}, [(50, 0)] * 2).expected == 0.005
    assert not rates({10: (3, 3)}, [(1, 0)]).excess.is_sure
    assert rates({10: (12, 8)}, [(0, 0)]).usual == 0.01


def test_many_are_counted_in_thousands() -> None:
    """As everywhere."""
    assert out_of(5274, 15513) == "5,274 of 15,513"


@pytest.mark.parametrize(
    ("ratio", "told"),
    [
        (0.0, "0 %"), (-0.05, "-5 %"), (0.01, "1 %"), (0.0001, "under 0.1 %"), (0.002, "0.2 %"), (0.31, "31 %"),
        (0.99, "99 %"), (0.997, "99.7 %"), (0.9999, "over 99.9 %"), (1.0, "100 %"),
        (-0.0001, "over -0.1 %"), (-0.9999, "under -99.9 %"),
    ],
)  # fmt: skip
def test_all_is_said_only_of_all(ratio: float, told: str) -> None:
    """And nothing only of nothing."""
    assert percent(ratio) == told


def test_it_is_over_when_requests_succeed_again() -> None:
    """The last five minutes still hold the failures; the last two do not."""
    found = rates({ago: (12, 8 if ago > 120 else 0) for ago in range(10, 310, 10)}, USUAL)
    assert found.excess.is_sure
    assert not found.is_ongoing
    assert rates({10: (12, 8)}, USUAL).is_ongoing


def test_a_few_that_fail_by_chance_are_no_fault_that_is_back() -> None:
    """What fails now and then failed before the fault, too; a mild fault goes on, and so does what is left of one."""
    declined = [(600, 6)] * 23
    after = {ago: (8, 7 if ago > 120 else 1 if ago in {10, 40} else 0) for ago in range(10, 310, 10)}
    assert rates(after, declined).excess.is_sure
    assert not rates(after, declined).is_ongoing
    assert rates(dict.fromkeys(range(10, 310, 10), (80, 4)), declined).is_ongoing
    assert rates({ago: (8, 7 if ago > 120 else 2) for ago in range(10, 310, 10)}, declined).is_ongoing
    assert rates({210: (2, 2), 250: (1, 1)}, declined).is_ongoing, "nobody asked since"


@pytest.mark.parametrize(("failures", "requests"), [(0, 0), (0, 10), (1, 1000)])
def test_no_more_than_usual_is_no_surprise(failures: int, requests: int) -> None:
    """Nothing, nothing that fails, or as much as on any day."""
    assert surprise(failures, requests, 0.002) == 0


def seconds(*at: float) -> pl.DataFrame:
    """Failures so many seconds before now."""
    times = sorted(NOW - timedelta(seconds=each) for each in at)
    return pl.DataFrame(
        {
            "second": [int(time.timestamp()) for time in times],
            "failures": [1] * len(times),
            "first": times,
            "last": times,
        }
    )


def test_a_run_begins_with_its_first_failure() -> None:
    """A lone failure long before it is not of it."""
    run = run_of_failures(seconds(4000, 900, *range(1, 60, 2)), 0.001, NOW, 300)
    assert run
    assert run.first == NOW - timedelta(seconds=59)


def test_a_run_ends_with_its_last_failure() -> None:
    """One that comes minutes later is an ordinary one."""
    run = run_of_failures(seconds(*range(180, 260, 2), 20), 0.002, NOW, 300)
    assert run
    assert run.last == NOW - timedelta(seconds=180)


def test_an_earlier_run_is_another_one() -> None:
    """An hour lies between them."""
    run = run_of_failures(seconds(*range(3600, 3900, 2), *range(1, 60, 2)), 0.001, NOW, 300)
    assert run
    assert run.first == NOW - timedelta(seconds=59)


def test_nothing_lately_is_no_run() -> None:
    """Whatever was an hour ago."""
    assert run_of_failures(seconds(*range(3600, 3700)), 0.001, NOW, 300) is None


def test_failures_that_are_usual_begin_no_run() -> None:
    """A card is declined now and then, which no rate of requests tells of: the run begins with what came on top."""
    declined = range(330, 7500, 70)
    found = seconds(*declined, 40, 33, 20, 9)
    run = run_of_failures(found, quiet_rate(found, NOW), NOW, 300)
    assert run
    assert run.first == NOW - timedelta(seconds=40)


def test_an_outage_is_not_what_is_usual_however_long() -> None:
    """Where all that is known is as bad as now, nothing is known of what is usual."""
    assert quiet_rate(seconds(*range(1, 7200, 5)), NOW) == 0.0


def test_a_failure_minutes_before_is_no_part_of_a_run_that_just_began() -> None:
    """As few as they are by then, the latest ones are far denser than with the one before."""
    run = run_of_failures(seconds(159, 5, 4, 3, 2, 1), 0.00002, NOW, 300)
    assert run
    assert (NOW - run.first).total_seconds() < 6
