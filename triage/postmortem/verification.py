"""Runs the verification plan: the symptom's own query over a recent window, and whether customers got through."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from queries.errors import StoreError
from queries.store import Store
from triage.detectors import FAULTS, still_failing, still_silent, symptoms_at
from triage.incident.acting import Act, known
from triage.incident.alerts import alerts_at
from triage.incident.book import StoredBook
from triage.incident.impact import CustomersOf, impact_of
from triage.incident.model import Event, Incident, Kind
from triage.incident.naming import as_told, digest, quantity
from triage.incident.series import symptom_series
from triage.odd import one_line
from triage.postmortem.model import ResultJson, VerificationJson
from triage.postmortem.plan import MEASURED_OVER, Check, CheckKind, checks
from triage.postmortem.rows import Rows, rows_now
from triage.postmortem.wording import counted, not_recovered
from triage.symptom import Cause, Symptom
from triage.window import Window

PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"
MINUTES = MEASURED_OVER // timedelta(minutes=1)


@dataclass(frozen=True)
class Present:
    """What the detectors find now, and which of them failed; who has not got through, and how the rows are."""

    symptoms: tuple[Symptom, ...]
    failed: frozenset[str]
    not_recovered: int
    rows: Rows | None


def verify(store: Store, id_: str, now: datetime, customers_of: CustomersOf, act: Act) -> VerificationJson:
    """Runs every check, and keeps what was found as an event. Raises NoIncident, StoreError."""
    book = StoredBook(store)
    incident = known(book, id_)
    present = _present(store, incident, now, customers_of)
    results = [_result(store, check, present, now) for check in checks(incident, present.not_recovered, present.rows)]
    passed = all(each.status == PASS for each in results)
    found = VerificationJson(incident=incident.id, at=now, passed=passed, checks=results)
    book.write([_event(incident, found, act)])
    return found


def _present(store: Store, incident: Incident, now: datetime, customers_of: CustomersOf) -> Present:
    failed: set[str] = set()
    found = list(symptoms_at(store.ask, now, failed=lambda part, _: failed.add(part)))
    return Present(
        symptoms=(*found, *alerts_at(store.ask, now)),
        failed=frozenset(failed),
        not_recovered=impact_of(store, incident, now, customers_of).not_recovered,
        rows=rows_now(store, incident, now),
    )


def _result(store: Store, check: Check, present: Present, now: datetime) -> ResultJson:
    status, found = _found(store, check, present, now)
    return ResultJson(name=check.name, what=check.what, status=status, found=found)


def _found(store: Store, check: Check, present: Present, now: datetime) -> tuple[str, str]:
    if present.rows and check.kind is CheckKind.ROWS:
        return _right(present.rows)
    if check.symptom is None:
        lost = present.not_recovered
        if not lost:
            return PASS, "all have had one" if check.slow else "all have got through"
        return FAIL, f"{counted(lost, 'customer')} {'has' if lost == 1 else 'have'} {not_recovered(slow=check.slow)}"
    if check.kind is CheckKind.DETECTOR:
        return _detected(store, check.symptom, present, now)
    return _measured(store, check, check.symptom, now)


def _detected(store: Store, symptom: Symptom, present: Present, now: datetime) -> tuple[str, str]:
    if symptom.found_by in present.failed:
        return UNKNOWN, f"{symptom.found_by} could not look"
    again = next((each for each in present.symptoms if each.key == symptom.key and each.to is None), None)
    try:
        again = again or _lasting(store, symptom, now)
    except FAULTS:
        return UNKNOWN, f"{symptom.found_by} could not look"
    return (PASS, "not found") if again is None else (FAIL, one_line(again.sentence, 300))


def _lasting(store: Store, symptom: Symptom, now: datetime) -> Symptom | None:
    """What no detector remembers for long: who fell silent, and what has failed for hours. Raises FAULTS."""
    if symptom.cause is Cause.SENDER_SILENT:
        return still_silent(store.ask, symptom, now)
    return next((each for each in still_failing(store.ask, [symptom], now) if each.to is None), None)


def _measured(store: Store, check: Check, symptom: Symptom, now: datetime) -> tuple[str, str]:
    try:
        series = symptom_series(store.ask, symptom, Window(now - MEASURED_OVER, now))
    except StoreError as error:
        return UNKNOWN, f"it could not be measured: {error}"
    values = [value for value in series.values if value is not None] if series else []
    if not values or check.threshold is None:
        return UNKNOWN, f"nothing was measured in the last {MINUTES} minutes"
    mean = as_told(sum(values) / len(values), check.unit)
    holds = mean >= check.threshold if check.falls else mean <= check.threshold
    return PASS if holds else FAIL, f"{quantity(mean, check.unit)} in the last {MINUTES} minutes"


def _right(rows: Rows) -> tuple[str, str]:
    open_ = UNKNOWN if rows.untold or not rows.concerned else PASS
    return FAIL if rows.wrong else open_, rows.words


def _event(incident: Incident, found: VerificationJson, act: Act) -> Event:
    event_id = f"{incident.id}.verified.{digest(found.at.isoformat() + act.by)}"
    text = verdict(found.checks)
    details = found.model_dump_json()
    return Event(incident.id, event_id, found.at, Kind.VERIFIED, act.by, text, details)


def verdict(results: Iterable[ResultJson]) -> str:
    """What became of the checks, in a sentence."""
    all_ = list(results)
    if not all_:
        return "There was nothing to check."
    passed = sum(each.status == PASS for each in all_)
    words = f"{passed} of {counted(len(all_), 'check')} passed"
    rest = [f"{each.what}: {each.found}" for each in all_ if each.status == FAIL]
    open_ = [f"{each.what}: {each.found}" for each in all_ if each.status == UNKNOWN]
    return ". ".join(
        [words, *([f"Failed: {'; '.join(rest)}"] if rest else []), *([f"Unknown: {'; '.join(open_)}"] if open_ else [])]
    )


def last_verified(incident: Incident) -> VerificationJson | None:
    """The latest run that is kept."""
    event = next((each for each in reversed(incident.timeline) if each.kind == Kind.VERIFIED), None)
    return VerificationJson.model_validate_json(event.details) if event else None


SIGNS = {PASS: "✓", FAIL: "✗", UNKNOWN: "?"}


def result_lines(found: VerificationJson, shown: Callable[[str], str]) -> Iterator[str]:
    """A line a check, and the verdict, for a terminal; `shown` makes text from outside harmless."""
    for each in found.checks:
        yield f"{SIGNS[each.status]} {shown(each.what)}: {shown(each.found)}"
    yield "All checks passed." if found.passed else "Not every check passed."
