"""A deploy that is told several times, and seen, is one change."""

from triage.changes import Change, Origin, made_once

MINUTE = 60 * 10**9


def deploy(minute: float, status: str = "success", origin: Origin = Origin.TOLD, version: str = "2.4.0") -> Change:
    at = int(minute * MINUTE)
    return Change(f"{status}:{at}", at, "deploy", origin, "github", "checkout", version, status=status)


def test_a_deploy_is_told_once_by_its_end() -> None:
    """As told when it was done, not as it was told on the way nor as the telemetry shows it."""
    done = deploy(11)
    assert made_once([deploy(10, "in_progress"), deploy(10.9, "", Origin.OBSERVED), done]) == [done]


def test_what_was_only_seen_or_only_begun_is_told_too() -> None:
    """Nothing better is known of it."""
    seen, begun = deploy(10, "", Origin.OBSERVED), deploy(12, "in_progress", version="2.5.0")
    assert made_once([seen, begun]) == [begun, seen]


def test_what_did_not_come_about_is_left_out_and_what_came_again_is_not() -> None:
    """An hour later it is another deploy of the same version."""
    first, again = deploy(10), deploy(70)
    assert made_once([first, deploy(30, "failure"), again]) == [again, first]
