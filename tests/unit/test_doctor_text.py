"""What the telemetry lacks, as it is read in a terminal."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.doctor.examined import Sample
from triage.doctor.finding import Examination, Finding, share
from triage.doctor.text import doctor_text
from triage.doctor.wire import DoctorJson
from triage.window import Window

TO = datetime(2026, 11, 22, 11, tzinfo=UTC)
HOUR = Window(TO - timedelta(hours=1), TO)
CHANGE = "set service.version on its resource"
VERSION = Finding("versions", "all 5 spans of cart name no version", CHANGE, service="cart", count=5, of=5)
OTHER = Finding("versions", "all 7 spans of till name no version", CHANGE, service="till", count=7, of=7)
LOST = Finding("parents", "3 of 9 spans name a parent that never came", "see who drops spans", example="0a1b")
PEERS = Finding("partners", "psp (7 calls) counts as a partner", "name the partners", lacks=False)


def said(*findings: Finding, one_in: int = 1, width: int | None = None) -> list[str]:
    examination = Examination(HOUR, 2, 12, 3, 4, Sample(HOUR, one_in), findings, TO, 1.5)
    return list(doctor_text(DoctorJson.of(examination), width))


def test_it_says_how_much_was_looked_at_and_whether_that_will_do() -> None:
    """From when to when, and from how much data."""
    assert said() == [
        (
            "12 spans of 2 services, 3 log records and 4 metric points"
            " between 2026-11-22 10:00:00 and 2026-11-22 11:00:00 UTC"
        ),
        "Nothing is missing that a good answer needs.",
    ]
    assert "one trace in 9" in said(one_in=9)[1]


def test_each_finding_comes_with_what_to_change() -> None:
    """Once for those that need the same; what is only worth knowing has another sign, and counts for nothing."""
    assert said(VERSION, OTHER, LOST, PEERS)[1:] == [
        "3 things are missing that a good answer needs.",
        "",
        "✗ versions  all 5 spans of cart name no version",
        "✗ versions  all 7 spans of till name no version",
        "          → set service.version on its resource",
        "",
        "✗ parents   3 of 9 spans name a parent that never came (see trace 0a1b)",
        "          → see who drops spans",
        "",
        "· partners  psp (7 calls) counts as a partner",
        "          → name the partners",
    ]


def test_lines_are_no_longer_than_the_terminal() -> None:
    """Sentences are wrapped below themselves, never cut."""
    lines = said(VERSION, width=60)[2:]
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()) == f"✗ versions {VERSION.sentence} → {CHANGE}"


def test_what_telemetry_says_does_not_steer_the_terminal() -> None:
    """Control characters are written out."""
    assert "\x1b" not in "".join(said(Finding("names", "spans of \x1b[2J", "change")))


@pytest.mark.parametrize(
    ("count", "of", "words"),
    [(5, 5, "all 5 spans"), (1, 3, "1 of 3 spans (33.3 %)"), (99_999, 100_000, "99,999 of 100,000 spans (99.9 %)")],
)
def test_a_share_is_not_rounded_up_to_all(count: int, of: int, words: str) -> None:
    """Nor down to none."""
    assert share(count, of, "spans") == words
