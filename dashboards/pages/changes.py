"""The page of what changed: deploys, flags, config and contracts, told and observed, the latest first."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from pydantic import ValidationError

from dashboards.api.border import TheStore
from dashboards.api.changes import ChangesPage, ChangesParameters, Kind, read_changes
from dashboards.api.parameters import bad_parameters, each_once
from dashboards.pages.shown import plural
from dashboards.pages.views import render
from dashboards.pages.wording import between
from dashboards.problems import BadParameters
from dashboards.shared_pages import author_for
from queries.store import Store
from triage.activity import service_names
from triage.changes import Origin, made_once
from triage.window import around, format_time

PATH = "/changes"
USUAL = "1d"
AROUND = timedelta(minutes=15)

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Telling:
    """What somebody wrote into the form that tells of a change, and what is wrong in it, by field and as a whole."""

    form: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def status(self) -> HTTPStatus:
        """Of the page that has it."""
        if self.problem:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.BAD_REQUEST if self.errors else HTTPStatus.OK


@router.get(PATH, dependencies=[Depends(each_once)])
def changes_page(request: Request, store: TheStore) -> HTMLResponse:
    """The form, and the changes that it asks for: of the last day unless it says otherwise."""
    return changes_answer(request, store)


def changes_answer(request: Request, store: Store, telling: Telling | None = None) -> HTMLResponse:
    """The page, with the form as somebody filled it in."""
    telling = telling or Telling()
    given = {name: text for name, text in request.query_params.items() if text}
    now = datetime.now(UTC)
    usual = {} if given.keys() & {"from", "to", "cursor"} else {"from": USUAL}
    try:
        asked = ChangesParameters.model_validate(given | usual)
        page = read_changes(store, asked, now)
    except ValidationError as error:
        return _wrong(request, store, given, bad_parameters(error))
    except BadParameters as problem:
        return _wrong(request, store, given, problem)
    ends = {"from": format_time(page.window.from_), "to": format_time(page.window.to)}
    kept = {name: text for name, text in (("service", page.service), ("kind", page.kind)) if text}
    return render(
        request,
        "changes.html",
        telling.status,
        **_frame(request, store, given if asked.cursor is None else kept | ends, telling),
        page=page,
        headline=_headline(page, asked.cursor is not None, now),
        told=sum(change.origin is Origin.TOLD for change in page.items),
        later=asked.cursor is not None,
        first_page=_address(kept | ends),
        next_page=_address({"cursor": page.next, "limit": str(asked.limit)}) if page.next else None,
        api=f"/api/v1/changes?{urlencode(kept | ends)}",
        of_service=lambda name: _address(kept | ends | {"service": name}) if len(name) < 1000 else None,
        around=_affected_around,
    )


def _wrong(request: Request, store: Store, given: Mapping[str, str], problem: BadParameters) -> HTMLResponse:
    frame = _frame(request, store, given)
    known = {"service", "kind", "from", "to"}
    frame["errors"] = defaultdict(str, {each.field: each.detail for each in problem.errors if each.field in known})
    others = [each.detail for each in problem.errors if each.field not in known]
    return render(request, "changes.html", HTTPStatus.BAD_REQUEST, **frame, page=None, others=others)


def _frame(request: Request, store: Store, given: Mapping[str, str], telling: Telling | None = None) -> dict[str, Any]:
    telling = telling or Telling()
    kept = {name: text for name, text in given.items() if name in {"service", "kind"}}
    return {
        "form": defaultdict(str, given),
        "errors": defaultdict(str),
        "kinds": get_args(Kind),
        "services": service_names(store),
        "request_url": request.base_url,
        "telling": telling,
        "told_form": defaultdict(str, telling.form),
        "told_errors": defaultdict(str, telling.errors),
        "author": telling.form.get("author", "") or author_for(request),
        "with_window": lambda length: _address(kept | {"from": length}),
    }


def _headline(page: ChangesPage, later: bool, now: datetime) -> Markup:
    noun = {"": "change", "other": "other change"}.get(page.kind, f"{page.kind} change")
    if page.kind in {"deploy", "pipeline"}:
        noun = {"deploy": "deploy", "pipeline": "pipeline run"}[page.kind]
    where = between(page.window, now)
    if not page.items:
        return Markup("No {}{} is known {}.").format("earlier " if later else "", noun, where)
    which = "The next " if later else "The latest " if page.next else ""
    made = len(made_once(page.items)) or len(page.items)
    entries = f"{plural(len(page.items), 'entry', 'entries')} of " if made < len(page.items) else ""
    return Markup("{}{}{} {}.").format(which, entries, plural(made, noun), where)


def _affected_around(moment: datetime) -> str:
    window = around(moment, AROUND)
    return f"/affected?{urlencode({'from': format_time(window.from_), 'to': format_time(window.to)})}"


def _address(parameters: Mapping[str, str]) -> str:
    return f"{PATH}?{urlencode(parameters)}"
