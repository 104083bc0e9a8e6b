"""The question as it was written, and those who can answer it: a running service, or the store itself."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from queries.store import Store
from triage.affected.answer import affected
from triage.affected.csv_file import everyone_csv
from triage.affected.sheet import Sheet
from triage.model import Question
from triage.remote import Remote
from triage.window import LONGEST_MS, parse_time, parse_window
from triage.wire import AffectedJson

PAGE = 10_000
PATH = "/api/v1/affected"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question, with times and numbers as they were written."""

    service: str | None = None
    operation: str | None = None
    route: str | None = None
    partner: str | None = None
    version: str | None = None
    slower_than_ms: str | None = None
    from_: str | None = None
    to: str | None = None
    as_of: str | None = None

    def parameters(self) -> dict[str, str]:
        """The query of a request for it."""
        return {name.rstrip("_"): text for name, text in vars(self).items() if text is not None}

    def question(self, now: datetime) -> Question:
        """What it means. Raises ValueError with a sentence."""
        window = parse_window(self.from_, self.to, now)
        return Question(
            service=self.service,
            operation=self.operation,
            route=self.route,
            partner=self.partner,
            version=self.version,
            slower_than_ms=_milliseconds(self.slower_than_ms) if self.slower_than_ms is not None else None,
            from_=window.from_,
            to=window.to,
            as_of=parse_time(self.as_of, now) if self.as_of else None,
        )


def _milliseconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(f"{text!r} is no number of milliseconds")
    if number > LONGEST_MS:
        raise ValueError(f"{text!r} is too long: it may be at most {LONGEST_MS:,} ms")
    return number


class Source(Protocol):
    """Who answers. A `limit` of None means all."""

    def affected(self, asked: Asked, limit: int | None) -> AffectedJson:
        """The figures, and so many customers."""

    def affected_csv(self, asked: Asked) -> Iterator[str]:
        """All customers as CSV, in pieces of text."""


@dataclass(frozen=True)
class Running:
    """A running service. Raises NoService and Refusal."""

    remote: Remote

    def affected(self, asked: Asked, limit: int | None) -> AffectedJson:
        """As the service says."""

        def page(rows: int, cursor: str | None) -> AffectedJson:
            where = {"limit": str(rows)} | ({"cursor": cursor} if cursor else {})
            return AffectedJson.model_validate_json(self.remote.get(PATH, asked.parameters() | where))

        return _joined(page, limit)

    def affected_csv(self, asked: Asked) -> Iterator[str]:
        """As the service says."""
        return self.remote.lines(f"{PATH}.csv", asked.parameters())


@dataclass(frozen=True)
class Opened:
    """The store itself, where no service holds it. Raises StoreError."""

    store: Store

    def affected(self, asked: Asked, limit: int | None) -> AffectedJson:
        """As of now."""
        question = asked.question(datetime.now(UTC))

        def page(rows: int, cursor: str | None) -> AffectedJson:
            return AffectedJson.model_validate(affected(self.store, question, limit=rows, cursor=cursor))

        return _joined(page, limit)

    def affected_csv(self, asked: Asked) -> Iterator[str]:
        """As of now."""
        now = datetime.now(UTC)
        question = asked.question(now)
        return everyone_csv(self.store, question, Sheet.of(question, now))


def _joined(page: Callable[[int, str | None], AffectedJson], limit: int | None) -> AffectedJson:
    """The first page's figures with the items of as many pages as `limit` asks for."""
    answer = page(min(limit or PAGE, PAGE), None)
    items = answer.items
    while answer.next and (limit is None or len(items) < limit):
        more = page(PAGE if limit is None else min(limit - len(items), PAGE), answer.next)
        items = items + more.items
        answer = answer.model_copy(update={"items": items, "next": more.next})
    return answer
