"""How fast incidents were found, answered and ended. docs/incidents.md says the same in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from triage.incident.model import Incident
from triage.symptom import ALERTS
from triage.window import Window

AS_USUAL = timedelta(weeks=4)


@dataclass(frozen=True)
class Figures:
    """Means over the incidents that have the figure; None where none has."""

    incidents: int
    mttd: timedelta | None
    mtta: timedelta | None
    mttr: timedelta | None


def time_to_detect(incident: Incident) -> timedelta:
    """From the first failing (or slow, or wrong) request or row to the opening."""
    return max(incident.opened_at - incident.began, timedelta())


def time_to_acknowledge(incident: Incident) -> timedelta | None:
    """From the opening to the first acknowledgement by a person; whoever mitigates acknowledges."""
    first = incident.first_acknowledged_at
    return None if first is None else max(first - incident.opened_at, timedelta())


def time_to_resolve(incident: Incident) -> timedelta | None:
    """From the first failing request to the end of the harm, of a resolved incident."""
    return max(incident.over - incident.began, timedelta()) if incident.over else None


def usual_until(incidents: Iterable[Incident], window: Window) -> datetime | None:
    """When the first of the incidents began that went on when a window began; None where none did.

    What only an alert of another system's tells, such as one that always fires, says nothing of what we measure; and
    what has gone on for weeks is how it is.
    """
    going = (one for one in incidents if (one.over is None or one.over > window.from_) and _is_found(one))
    return min((one.began for one in going if window.from_ - AS_USUAL < one.began < window.from_), default=None)


def _is_found(incident: Incident) -> bool:
    return any(each.symptom.found_by != ALERTS for each in incident.symptoms)


def figures(incidents: Iterable[Incident]) -> Figures:
    """The means."""
    all_ = list(incidents)
    return Figures(
        len(all_),
        _mean([time_to_detect(one) for one in all_]),
        _mean([took for one in all_ if (took := time_to_acknowledge(one)) is not None]),
        _mean([took for one in all_ if (took := time_to_resolve(one)) is not None]),
    )


def _mean(durations: list[timedelta]) -> timedelta | None:
    return sum(durations, timedelta()) / len(durations) if durations else None
