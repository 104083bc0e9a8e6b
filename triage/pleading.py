"""What speaks for a change as the cause, and what against it: sentences with figures, for whoever must decide."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypedDict

from triage.changes import SAME_WITHIN, UNDER_WAY
from triage.incident.naming import quantity
from triage.odd import one_line
from triage.symptom import Symptom

LONG_BEFORE = timedelta(minutes=30)
SOON_AFTER = timedelta(minutes=5)
"""A rollback that helps does so within this time."""
TOLD_LATE = timedelta(minutes=1)
"""We may be told of a rollback so much later than it began to help."""
FEW = 20
"""Of fewer requests a share says little."""
FAILS_TOO = 0.5
"""Other versions fail too, if they do at least half as often."""
SERVED_WELL = 0.5
"""A version had served well, if it failed at most half as often before as since."""


class Change(TypedDict):
    """A row of queries/incidents/changes_before.sql."""

    Id: str
    Time: datetime
    Kind: str
    Source: str
    Service: str
    Version: str
    Environment: str
    Title: str
    Author: str
    Url: str
    Status: str


class VersionRow(TypedDict):
    """A row of queries/incidents/versions.sql."""

    Service: str
    Version: str
    RequestsBefore: int
    ErrorsBefore: int
    RequestsSince: int
    ErrorsSince: int


@dataclass(frozen=True)
class Known:
    """What is known besides the change: the symptoms, since when and until when (None: they last), what changed later
    than they began, and how each version of each service did."""

    symptoms: Sequence[Symptom]
    began: datetime
    ended: datetime | None = None
    now: datetime | None = None
    later: Sequence[Change] = ()
    versions: Mapping[str, Sequence[VersionRow]] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        """What there is to see of it."""
        return seen_as(self.symptoms)

    def of(self, change: Change) -> Sequence[VersionRow]:
        """How the versions of the change's service did."""
        return self.versions.get(change["Service"], ())


def seen_as(symptoms: Iterable[Symptom]) -> str:
    """What there is to see of symptoms: a failure, unless nothing fails where one is slow, moved or wrong."""
    questions = (each.question for each in symptoms)
    return "failure" if any(one and one.slower_than_ms is None for one in questions) else "symptom"


@dataclass(frozen=True)
class Plea:
    """Sentences for and against."""

    for_: tuple[str, ...]
    against: tuple[str, ...]


def pleas(change: Change, known: Known) -> Plea:
    """What speaks for this change as the cause, and what against it."""
    said = [*_time(change, known), *_place(change, known), *_versions(change, known), *_undone(change, known)]
    return Plea(
        tuple(words for speaks_for, words in said if speaks_for),
        tuple(words for speaks_for, words in said if not speaks_for),
    )


Said = Iterator[tuple[bool, str]]


def _time(change: Change, known: Known) -> Said:
    gap = known.began - change["Time"]
    if gap < timedelta():
        yield False, f"the first {known.noun} was {span(-gap)} before we were told of it"
    elif gap > LONG_BEFORE:
        yield False, f"it was made {span(gap)} before the first {known.noun}, and there was none until then"
    else:
        yield True, f"it was made {span(gap)} before the first {known.noun}"


def _place(change: Change, known: Known) -> Said:
    service = one_line(change["Service"])
    suspected = sorted({each.suspect for each in known.symptoms if each.suspect})
    where = " and ".join(one_line(each) for each in suspected)
    if not service:
        yield False, "it names no service"
    elif change["Service"] in suspected:
        yield True, f"the {known.noun}s begin at {service}, which it changed"
    elif any(change["Service"] in each.services for each in known.symptoms):
        yield True, f"it changed {service}, which is concerned"
    elif where:
        yield False, f"the {known.noun}s begin at {where}, and it changed {service}"


