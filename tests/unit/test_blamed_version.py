"""Which version is blamed: the others that serve beside it tell, or else its own past."""

from datetime import UTC, datetime, timedelta

import numpy as np

from triage.detectors.gateway_errors import blamed_version
from triage.detectors.onset import Run
from triage.detectors.rates import Rates, together
from triage.detectors.suspected import Own, Suspect

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def rates(requests: float, failures: float, *, minutes: int = 5) -> Rates:
    """So many every ten seconds of the last minutes; nothing before."""
    fine = np.zeros((2, 30))
    fine[:, 30 - 6 * minutes :] = [[requests], [failures]]
    return Rates(fine[0], fine[1], np.array([2000.0]), np.array([2.0]))


def blamed(*, new: Rates, old: Rates, served: float, began_s: float = 600, failing_s: float = 120) -> str:
    """The version blamed, of a service that has failed for so long, whose new version began to serve so long ago."""
    now_s = NOW.timestamp()
    own = Own(together([new, old]), {"2": (new, int(now_s - began_s)), "1": (old, int(now_s - 7000))})
    suspect = Suspect("payment", False, requests=int(new.failures.sum() + old.failures.sum()))
    suspect.versions.update({"2": int(new.failures.sum()), "1": int(old.failures.sum())})
    run = Run(NOW - timedelta(seconds=failing_s), NOW, suspect.requests)
    return blamed_version(suspect, own, NOW, run, {"2": served})


def test_a_version_that_fails_from_its_first_requests_on_is_blamed() -> None:
    """Beside the other, and alone."""
    assert blamed(new=rates(10, 5, minutes=2), old=rates(10, 0), served=0, began_s=125) == "2"
    assert blamed(new=rates(20, 8, minutes=2), old=rates(0, 0), served=0, began_s=125) == "2"


def test_a_version_that_was_new_when_failures_began_is_blamed_however_long_they_last() -> None:
    """One that was not new then is not."""
    assert blamed(new=rates(20, 8), old=rates(0, 0), served=0, began_s=5000, failing_s=4990) == "2"
    assert blamed(new=rates(20, 8), old=rates(0, 0), served=0, began_s=6000, failing_s=2000) == ""


def test_a_version_that_fails_only_after_hundreds_of_good_requests_is_blamed_where_others_are_spared() -> None:
    """A leak, or a case that comes late: those beside it would fail, too, if it were anything else."""
    assert blamed(new=rates(10, 3, minutes=2), old=rates(10, 0), served=400) == "2"


def test_a_harmless_new_version_is_not_blamed() -> None:
    """It served well until what is behind it broke, and all hosts run it by then, or nearly all."""
    assert blamed(new=rates(20, 8, minutes=2), old=rates(0, 0), served=400) == ""
    assert blamed(new=rates(20, 8, minutes=2), old=rates(20, 0, minutes=0), served=400) == ""
    gone = rates(20, 0)
    gone.requests[18:] = 0.0  # the old version served until three minutes ago, and nothing failed then
    assert blamed(new=rates(20, 8, minutes=2), old=gone, served=400) == ""


def test_a_version_that_came_when_all_was_broken_is_not_blamed() -> None:
    """It was to mend it, perhaps."""
    assert blamed(new=rates(20, 8, minutes=2), old=rates(0, 0), served=0, began_s=125, failing_s=1800) == ""


def test_where_all_versions_fail_none_is_blamed() -> None:
    """However new one of them is."""
    assert blamed(new=rates(10, 5, minutes=2), old=rates(10, 5, minutes=2), served=0, began_s=125) == ""
