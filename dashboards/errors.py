"""Every error as what the caller can read: a problem document for programs, a page for people."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from dashboards.access import FOR_PROGRAMS
from dashboards.api.parameters import field_error
from dashboards.pages.views import render
from dashboards.problems import MEDIA_TYPE, BadParameters, FieldError, Problem
from queries.errors import QueryTooExpensive, StoreBusy, StoreError, StoreUnavailable

RETRY_AFTER_S = "2"
FASTAPI_UNREAD = "There was an error parsing the body"

log = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Answers every error of the app."""
    app.add_exception_handler(Problem, _answer)
    app.add_exception_handler(ValidationError, _answer)
    app.add_exception_handler(RequestValidationError, _answer)
    app.add_exception_handler(HTTPException, _answer)
    app.add_exception_handler(StoreError, _answer)
    app.add_exception_handler(Exception, _answer)


def for_person(request: Request) -> bool:
    """Whether the answer is read by a person: a page was asked for, by something that reads HTML."""
    wants = request.headers.get("accept", "*/*")
    return not request.url.path.startswith(FOR_PROGRAMS) and ("text/html" in wants or "*/*" in wants)


def problem_of(error: Exception) -> Problem:
    """What the caller is told of an error."""
    match error:
        case Problem():
            return error
        case RequestValidationError() | ValidationError():
            return BadParameters([field_error(detail) for detail in error.errors()])
        case HTTPException():
            return _http(error)
        case StoreError():
            return _store(error)
    return Problem("Something went wrong here. It is in the service's log; asking again may help.")


def _http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    if error.detail == FASTAPI_UNREAD:
        return BadParameters([FieldError("", "the body is no JSON in UTF-8, or nested too deeply to be read")])
    sentences = {
        HTTPStatus.NOT_FOUND: "There is nothing at this address.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method.",
    }
    return Problem(sentences.get(status, str(error.detail)), status=status, headers=error.headers)


def _store(error: StoreError) -> Problem:
    if isinstance(error, QueryTooExpensive):
        sentence = "The question needs more time or memory than a query may take: ask for a shorter window."
        return Problem(sentence, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    retry = {"Retry-After": RETRY_AFTER_S}
    if isinstance(error, StoreBusy):
        sentence = "The store has too much to do at this moment: ask again in a few seconds."
        return Problem(sentence, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=retry)
    if isinstance(error, StoreUnavailable):
        sentence = "The store cannot be reached at this moment: ask again in a few seconds."
        return Problem(sentence, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=retry)
    return Problem("The store could not answer. Why is in the service's log.")


async def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %s", request.method, request.scope.get("route", "?"), type(error).__name__, exc_info=error)
    if for_person(request):
        page = render(request, "problem.html", problem.status, problem=problem, back=_back(request, problem))
        page.headers.update(problem.headers)
        return page
    return Response(problem.body(), problem.status, problem.headers, media_type=MEDIA_TYPE)


def _back(request: Request, problem: Problem) -> str:
    """Where what was wrong can be put right: the page without its parameters, or the one whose form was sent."""
    path, query, is_form = request.scope["raw_path"].decode("ascii"), request.url.query, request.method == "POST"
    if problem.status != HTTPStatus.BAD_REQUEST or not (query or is_form):
        return ""
    return f"{path}?{query}" if query and is_form else path
