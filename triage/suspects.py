"""Which change may have caused it: those just before, ranked by closeness in time, by service and by version."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from triage.changes import NOT_MADE
from triage.incident.model import Incident, Suspect
from triage.odd import one_line
from triage.pleading import Change, Known, VersionRow, pleas, seen_as
from triage.symptom import Ask, Cause, Symptom

BEFORE = timedelta(hours=2)
AFTER = timedelta(seconds=30)
"""A change may be told a little after it took effect."""
HALF_LIFE_S = 15 * 60
MOST = 5
LEAST_SCORE = 0.05
ADDED = {Cause.BAD_DEPLOY: "deploy", Cause.CONTRACT_DRIFT: "contract", Cause.SCHEMA_CHANGE: "contract"}
"""The kind of change that a cause speaks of."""


@dataclass(frozen=True)
class Speaks:
    """What speaks for a change: a share of the score, and the words."""

    score: float
    words: str


def suspects(ask: Ask, incident: Incident, now: datetime) -> tuple[Suspect, ...]:
    """The changes before an incident began, the most suspicious first, with what speaks for and against each.

    Nothing is known in it that came later than `now`. Raises StoreError.
    """
    symptoms = [each.symptom for each in incident.symptoms]
    before, later = _told(ask, incident, now)
    found = ranked(before, symptoms, incident.began)
    if not found:
        return ()
    by_id = {row["Id"]: row for row in before}
    known = Known(
        symptoms, incident.began, incident.ended, now,
        later=later,
        versions=_versions(ask, incident, now, {by_id[each.change]["Service"] for each in found}),
    )  # fmt: skip
    return tuple(_pleaded(each, by_id[each.change], known) for each in found)


def told_before(ask: Ask, incident: Incident) -> list[Suspect]:
    """Every change told of before an incident began, suspected or not, as `scored` tells them. Raises StoreError."""
    before, _ = _told(ask, incident, incident.began)
    return scored(before, [each.symptom for each in incident.symptoms], incident.began)


def _told(ask: Ask, incident: Incident, now: datetime) -> tuple[list[Change], list[Change]]:
    """The changes that came about before an incident began, and the deploys since."""
    since = incident.began + AFTER
    rows = ask("incidents/changes_before", **{"from": incident.began - BEFORE}, since=since, to=max(now, since))
    told = [row for row in cast(list[Change], rows.to_dicts()) if row["Status"] not in NOT_MADE]
    return [row for row in told if row["Time"] <= since], [row for row in told if row["Time"] > since]


def _pleaded(suspect: Suspect, change: Change, known: Known) -> Suspect:
    plea = pleas(change, known)
    return replace(suspect, for_=plea.for_, against=plea.against)


def _versions(ask: Ask, incident: Incident, now: datetime, services: set[str]) -> dict[str, list[VersionRow]]:
    """How each version of these services did before the first failure and since, a service's together."""
    named = sorted(services - {""})
    between = {"from": incident.began - BEFORE, "since": incident.began, "to": min(incident.ended or now, now)}
    if not named or between["to"] <= incident.began:
        return {}
    rows = cast(list[VersionRow], ask("incidents/versions", services=named, **between).to_dicts())
    return {service: [row for row in rows if row["Service"] == service] for service in named}


def ranked(changes: Iterable[Change], symptoms: Iterable[Symptom], began: datetime) -> list[Suspect]:
    """The changes that may be it, the most suspicious first."""
    return [each for each in scored(changes, symptoms, began) if each.score >= LEAST_SCORE][:MOST]


def scored(changes: Iterable[Change], symptoms: Iterable[Symptom], began: datetime) -> list[Suspect]:
    """All changes as suspects; of those that say the same (a deploy told twice) the most suspicious."""
    symptoms = list(symptoms)
    best: dict[tuple[str, str, str], Suspect] = {}
    for change in changes:
        if change["Status"] in NOT_MADE:
            continue
        suspect = _suspect(change, symptoms, began)
        same = change["Kind"], change["Service"], change["Version"] or change["Title"]
        if same not in best or suspect.score > best[same].score:
            best[same] = suspect
    return sorted(best.values(), key=lambda each: (-each.score, -each.time.timestamp(), each.change))


def _suspect(change: Change, symptoms: list[Symptom], began: datetime) -> Suspect:
    speaking = [
        max((_speaks(change, symptom) for symptom in symptoms), key=lambda each: each.score),
        *_time(change, began, seen_as(symptoms)),
    ]
    score = math.prod(each.score for each in speaking)
    words = ", ".join(each.words for each in reversed(speaking) if each.words)
    return Suspect(what_changed(change), change["Id"], change["Time"], round(score, 2), words)


def _time(change: Change, began: datetime, noun: str) -> Iterator[Speaks]:
    gap_s = (began - change["Time"]).total_seconds()
    if gap_s < 0:
        yield Speaks(0.9, "just as it began")
        return
    minutes = round(gap_s / 60)
    words = "less than a minute" if gap_s < 60 else "1 minute" if minutes == 1 else f"{minutes} minutes"
    yield Speaks(0.5 ** (gap_s / HALF_LIFE_S / 2), f"{words} before the first {noun}")


def _speaks(change: Change, symptom: Symptom) -> Speaks:
    """How well the change fits a symptom, apart from its time."""
    service, version = change["Service"], change["Version"]
    blamed = symptom.question.version if symptom.question else None
    ours = service in {"", symptom.suspect, *symptom.services}  # another service may be of the same version
    if version and ours and version in {blamed, symptom.labels.get("version")}:
        return Speaks(1.0, "the failures are of this version")
    fits = 0.1 if ADDED.get(symptom.cause) == change["Kind"] else 0.0
    if service and service == symptom.suspect:
        return Speaks(0.85 + fits, f"of the service where the {seen_as([symptom])}s begin")
    if service and service in {*symptom.services, *symptom.subject.values(), symptom.labels.get("caller", "")}:
        return Speaks(0.7 + fits, "of a service concerned")
    if not service:
        return Speaks(0.4 + fits, "of no service in particular")
    return Speaks(0.15 + fits, "of another service")


def what_changed(change: Change) -> str:
    """The change in a few words: "deploy of payment 2.4.0"."""
    if change["Kind"] == "deploy" and change["Service"]:
        return one_line(f"deploy of {change['Service']} {change['Version']}".rstrip(), 100)
    title = one_line(change["Title"], 100)
    of = f" of {one_line(change['Service'])}" if change["Service"] else ""
    return title or f"{change['Kind']} change{of}"
