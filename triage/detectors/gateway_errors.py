"""Server errors where requests enter: which service behind the gateway they begin at, and whether a deploy did it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from triage.chance import SURE
from triage.detectors.earlier import with_earlier
from triage.detectors.lasting import NOTHING, Known, beginnings
from triage.detectors.onset import Run, failing_run
from triage.detectors.rates import LEAST_FAILURES, RECENT_S, SUSPICIOUS, Excess, Rates, together
from triage.detectors.suspected import Entry, Own, Suspect, own_rates, suspects
from triage.detectors.wording import clock, name, out_of, percent, said, windowed
from triage.entries import entry_services
from triage.model import Question
from triage.symptom import Ask, Cause, Severity, Symptom
from triage.window import Window

NEW_S = 3600.0
"""A version first seen longer before the failures began was not new then."""
LATE_S = 300.0
"""A version that began to serve so long after the failures is not their cause."""
ON_VERSION = 0.85
"""The share of the failures that must be of one version to blame it."""
INVALID = 0.6
"""The share of the failures that must be about reading or validating what was sent, to blame a schema."""
SPARED = 0.001
"""A version is innocent if chance would have spared its earlier requests less often than this…"""
SPARED_BESIDE = 0.1
"""…unless chance would have spared the other versions that serve beside it less often than this."""
CRITICAL_RATIO = 0.1


@dataclass(frozen=True)
class Verdict:
    """Why it fails, in a word and in a sentence; `version` where the failures are one version's."""

    cause: Cause
    because: str
    version: str = ""


def gateway_errors(window: Window, ask: Ask, known: Known = NOTHING) -> Iterator[Symptom]:
    """One symptom for each service, or partner, at which visible failures begin and that fails more than usual.

    Where some are `known` to, for those alone.
    """
    entered_at = entry_services(ask, window.to, *beginnings(known))
    if not known and not _unusual(window, ask, entered_at):
        return
    for suspect in suspects(window, ask, entered_at):
        lasting = known.get(suspect.subject)
        if lasting or not known:
            yield from _found(window, ask, entered_at, suspect, lasting)


def _found(
    window: Window, ask: Ask, entered_at: Sequence[str], suspect: Suspect, lasting: Symptom | None
) -> Iterator[Symptom]:  # fmt: skip
    """What is told of a suspect; nothing if it is as usual."""
    began = lasting.from_ if lasting else None
    unusual = _unusual(window, ask, entered_at, began, suspect.entries)
    if not unusual:
        return
    entry, rates = max(unusual.items(), key=lambda item: (suspect.entries[item[0]], item[1].excess.surprise))
    own = own_rates(window, ask, suspect, began)
    if not _is_symptom(rates.excess, own, suspect.entries[entry]):
        return
    verdict = _kept(suspect, own, lasting) or _verdict(window, ask, suspect, own, began)
    is_new = bool(verdict.version) and lasting is not None and lasting.labels.get("version") != verdict.version
    run = _run(window, ask, suspect, own, began, verdict.version, latest=is_new)
    if run is not None:
        to = None if rates.is_ongoing else run.last + timedelta(microseconds=1)
        answered = _answered(window, ask, entry)
        yield _symptom(suspect, entry, rates.excess, verdict, run.first, to, window.to, answered)


def _unusual(
    window: Window, ask: Ask, entered_at: Sequence[str], began: datetime | None = None,
    among: Collection[Entry] | None = None,
) -> dict[Entry, Rates]:  # fmt: skip
    """The entries, `among` these, at which more fails than usual."""
    rows = ask(
        "detect/entry_errors", least=LEAST_FAILURES, entry_services=entered_at, **{"from": window.from_}, to=window.to
    )
    found: dict[Entry, Rates] = {}
    for row in rows.iter_rows(named=True):
        service, operation = entry = str(row["service"]), str(row["operation"])
        if among is not None and entry not in among:
            continue
        rates = with_earlier(
            Rates.of(row, window.to, began), ask, window.to, service=service, operation=operation,
            entry_services=entered_at, began=began,
        )  # fmt: skip
        if (rates.is_measured or not began) and rates.excess.surprise >= SUSPICIOUS:
            found[entry] = rates
    return found


