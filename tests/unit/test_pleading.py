"""What speaks for a change and against it: each sentence with its figures."""

from datetime import timedelta

from tests.symptoms import T0, at, gateway_errors, other
from triage.pleading import Change, Known, VersionRow, pleas, span


def deploy(seconds: float, version: str, service: str = "payment", status: str = "") -> Change:
    return Change(
        Id=f"{service}-{version}-{status}", Time=at(seconds), Kind="deploy", Source="github", Service=service,
        Version=version, Environment="", Title="", Author="", Url="", Status=status,
    )  # fmt: skip


def version(name: str, before: tuple[int, int], since: tuple[int, int]) -> VersionRow:
    return VersionRow(
        Service="payment", Version=name, RequestsBefore=before[0], ErrorsBefore=before[1], RequestsSince=since[0],
        ErrorsSince=since[1],
    )  # fmt: skip


def known(*rows: VersionRow, **more: object) -> Known:
    made: dict[str, object] = {"symptoms": [gateway_errors()], "began": T0, "versions": {"payment": rows}}
    return Known(**(made | more))  # type: ignore[arg-type]  # what is made has the fields' types


def test_a_version_that_alone_fails_speaks_for_its_deploy() -> None:
    """Its share stands beside the others', with the counts."""
    rows = version("2.3.1", (900, 2), (400, 1)), version("2.4.0", (9, 0), (200, 62))
    said = pleas(deploy(-240, "2.4.0"), known(*rows))
    assert said.for_ == (
        "it was made 4 minutes before the first failure",
        "the failures begin at payment, which it changed",
        "31 % (62 of 200) of the requests that 2.4.0 served failed, of the other versions' 0.2 % (1 of 400)",
    )
    assert said.against == ()


def test_other_versions_that_fail_too_speak_against_it() -> None:
    """So does a version that had served well before anything failed."""
    rows = version("2.3.1", (900, 2), (100, 30)), version("2.4.0", (300, 0), (100, 31))
    too, well = pleas(deploy(-1500, "2.4.0"), known(*rows)).against
    shares = "31 % (31 of 100) of the requests that 2.4.0 served failed, of the other versions' 30 % (30 of 100)"
    assert too == f"other versions fail too: {shares}"
    assert well == "2.4.0 had served 300 requests before the first failure"
    innocent = pleas(deploy(-240, "2.4.0"), known(version("2.4.0", (0, 0), (50, 0))))
    assert innocent.against == ("none of the 50 requests that 2.4.0 has served since failed",)


def test_what_is_elsewhere_later_or_long_before_speaks_against_it() -> None:
    """Each in its own words."""
    elsewhere = pleas(deploy(10, "9", "search"), known())
    assert elsewhere.for_ == ()
    assert elsewhere.against == (
        "the first failure was less than a minute before we were told of it",
        "the failures begin at payment, and it changed search",
    )
    assert pleas(deploy(-6000, "9"), known()).against == (
        "it was made 1 h 40 min before the first failure, and there was none until then",
    )
    assert "it names no service" in pleas(deploy(-60, "9", ""), known()).against


def test_a_rollback_speaks_for_it_where_it_helped_and_against_it_where_it_did_not() -> None:
    """Five minutes are given."""
    change, back = deploy(-60, "2.4.0"), deploy(300, "2.3.1")
    helped = pleas(change, known(later=[back], ended=at(400)))
    assert helped.for_[-1] == "payment 2.3.1 took its place at 10:07 UTC, and the failures ended"
    in_vain = pleas(change, known(later=[back], ended=at(1500)))
    assert in_vain.against == ("payment 2.3.1 took its place at 10:07 UTC, and the failures went on for 20 minutes",)
    lasting = pleas(change, known(later=[back], now=at(900)))
    assert lasting.against == ("payment 2.3.1 took its place at 10:07 UTC, and the failures went on for 10 minutes",)
    too_early_to_say = pleas(change, known(later=[back], now=at(330)))
    assert not any("took its place" in words for words in (*too_early_to_say.for_, *too_early_to_say.against))
    over_before = pleas(change, known(later=[back], ended=at(-1)))
    assert "took its place" not in repr(over_before)


def test_a_rollback_counts_from_when_it_is_done() -> None:
    """Not from when it began, which is told too; while it is under way nothing can be said of it."""
    change, begun = deploy(-60, "2.4.0"), deploy(300, "2.3.1", status="in_progress")
    for first in (begun, deploy(300, "2.3.1")):
        done = pleas(change, known(later=[deploy(900, "2.3.1", status="success"), first], ended=at(910)))
        assert done.for_[-1] == "payment 2.3.1 took its place at 10:17 UTC, and the failures ended"
        assert done.against == ()
    assert "took its place" not in repr(pleas(change, known(later=[begun], now=at(900))))


def test_a_rollback_helped_where_the_failures_ended_while_it_went_on() -> None:
    """Told when it begins and when it is done, or once for each region."""
    change, done, again = deploy(-60, "2.4.0"), deploy(600, "2.3.1", status="success"), deploy(900, "2.3.1")
    for later in ([deploy(300, "2.3.1", status="in_progress"), done], [deploy(300, "2.3.1"), again]):
        helped = pleas(change, known(later=later, ended=at(440)))
        assert helped.for_[-1] == "payment 2.3.1 began to take its place at 10:07 UTC, and the failures ended"
        assert "its place" not in repr(pleas(change, known(later=later, ended=at(200))))
        (went_on,) = pleas(change, known(later=later, ended=at(2100))).against
        assert "took its place at 10:1" in went_on


def test_where_nothing_fails_no_failure_is_spoken_of() -> None:
    """A figure that moved is a symptom."""
    moved = known(symptoms=[other("kpi_moved", {"kpi": "conversion"})], later=[deploy(300, "2.3.1")], ended=at(400))
    said = pleas(deploy(-40, "2.4.0"), moved)
    assert said.for_[0] == "it was made less than a minute before the first symptom"
    assert said.for_[-1] == "payment 2.3.1 took its place at 10:07 UTC, and the symptoms ended"
    assert "fail" not in repr(said)


def test_lengths_are_in_words() -> None:
    """In the units that suit them."""
    lengths = (20, 60, 3000, 3600, 6000, 172_799, 172_800, 183_600)
    said = [span(timedelta(seconds=each)) for each in lengths]
    assert said[:5] == ["less than a minute", "1 minute", "50 minutes", "1 h", "1 h 40 min"]
    assert said[5:] == ["2 d", "2 d", "2 d 3 h"]
