"""An answer of nothing: did nothing fail, or was nothing heard?"""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from dashboards.pages.shown import ago, clock, number, shown
from queries.store import Store
from triage.activity import heard
from triage.model import Question
from triage.window import Window


@dataclass(frozen=True)
class Nothing:
    """Why a list is empty, and what to do next."""

    kind: str  # "calm" or "stale"
    heading: str
    detail: Markup


def why_nothing(store: Store, question: Question, now: datetime) -> Nothing:
    """Why no span matches the question."""
    found = heard(store, Window(question.from_, question.to), question.service or "")
    who = Markup("from {}").format(shown(question.service)) if question.service else Markup("from any service")
    if found.spans:
        limits = any((question.operation, question.route, question.partner, question.version))
        hint = " Is the operation, route, partner or version spelled as the spans say it?" if limits else ""
        detail = Markup("{} spans arrived {} in this window, and none of them matches.{}").format(
            number(found.spans), who, hint
        )
        matters = limits or question.slower_than_ms is not None  # something else may have failed
        return Nothing("calm", f"Data is arriving, nothing {'matches' if matters else 'failed'}", detail)
    if found.last is None:
        detail = Markup("Nothing ever arrived {} before the window’s end. Check the name, or the exporter.").format(who)
        return Nothing("stale", "No data", detail)
    detail = Markup("The last span {} began at {} UTC, {}. Look further back, or check its exporter.").format(
        who, clock(found.last, now), ago(found.last, now)
    )
    return Nothing("stale", "No data in this window", detail)