def _is_symptom(excess: Excess, own: Own, failures: int) -> bool:
    """The entry fails for sure and the suspect does so unusually, or the suspect for sure and the entry unusually.

    A suspect that tells of no requests (its spans are no servers' or consumers') is judged by its failures there.
    """
    if own.is_unknown:
        return excess.with_failures(min(failures, excess.failures)).is_sure
    if not excess.is_practical:
        return False
    return (excess.is_sure and own.surprise >= SUSPICIOUS) or own.surprise >= SURE


def _served_before(window: Window, ask: Ask, suspect: Suspect, own: Own, onset: Run | None) -> Mapping[str, float]:
    """How many requests each version of the suspect had served before the failures began."""
    if len(own.versions) < 2 or onset is None or onset.first - window.from_ < timedelta(seconds=20):
        return {}
    to = datetime.fromtimestamp(int(onset.first.timestamp()) // 10 * 10, onset.first.tzinfo)
    rows = ask("detect/service_errors", services=[suspect.name], **{"from": window.from_}, to=to)
    return {str(row["version"]): float(sum(row["requests"])) for row in rows.iter_rows(named=True)}


def _kept(suspect: Suspect, own: Own, lasting: Symptom | None) -> Verdict | None:
    """What was said of a version that was blamed, while nearly all failures are of it: it is new no longer."""
    version = lasting.labels.get("version", "") if lasting else ""
    if lasting and version and version in own.versions and suspect.versions[version] >= ON_VERSION * suspect.requests:
        return Verdict(lasting.cause, lasting.because, version)
    return None


def _verdict(window: Window, ask: Ask, suspect: Suspect, own: Own, began: datetime | None) -> Verdict:
    now, onset = window.to, _run(window, ask, suspect, own, began, latest=True)
    if version := blamed_version(suspect, own, now, onset, _served_before(window, ask, suspect, own, onset)):
        rates, first = own.versions[version]
        others = together([each for name_, (each, _) in own.versions.items() if name_ != version])
        since = datetime.fromtimestamp(first, now.tzinfo)
        return Verdict(
            Cause.BAD_DEPLOY,
            f"{name(suspect.name)} {name(version)} serves since {clock(since, now)}: {_share(rates)} of its requests "
            f"fail, of the other versions' {_share(others)}",
            version,
        )
    if not suspect.is_partner and suspect.invalid >= INVALID * suspect.requests:
        return Verdict(
            Cause.SCHEMA_CHANGE,
            f"{out_of(suspect.invalid, suspect.requests)} failures at {name(suspect.name)} are about what was sent"
            f"{said(suspect.commonest)}",
        )
    where = "" if own.is_unknown else f", where {_share(own.all)} fail (usually {percent(own.all.usual)})"
    return Verdict(
        Cause.PROVIDER_FAILING,
        f"{suspect.requests:,} failing requests begin to fail at {name(suspect.name)}{where}{said(suspect.commonest)}",
    )


def blamed_version(
    suspect: Suspect, own: Own, now: datetime, onset: Run | None, served: Mapping[str, float]
) -> str:  # fmt: skip
    """The version that had just begun to serve when they began and has nearly all failures; "" if none.

    Where others have served beside it since the failures began, they tell: it is to blame, however long it served well,
    if at its share of failures chance would not have spared so many requests of theirs. Where none does, the failures
    can be of no other version, and its own past tells: it is innocent if chance would not have spared that.
    """
    if suspect.is_partner or len(own.versions) < 2:
        return ""
    version, failures = max(suspect.versions.items(), key=lambda item: (item[1], item[0]))
    if version not in own.versions or failures < ON_VERSION * suspect.requests:
        return ""
    rates, first = own.versions[version]
    if first <= min(seen for _, seen in own.versions.values()):
        return ""
    age_s = (onset.first if onset else now).timestamp() - first
    if not -LATE_S <= age_s <= NEW_S:
        return ""  # if later, it came when all was broken already: to mend it, perhaps
    spared = 1 - min(rates.excess.ratio, 0.99)
    others = [each for name_, (each, _) in own.versions.items() if name_ != version]
    if beside := sum(_since(each, onset, now) for each in others):
        return version if spared**beside < SPARED_BESIDE else ""
    return version if spared ** served.get(version, 0.0) >= SPARED else ""


def _since(rates: Rates, onset: Run | None, now: datetime) -> float:
    """How many of the requests of the last five minutes came after the failures had begun."""
    begun = RECENT_S - (now - onset.first).total_seconds() if onset else 0.0
    return float(rates.requests[ceil(max(begun, 0.0) / 10) :].sum())


def _run(
    window: Window, ask: Ask, suspect: Suspect, own: Own, began: datetime | None, version: str = "", *,
    latest: bool = False,
) -> Run | None:  # fmt: skip
    """When the failures that the question would count began, or of these the `latest`, which may fail far more."""
    share = (own.versions[version][0] if version else own.all).excess.ratio
    usual_rate = 0.0 if version else own.all.usual_rate(window, began)
    known = None if latest else began
    return failing_run(ask, window, usual_rate, share, began=known, version=version, **dict([suspect.subject]))


@dataclass(frozen=True)
class Answered:
    """An entry's requests that fail now, and those of them that are answered with HTTP 500 or above."""

    errors: int
    server_errors: int

    @property
    def are_5xx(self) -> bool:
        return 2 * self.server_errors > self.errors

    @property
    def are_messages(self) -> bool:
        """Nobody is answered."""
        return not self.errors


def _answered(window: Window, ask: Ask, entry: Entry) -> Answered:
    since = window.to - timedelta(seconds=RECENT_S)
    row = ask("detect/server_errors", service=entry[0], operation=entry[1], **{"from": since}, to=window.to)
    return Answered(int(row["errors"][0]), int(row["server_errors"][0]))


def _symptom(
    suspect: Suspect,
    entry: Entry,
    excess: Excess,
    verdict: Verdict,
    from_: datetime,
    to: datetime | None,
    now: datetime,
    answered: Answered,
) -> Symptom:
    service, operation = entry
    what = "5xx" if answered.are_5xx else "Errors"
    where = name(service) if answered.are_messages else "the gateway"
    sentence = (
        f"{what} at {where}: {percent(excess.ratio)} of {name(operation)} failed in {windowed(excess.window_s, now)} "
        f"({out_of(excess.failures, excess.requests)}, usually {percent(excess.usual)}), since {clock(from_, now)}; "
        f"they begin to fail at {name(suspect.name)}"
    )
    return Symptom(
        detector="gateway_errors",
        subject=dict([suspect.subject]),
        from_=from_,
        to=to,
        severity=Severity.CRITICAL if excess.ratio >= CRITICAL_RATIO else Severity.WARNING,
        sentence=sentence,
        value=excess.ratio,
        usual=excess.usual,
        unit="ratio",
        cause=verdict.cause,
        because=verdict.because,
        question=Question(
            from_,
            to or now,
            service=None if suspect.is_partner else suspect.name,
            partner=suspect.name if suspect.is_partner else None,
            version=verdict.version or None,
        ),
        suspect=suspect.name,
        services=frozenset({suspect.name}),
        labels={"gateway": service, "operation": operation}
        | ({"version": verdict.version} if verdict.version else {})
        | ({} if answered.are_5xx else {"status": "other"})
        | ({"entries": "messages"} if answered.are_messages else {}),
    )


def _share(rates: Rates) -> str:
    excess = rates.excess
    return percent(excess.ratio) if excess.requests else "none"
