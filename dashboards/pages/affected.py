"""The page that answers which customers were affected."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import Field, ValidationError

from dashboards.api.affected import ask_affected
from dashboards.api.border import TheStore
from dashboards.api.parameters import AffectedParameters, bad_parameters, each_once
from dashboards.pages.shares import shares
from dashboards.pages.silence import why_nothing
from dashboards.pages.views import render
from dashboards.pages.wording import completeness, headline
from dashboards.problems import BadParameters
from queries.store import Store
from triage.activity import service_names
from triage.model import Affected, Question
from triage.window import format_number, format_time

PATH = "/affected"
FORM = ("service", "operation", "route", "partner", "version", "slower_than_ms", "from", "to", "as_of")
OF_A_PAGE = ("cursor", "row")

router = APIRouter(include_in_schema=False)


class PageParameters(AffectedParameters):
    """The question, which page of its answer, and the place of that page's first customer."""

    row: int = Field(1, ge=1)


@router.get(PATH, dependencies=[Depends(each_once)])
def affected_page(request: Request, store: TheStore) -> HTMLResponse:
    """The form, and the answer to what it asks."""
    return _asked(request, store)


def _asked(request: Request, store: Store) -> HTMLResponse:
    given = dict(request.query_params)
    try:
        asked = PageParameters.model_validate(given)
        answer = ask_affected(request, asked, datetime.now(UTC))
    except ValidationError as error:
        return _wrong(request, store, given, bad_parameters(error))
    except BadParameters as problem:
        return _wrong(request, store, given, problem)
    return _answered(request, store, given, asked, answer)


def _wrong(request: Request, store: Store, given: Mapping[str, str], problem: BadParameters) -> HTMLResponse:
    errors: defaultdict[str, object] = defaultdict(str)
    errors.update({error.field: error.detail for error in problem.errors})
    errors[""] = [error.detail for error in problem.errors if error.field not in FORM]
    return render(
        request,
        "affected.html",
        HTTPStatus.BAD_REQUEST,
        answer=None,
        errors=errors,
        form=_form(given),
        with_window=_with_window(given),
        services=service_names(store),
    )


def _answered(
    request: Request, store: Store, given: Mapping[str, str], asked: PageParameters, answer: Affected
) -> HTMLResponse:
    pinned = _pinned(answer.question)
    nothing = None if answer.failures else why_nothing(store, answer.question, datetime.now(UTC))
    rows = {"limit": str(asked.limit)} if "limit" in given else {}
    as_of = {"as_of": format_time(answer.as_of)}
    next_row = {"row": str(asked.row + len(answer.items))}
    kept = pinned | as_of if given.get("as_of") else pinned  # a cursor has one that nobody asked for
    return render(
        request,
        "affected.html",
        answer=answer,
        headline=headline(answer, heard=nothing is None or nothing.kind != "stale"),
        late_answer=abs(answer.as_of - answer.question.to) > timedelta(seconds=5),
        completeness=completeness(answer),
        shares=shares(answer.customers, answer.not_recovered, answer.recovered, answer.masked),
        nothing=nothing,
        errors=defaultdict(str),
        form=_form(given),
        with_window=_with_window(given),
        services=service_names(store),
        first_row=asked.row,
        page_length=asked.limit,
        earlier_cursor=asked.cursor,
        first_page=_address(_without(given, OF_A_PAGE)),
        as_of_now=_address(_without(given, (*OF_A_PAGE, "as_of"))),
        next_page=_address(kept | rows | next_row | {"cursor": answer.next}) if answer.next else None,
        csv="/api/v1/affected.csv?" + urlencode(pinned | as_of),
        ends=(ends := {"from": pinned["from"], "to": pinned["to"]}),
        window_query=f"?{urlencode(ends)}",
    )


def _pinned(question: Question) -> dict[str, str]:
    """The question's parameters with its window as it was resolved: they mean the same tomorrow."""
    texts = {
        "service": question.service,
        "operation": question.operation,
        "route": question.route,
        "partner": question.partner,
        "version": question.version,
        "slower_than_ms": None if question.slower_than_ms is None else format_number(question.slower_than_ms),
        "from": format_time(question.from_),
        "to": format_time(question.to),
    }
    return {name: text for name, text in texts.items() if text is not None}


def _form(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given.get(name, "") for name in FORM}


def _with_window(given: Mapping[str, str]) -> Callable[[str], str]:
    kept = _without(given, (*OF_A_PAGE, "from", "to", "as_of"))
    return lambda length: _address(kept | {"from": length})


def _without(given: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: text for name, text in given.items() if name not in names and text}


def _address(parameters: Mapping[str, str | None]) -> str:
    return f"{PATH}?{urlencode({name: text for name, text in parameters.items() if text is not None})}"
