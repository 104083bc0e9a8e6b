"""Action items: those that the facts suggest, and how an author's lines are read."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from triage.incident.due import due_at
from triage.incident.figures import time_to_detect
from triage.incident.impact import is_slow
from triage.incident.model import State
from triage.pleading import between
from triage.postmortem.facts import Facts
from triage.postmortem.model import ActionJson
from triage.postmortem.wording import counted, failure

NOBODY = "nobody yet"
OPEN = "no date yet"
SLOW_TO_DETECT = timedelta(minutes=5)
WEEK = timedelta(days=7)


def suggested(facts: Facts) -> Iterator[ActionJson]:
    """What the facts suggest; who does it and until when is a proposal."""
    incident, known, slow = facts.incident, facts.impact, is_slow(facts.incident)
    end = incident.ended or facts.now
    owner = incident.answer.service_owner or incident.answer.owner
    whose = owner.name if owner else NOBODY
    soon = _day(due_at(incident) or facts.now + timedelta(days=2))
    later = _day(end + 2 * WEEK)
    yield ActionJson(
        what="Confirm or reject the probable cause, and write what made it possible", owner=whose, due=soon
    )
    if known.not_recovered:
        lost = "had no quick answer" if slow else "did not get through"
        what = f"Decide what the {counted(known.not_recovered, 'customer')} who {lost} are told or offered"
        yield ActionJson(what=what, owner=NOBODY, due=soon)
    if facts.rows and (todo := facts.rows.wrong + facts.rows.untold):
        what = f"Put {counted(todo, 'row')} right: triage incidents compensate {incident.id} proposes how"
        yield ActionJson(what=what, owner=whose, due=soon)
    if unnamed := known.unattributed_failures + known.ambiguous_failures:
        spans = counted(unnamed, failure(slow=slow))
        what = f"Name the customer of the {spans} that belong to nobody (triage doctor)"
        yield ActionJson(what=what, owner=whose, due=later)
    if time_to_detect(incident) > SLOW_TO_DETECT:
        what = f"Find it sooner than {between(incident.began, incident.opened_at)} after it began"
        yield ActionJson(what=what, owner=NOBODY, due=later)
    if incident.answer.mitigation and not incident.done:
        yield ActionJson(
            what="Compare the runbook’s steps with what was done, and correct them", owner=whose, due=later
        )
    if incident.state is State.RESOLVED:
        what = f"Run the verification plan: triage verify {incident.id}"
        yield ActionJson(what=what, owner=whose, due=_day(end + WEEK))


def read(text: str) -> list[ActionJson]:
    """An author's action items: a line each, `what | owner | due`; a dash or a box before it is left out."""
    return [_read(line) for line in text.splitlines() if line.strip(" -*[]x\t")]


def _read(line: str) -> ActionJson:
    what, owner, due = (part.strip() for part in [*line.split("|", 2), "", ""][:3])
    for mark in ("-", "*", "[ ]", "[x]"):
        what = what.removeprefix(mark).strip()
    return ActionJson(what=what, owner=owner or NOBODY, due=due or OPEN)


def line(item: ActionJson) -> str:
    """The item as an author writes it."""
    return f"{item.what} | {item.owner} | {item.due}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
