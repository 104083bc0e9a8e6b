"""A partner's answers fail: they refuse who we are, or what we say, or they fail by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict, cast

from triage.detectors.earlier import with_earlier
from triage.detectors.lasting import NOTHING, Known
from triage.detectors.onset import Run, failing_run
from triage.detectors.rates import LEAST_FAILURES, Excess, Rates
from triage.detectors.wording import clock, name, out_of, percent, said, windowed
from triage.model import Question
from triage.symptom import Ask, Cause, Severity, Symptom
from triage.window import Window

REFUSED = frozenset({401, 403, 407, 511})
DRIFTED = frozenset({400, 404, 406, 409, 410, 415, 422, 426})
CRITICAL_RATIO = 0.2
OPENING = timedelta(minutes=10)
"""How long from its beginning a run of failures is looked at: how a partner fails at first says why."""


class Answers(TypedDict):
    """A row of queries/detect/partner_answers.sql."""

    service: str
    status: int
    unanswered: bool
    invalid: bool
    refused: bool
    calls: int
    commonest: str


@dataclass(frozen=True)
class Verdict:
    """Why, in a word and in a sentence."""

    cause: Cause
    because: str


def partner_integration(window: Window, ask: Ask, known: Known = NOTHING) -> Iterator[Symptom]:
    """One symptom for each partner whose answers fail more than usual; where some are `known` to, for those alone."""
    rows = ask("detect/partner_errors", least=LEAST_FAILURES, **{"from": window.from_}, to=window.to)
    for row in rows.iter_rows(named=True):
        partner = str(row["partner"])
        lasting = known.get(("partner", partner))
        if known and not lasting:
            continue
        began = lasting.from_ if lasting else None
        rates = with_earlier(Rates.of(row, window.to, began), ask, window.to, partner=partner, began=began)
        if not rates.excess.is_sure or (began and not rates.is_measured):
            continue
        usual_rate = rates.usual_rate(window, began)
        run = failing_run(ask, window, usual_rate, rates.excess.ratio, partner=partner, began=began)
        if run and run.failures >= LEAST_FAILURES:  # rates count what was received twice
            latest = failing_run(ask, window, usual_rate, rates.excess.ratio, partner=partner) if began else run
            yield _symptom(window, ask, partner, rates, run, latest or run, lasting)


def _symptom(
    window: Window, ask: Ask, partner: str, rates: Rates, run: Run, latest: Run, lasting: Symptom | None
) -> Symptom:  # fmt: skip
    excess = rates.excess
    answers = _answers(window, ask, partner, latest)
    verdict = Verdict(lasting.cause, lasting.because) if lasting and not answers else _verdict(partner, answers)
    to = None if rates.is_ongoing else run.last + timedelta(microseconds=1)
    callers = sorted({answer["service"] for answer in answers})
    return Symptom(
        detector="partner_integration",
        subject={"partner": partner},
        from_=run.first,
        to=to,
        severity=Severity.CRITICAL if excess.ratio >= CRITICAL_RATIO else Severity.WARNING,
        sentence=_sentence(partner, callers, excess, run, window.to),
        value=excess.ratio,
        usual=excess.usual,
        unit="ratio",
        cause=verdict.cause,
        because=verdict.because,
        question=Question(run.first, to or window.to, partner=partner),
        suspect=partner,
        services=frozenset({partner}),
        labels={"caller": callers[0]} if len(callers) == 1 else {},
    )


def _answers(window: Window, ask: Ask, partner: str, run: Run) -> list[Answers]:
    """How the partner failed since the run began."""
    until = min(window.to, run.first + OPENING)
    frame = ask("detect/partner_answers", **{"from": run.first}, to=until, partner=partner)
    return [cast(Answers, row) for row in frame.iter_rows(named=True)]


def _verdict(partner: str, answers: Sequence[Answers]) -> Verdict:
    """The cause that most of the failing answers speak for."""
    spoken = {Cause.TOKEN_EXPIRED: 0, Cause.CONTRACT_DRIFT: 0, Cause.PARTNER_DOWN: 0}
    for answer in answers:
        spoken[_spoken_for(answer)] += answer["calls"]
    cause = max(spoken, key=lambda each: spoken[each])
    of_cause = [answer for answer in answers if _spoken_for(answer) is cause]
    example = max(of_cause, key=lambda answer: answer["calls"])["commonest"] if of_cause else ""
    what = {
        Cause.TOKEN_EXPIRED: "refuse who we are",
        Cause.CONTRACT_DRIFT: "are about what was said",
        Cause.PARTNER_DOWN: "are failures of the partner itself",
    }
    statuses = sorted({(answer["status"], answer["unanswered"]) for answer in of_cause})
    shown = ", ".join(_status(*each) for each in statuses[:4])
    total = sum(spoken.values())
    return Verdict(
        cause,
        f"{out_of(spoken[cause], total)} failing answers of {name(partner)} {what[cause]} ({shown}){said(example)}",
    )


def _status(status: int, unanswered: bool) -> str:
    return str(status) if status else "no answer" if unanswered else "no HTTP status"


def _spoken_for(answer: Answers) -> Cause:
    if answer["status"] in REFUSED:
        return Cause.TOKEN_EXPIRED
    if answer["status"] >= 500:
        return Cause.PARTNER_DOWN
    if answer["refused"]:
        return Cause.TOKEN_EXPIRED
    if answer["status"] in DRIFTED or answer["invalid"]:
        return Cause.CONTRACT_DRIFT
    return Cause.PARTNER_DOWN


def _sentence(partner: str, callers: Sequence[str], excess: Excess, run: Run, now: datetime) -> str:
    by = f" by {', '.join(name(caller) for caller in callers[:3])}" if callers else ""
    return (
        f"{percent(excess.ratio)} of the calls to {name(partner)}{by} failed in {windowed(excess.window_s, now)} "
        f"({out_of(excess.failures, excess.requests)}, usually {percent(excess.usual)}), since {clock(run.first, now)}"
    )
