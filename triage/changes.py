"""What changed: what we were told, and what the telemetry shows, in one list."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from triage.observed import moved_flags, new_versions
from triage.symptom import Ask
from triage.window import Window

Place = tuple[int, str]
"""Where a change stands in the list: its time in ns, and its id."""
NEWEST: Place = ((1 << 63) - 1, "")
NOT_MADE = frozenset({"failure", "error", "inactive", "cancelled", "pending", "queued"})
"""What is said of a change that did not come about, or not yet."""
UNDER_WAY = frozenset({"created", "in_progress", "waiting"})
"""What is said of one that may have begun to come about, and is not done."""
SAME_WITHIN = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Origin(StrEnum):
    """How we know of a change."""

    TOLD = "told"
    OBSERVED = "observed"


@dataclass(frozen=True)
class Change:
    """A deploy, flag flip, config, contract or pipeline change; `details` is JSON."""

    id: str
    time_ns: int
    kind: str
    origin: Origin
    source: str
    service: str = ""
    version: str = ""
    environment: str = ""
    title: str = ""
    author: str = ""
    url: str = ""
    status: str = ""
    details: str = ""

    @property
    def time(self) -> datetime:
        """When it was made, or began to show; to the microsecond."""
        return EPOCH + timedelta(microseconds=self.time_ns // 1000)

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return self.time_ns, self.id


def changes(
    ask: Ask, window: Window, service: str = "", kind: str = "", *, at_most: int = 1000, before: Place = NEWEST
) -> list[Change]:
    """The latest changes of a window that stand before that place in it, latest first; "" for any service or kind."""
    told = _told(ask, window, service, kind, at_most, before)
    observed = [change for change in _observed(ask, window, service, kind) if change.place < before]
    return sorted([*told, *observed], key=lambda change: change.place, reverse=True)[:at_most]


def made_once(found: Iterable[Change]) -> list[Change]:
    """Those that came about, latest first, each once. Of what was told of it the latest stands, else what was seen.

    A deploy is told when it is created, while it goes on and when it is done, and the telemetry shows it, too.
    """
    kept: list[Change] = []
    for change in sorted(found, key=lambda each: (each.origin is Origin.TOLD, each.place), reverse=True):
        if change.status not in NOT_MADE and not any(_is_same(change, other) for other in kept):
            kept.append(change)
    return sorted(kept, key=lambda change: change.place, reverse=True)


def _is_same(one: Change, other: Change) -> bool:
    names = [(each.kind, each.service, each.version or each.title) for each in (one, other)]
    return names[0] == names[1] and abs(one.time - other.time) <= SAME_WITHIN


def _told(ask: Ask, window: Window, service: str, kind: str, at_most: int, before: Place) -> Iterator[Change]:
    found = ask(
        "changes/told",
        **{"from": window.from_, "to": window.to},
        service=service,
        kind=kind,
        before_ns=before[0],
        before_id=before[1],
        at_most=at_most,
    )
    for row in found.iter_rows(named=True):
        yield Change(origin=Origin.TOLD, **row)


def _observed(ask: Ask, window: Window, service: str, kind: str) -> Iterator[Change]:
    for new in new_versions(ask, window, service) if kind in {"", "deploy"} else ():
        yield Change(
            id=f"observed:version:{new.service}:{new.version}",
            time_ns=_ns(new.at),
            kind="deploy",
            origin=Origin.OBSERVED,
            source="telemetry",
            service=new.service,
            version=new.version,
            title=f"{new.service} {new.version} began to serve, where {new.previous} had before",
        )
    for moved in moved_flags(ask, window, service) if kind in {"", "flag"} else ():
        after, before = (f"{100 * share:.0f} %" for share in (moved.after, moved.before))
        yield Change(
            id=f"observed:flag:{moved.service}:{moved.flag}:{_ns(moved.at)}",
            time_ns=_ns(moved.at),
            kind="flag",
            origin=Origin.OBSERVED,
            source="telemetry",
            service=moved.service,
            title=f"{moved.flag} serves {moved.variant!r} to {after}, {before} before",
        )


def _ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000
