"""The page of an incident: what a link in a message opens, on a phone, at three in the morning."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from dashboards.api.border import TheStore
from dashboards.api.cursors import bad_cursor
from dashboards.api.incidents import Action, the_incident
from dashboards.api.parameters import WindowParameters, bad_parameters
from dashboards.pages.authors import remember
from dashboards.pages.buttons import buttons
from dashboards.pages.call_graph import picture
from dashboards.pages.figure import Figure
from dashboards.pages.handouts import Handouts, handouts
from dashboards.pages.press import press_id
from dashboards.pages.shares import shares
from dashboards.pages.shown import amounts, since
from dashboards.pages.views import render
from dashboards.problems import BadParameters, FieldError, NotFound
from dashboards.shared_pages import author_for
from queries.store import Store
from triage import suspects
from triage.changes import Origin
from triage.detectors import NAMES
from triage.incident.acting import Act, NoIncident, WrongStep, change, note, tick
from triage.incident.book import StoredBook
from triage.incident.customers import CustomersPage, Order, customers_page
from triage.incident.graph import Graph, call_graph
from triage.incident.impact import is_of_rows, is_slow
from triage.incident.model import Impact, Incident, State, Suspect
from triage.incident.retelling import passages
from triage.incident.series import markers, symptom_series
from triage.incident.wire import IncidentJson
from triage.kpi.checks import Check, checks, first_three
from triage.model import Evidence
from triage.once import once
from triage.pleading import between
from triage.window import Window, format_time

SHOWN = 50
BEFORE = timedelta(minutes=30)
AFTER = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
MOST_FIGURES = 3
MOST_EVIDENCE = 5

router = APIRouter(include_in_schema=False)


class IncidentParameters(WindowParameters):
    """The window of the figures, and which customers: how they are sorted, and the place of the first that is shown."""

    sort: Order = Order.FAILURES
    row: int = Query(1, ge=1)
    cursor: str | None = None


@dataclass(frozen=True)
class Seen:
    """All that the store says of an incident."""

    customers: CustomersPage
    checks: Sequence[Check]
    figures: Sequence[Figure]
    graph: Graph
    handouts: Handouts | None
    told_before: Sequence[Suspect]
    """Changes before it began, asked for where none is suspected."""


@router.get("/incidents/{incident_id}")
def incident_page(request: Request, store: TheStore, incident_id: str) -> HTMLResponse:
    """What is wrong, whom it hits, who must act and what to do first; then what shows it."""
    given = dict(request.query_params)
    try:
        asked = IncidentParameters.model_validate(
            {key: given[key] for key in ("from", "to", "sort", "row", "cursor") if key in given}
        )
    except ValidationError as error:
        raise bad_parameters(error) from None
    now = datetime.now(UTC)
    incident = the_incident(store, incident_id)
    window = asked.window(now) if asked.from_ or asked.to else its_time(incident, now)
    try:
        seen = _seen(request, store, incident, asked, window, now)
    except ValueError:
        if asked.cursor is None:
            raise
        raise bad_cursor() from None
    told = IncidentJson.of(incident)
    customers, impact = seen.customers, seen.customers.impact
    whole = {"from": format_time(customers.window.from_), "to": format_time(customers.window.to)}
    return render(
        request,
        "incident.html",
        incident=told,
        impact=impact,
        at_risk=_at_risk(impact),
        of_rows=is_of_rows(incident),
        slow=is_slow(incident),
        shares=shares(impact.customers, impact.not_recovered, impact.recovered, impact.masked),
        buttons=buttons(incident),
        escalation=escalation(incident, now),
        author=author_for(request),
        checks=seen.checks,
        figures=seen.figures,
        chosen=bool(asked.from_ or asked.to),
        graph=seen.graph,
        picture=picture(seen.graph),
        calls=sorted(seen.graph.calls, key=lambda call: (not call.is_unusual, call.caller, call.callee)),
        customers=customers.items,
        first_row=customers.first,
        next_row=customers.following,
        next_cursor=customers.next,
        sorted_by=asked.sort.value,
        window=customers.window,
        ends=whole,
        window_query=f"?{urlencode(whole)}",
        address=lambda **changed: _address(given, changed),
        api=f"/api/v1/incidents/{quote(incident.id, safe='')}",
        evidence=list(_evidence(customers)),
        handouts=seen.handouts,
        told_before=seen.told_before,
        told_late=any(each.score >= suspects.LEAST_SCORE for each in seen.told_before),
        changes_before=f"/changes?{urlencode(_before(incident))}",
        seen_before=[
            each
            for figure in seen.figures[:1]
            for each in figure.markers
            if each.time <= incident.began and each.origin is Origin.OBSERVED
        ],
        timeline=list(passages(told.timeline)),
        times=" · ".join(_times(incident)),
        lasted=between(incident.began, incident.over) if incident.over else "",
    )


@router.post("/incidents/{incident_id}")
def act(
    request: Request,
    store: TheStore,
    incident_id: str,
    action: Annotated[str, Form()],
    author: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """What a person does on the page: a change of state, a note, or a step that is done (its number), or is not."""
    book, said = StoredBook(store), Act(author, text)
    try:
        if action == "note":
            own = press_id({"author": author, "text": text}, datetime.now(UTC))
            note(book, incident_id, replace(said, id=own))
        elif action.removeprefix("undo-").isdecimal():
            tick(book, incident_id, int(action.removeprefix("undo-")), not action.startswith("undo-"), said)
        else:
            change(book, incident_id, Action(action), said)
    except (NoIncident, WrongStep) as error:
        raise NotFound(str(error)) from None
    except ValueError as error:
        raise BadParameters([FieldError("", str(error))]) from None
    kept = f"?{request.url.query}" if request.url.query else ""
    answer = RedirectResponse(f"/incidents/{quote(incident_id, safe='')}{kept}", HTTPStatus.SEE_OTHER)
    remember(request, answer, author)
    return answer


def its_time(incident: Incident, now: datetime) -> Window:
    """What the figures show unless told otherwise: from half an hour before it began to a while after its end."""
    end = min(now, incident.ended + AFTER) if incident.ended and incident.state is State.RESOLVED else now
    return Window(incident.began - BEFORE, max(end, incident.began + timedelta(minutes=1)))


def escalation(incident: Incident, now: datetime) -> str:
    """When somebody else is told, while nobody has answered; "" if that does not apply."""
    said = incident.answer
    if said.escalate_after is None or incident.state is State.RESOLVED:
        return ""
    if incident.escalated_at:
        return f"Escalated to {said.escalate_to.name if said.escalate_to else 'the next in line'}"
    if incident.state is not State.OPEN:
        return "Answered: it does not escalate"
    due = incident.waiting_since + said.escalate_after
    return "Escalates now" if due - now < SECOND else f"Escalates in {since(now, due)}"


def _seen(
    request: Request, store: Store, incident: Incident, asked: IncidentParameters, window: Window, now: datetime
) -> Seen:
    began, end = incident.began, max(min(incident.ended or now, now), incident.began + timedelta(minutes=1))
    ask = once(store.ask)
    changes = markers(ask, window)
    telling = sorted(incident.symptoms, key=lambda each: (*NAMES, each.symptom.detector).index(each.symptom.detector))
    series = {
        made.name: made
        for made in (symptom_series(ask, each.symptom, window) for each in telling[:MOST_FIGURES])
        if made
    }
    return Seen(
        customers=customers_page(
            store,
            incident,
            now,
            request.app.state.customers_of,
            order=asked.sort,
            first=asked.row,
            limit=SHOWN,
            cursor=asked.cursor,
        ),
        checks=first_three(checks(ask, Window(began, end))),
        figures=[Figure(f"figure-{place}", each, changes) for place, each in enumerate(series.values(), start=1)],
        graph=call_graph(ask, incident, Window(began, end)),
        handouts=handouts(store, incident, now),
        told_before=[] if incident.suspects else suspects.told_before(ask, incident),
    )


def _before(incident: Incident) -> dict[str, str]:
    """The time before it began in which changes are suspected, as an address has it."""
    return {
        "from": format_time(incident.began - suspects.BEFORE),
        "to": format_time(incident.began + suspects.AFTER),
    }


def _at_risk(impact: Impact) -> str:
    if impact.amount_at_risk:
        return amounts(impact.amount_at_risk)
    return "unknown amount" if impact.not_recovered else "nothing"


def _times(incident: Incident) -> Iterator[str]:
    """How fast it was found, answered and ended, as far as that is known."""
    known = (
        ("Found {} after it began", incident.began, incident.opened_at),
        ("acknowledged {} after the opening", incident.opened_at, incident.first_acknowledged_at),
        ("over {} after it began", incident.began, incident.over),
    )
    for words, from_, to in known:
        if to is not None:
            yield words.format(between(from_, to))


def _evidence(page: CustomersPage) -> Iterator[Evidence]:
    """A failing request of each of the first customers, the earliest first; each trace once."""
    firsts = [item.evidence[0] for item in page.items if item.evidence]
    seen: set[str] = set()
    for one in sorted(firsts[: 4 * MOST_EVIDENCE], key=lambda each: each.time):
        if one.trace_id not in seen and len(seen) < MOST_EVIDENCE:
            seen.add(one.trace_id)
            yield one


def _address(given: Mapping[str, str], changed: Mapping[str, object]) -> str:
    """This page with other parameters; None leaves one out, and another order begins at its first row."""
    placed = {"row", "cursor"} if "sort" in changed else set()
    kept = {key: value for key, value in given.items() if key not in placed}
    merged = kept | {key.rstrip("_"): value for key, value in changed.items()}
    asked = urlencode({key: value for key, value in merged.items() if value is not None})
    return f"?{asked}" if asked else "?"
