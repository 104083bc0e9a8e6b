"""The page of a postmortem: what is drafted and written, a form for each section, and the files to download."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from dashboards.api.postmortem import TheOffice, asked, the_section
from dashboards.pages.authors import remember
from dashboards.pages.views import render
from dashboards.problems import BadParameters, FieldError, NotFound
from dashboards.shared_pages import author_for
from triage.incident.acting import Act
from triage.postmortem.formats import Format
from triage.postmortem.layout import laid_out
from triage.postmortem.model import PostmortemJson, SectionJson
from triage.postmortem.writing import Overtaken
from triage.window import format_time

router = APIRouter(include_in_schema=False)

HINTS = {"actions": "A line each: what | owner | due date."}
HINT = "Plain text: an empty line ends a paragraph, a line that begins with a dash is an item."


@router.get("/incidents/{incident_id}/postmortem")
def postmortem_page(
    request: Request, making: TheOffice, incident_id: str, redact: Annotated[bool, Query()] = False
) -> HTMLResponse:
    """The draft, with what its authors wrote; each section can be edited."""
    return _page(request, asked(lambda: making.document(incident_id, redact=redact)))


def _page(
    request: Request, document: PostmortemJson, overtaken: Overtaken | None = None, author: str = ""
) -> HTMLResponse:
    return render(
        request,
        "postmortem.html",
        HTTPStatus.CONFLICT if overtaken else HTTPStatus.OK,
        document=document,
        layout=laid_out(document),
        window_query="?" + urlencode(_window(document)),
        sections={each.name: each for each in document.sections},
        texts={each.name: _text(each) for each in document.sections},
        versions={each.name: len(each.earlier) + bool(each.written) for each in document.sections},
        overtaken=overtaken,
        author=author or author_for(request),
        figures={each.name: (Markup(each.svg), each.alt) for each in document.figures},
        hints={each.name: HINTS.get(each.name, HINT) for each in document.sections},
        formats=[each.value for each in Format],
        page=f"/incidents/{quote(document.incident, safe='')}",
        api=f"/api/v1/incidents/{quote(document.incident, safe='')}",
    )


def _window(document: PostmortemJson) -> dict[str, str]:
    """The incident's time, as the addresses of its customers have it."""
    end = document.ended_at or document.generated_at
    return {"from": format_time(document.began), "to": format_time(max(end, document.began + timedelta(seconds=1)))}


def _text(section: SectionJson) -> str:
    """What an author begins with: the latest text, or the draft."""
    gap = "\n" if section.name == "actions" else "\n\n"
    return section.written.text if section.written else gap.join(section.drafted)


@router.get("/incidents/{incident_id}/postmortem/{figure}.svg")
def figure_file(
    making: TheOffice, incident_id: str, figure: str, redact: Annotated[bool, Query()] = False
) -> Response:  # fmt: skip
    """A figure: what the Markdown shows."""
    document = asked(lambda: making.document(incident_id, redact=redact))
    found = next((each for each in document.figures if each.name == figure), None)
    if found is None:
        raise NotFound(f"The postmortem of {document.incident} has no figure {figure[:40]!r}.")
    return Response(found.svg, media_type="image/svg+xml")


@router.post("/incidents/{incident_id}/postmortem")
def edit(
    request: Request,
    making: TheOffice,
    incident_id: str,
    action: Annotated[str, Form()],
    author: Annotated[str, Form()] = "",
    text: Annotated[str, Form()] = "",
    based_on: Annotated[int | None, Form()] = None,
) -> Response:
    """Keeps an author's text for a section, or runs the verification plan.

    `based_on` is how many texts of the section the author knew: one who was overtaken is shown both, and saves again.
    """
    address = f"/incidents/{quote(incident_id, safe='')}/postmortem"
    if action == "verify":
        asked(lambda: making.verify(incident_id, Act(author)))
        return RedirectResponse(f"{address}#verification", HTTPStatus.SEE_OTHER)
    if not author.strip():
        raise BadParameters([FieldError("author", "say who writes this: go back, the text is still there")])
    section = the_section(action)
    try:
        asked(lambda: making.write(incident_id, section, Act(author, text), based_on))
    except Overtaken as overtaken:
        return _page(request, asked(lambda: making.document(incident_id)), overtaken, author)
    answer = RedirectResponse(f"{address}#{section}", HTTPStatus.SEE_OTHER)
    remember(request, answer, author)
    return answer