def _versions(change: Change, known: Known) -> Said:
    """How the version does beside the others, and how it did before."""
    rows = known.of(change)
    own = next((row for row in rows if row["Version"] == change["Version"] and change["Version"]), None)
    if own is None:
        return
    version, failing = one_line(change["Version"]), _ratio(own["ErrorsSince"], own["RequestsSince"])
    if own["RequestsSince"] >= FEW and not own["ErrorsSince"]:
        yield False, f"none of the {own['RequestsSince']:,} requests that {version} has served since failed"
        return
    others = [row for row in rows if row is not own and row["RequestsSince"]]
    requests, errors = sum(row["RequestsSince"] for row in others), sum(row["ErrorsSince"] for row in others)
    shares = f"{_share(own['ErrorsSince'], own['RequestsSince'])} of the requests that {version} served failed"
    if requests >= FEW and _ratio(errors, requests) >= FAILS_TOO * failing:
        yield False, f"other versions fail too: {shares}, of the other versions' {_share(errors, requests)}"
    elif own["ErrorsSince"] and requests >= FEW:
        yield True, f"{shares}, of the other versions' {_share(errors, requests)}"
    before = _ratio(own["ErrorsBefore"], own["RequestsBefore"])
    if own["RequestsBefore"] >= FEW and before <= SERVED_WELL * failing:
        yield False, f"{version} had served {own['RequestsBefore']:,} requests before the first {known.noun}"


def _undone(change: Change, known: Known) -> Said:
    """Whether another version took its place, and what became of the failures."""
    after = sorted((each for each in known.later if _takes_the_place(each, change)), key=lambda each: each["Time"])
    first = next((each for each in after if each["Status"] not in UNDER_WAY), None)
    if first is None:
        return
    told = [each for each in after if _is_told_again(each, first)]
    begun = told[0]["Time"]
    done = max(each["Time"] for each in told if each["Status"] not in UNDER_WAY)
    other = f"{one_line(first['Service'])} {one_line(first['Version'])}"
    took_its_place = f"{other} took its place at {done:%H:%M} UTC"
    went_on = (known.ended or known.now or done) - done
    if went_on > SOON_AFTER:
        yield False, f"{took_its_place}, and the {known.noun}s went on for {span(went_on)}"
    elif known.ended and went_on >= -TOLD_LATE:
        yield True, f"{took_its_place}, and the {known.noun}s ended"
    elif known.ended and known.ended >= begun - TOLD_LATE:
        yield True, f"{other} began to take its place at {begun:%H:%M} UTC, and the {known.noun}s ended"


def _takes_the_place(later: Change, change: Change) -> bool:
    same = later["Kind"] == change["Kind"] == "deploy" and later["Service"] == change["Service"] != ""
    return same and later["Time"] > change["Time"] and later["Version"] not in {"", change["Version"]}


def _is_told_again(later: Change, first: Change) -> bool:
    return later["Version"] == first["Version"] and abs(later["Time"] - first["Time"]) <= SAME_WITHIN


def span(length: timedelta) -> str:
    """A length of time in words: "less than a minute", "4 minutes", "1 h 40 min", "2 d 3 h"."""
    minutes = round(length / timedelta(minutes=1))
    if length < timedelta(minutes=1):
        return "less than a minute"
    if minutes < 60:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    large, small, units = (*divmod(minutes, 60), ("h", "min"))
    if large >= 48:
        large, small, units = (*divmod(large, 24), ("d", "h"))
    return f"{large} {units[0]} {small} {units[1]}" if small else f"{large} {units[0]}"


def lasted(length: timedelta) -> str:
    """A length of time to the second where it is short: `45 s`, `4 min 10 s`, `22 minutes`."""
    seconds = round(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds % 60 else f"{seconds // 60} min"
    return span(length)


def between(from_: datetime, to: datetime) -> str:
    """How long it was from one moment to another, as who subtracts what clocks show of them has it: to the second."""
    return lasted(max(to.replace(microsecond=0) - from_.replace(microsecond=0), timedelta()))


def _ratio(part: int, of: int) -> float:
    return part / of if of else 0.0


def _share(part: int, of: int) -> str:
    return f"{quantity(_ratio(part, of), 'ratio')} ({part:,} of {of:,})"
