"""The postmortem for other programs: every format, an author's text for a section, and the verification plan."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from dashboards.api.border import PROBLEMS, UNKNOWN, WRITTEN, TheStore, as_json
from dashboards.api.incidents import ActJson
from dashboards.api.parameters import NoParameters, Parameters, each_once
from dashboards.problems import BadParameters, FieldError, NotFound, NotReady, unknown_name
from triage.incident.acting import NoIncident
from triage.incident.wire import IncidentJson
from triage.postmortem.document import Office
from triage.postmortem.formats import MEDIA_TYPES, Format, export, file_name
from triage.postmortem.key import NoKey
from triage.postmortem.model import FigureJson, PostmortemJson, SectionName, VerificationJson
from triage.postmortem.pdf import NotTypeset
from triage.postmortem.writing import LONGEST

T = TypeVar("T")

router = APIRouter(prefix="/api/v1", dependencies=[Depends(each_once)], responses=PROBLEMS)


class TextJson(ActJson):
    """An author's text for a section; plain text, in which an empty line ends a paragraph and a dash begins an item."""

    text: str = Field(max_length=LONGEST)


class RedactParameters(Parameters):
    """Whether customers, orders and people are told under stable pseudonyms."""

    redact: bool = Field(False, description="Customers, orders and people under stable pseudonyms.")

    @model_validator(mode="before")
    @classmethod
    def _said(cls, given: object) -> object:
        if isinstance(given, Mapping) and given.get("redact") == "":  # taken for none, it would give the names away
            raise PydanticCustomError("bool_parsing", "", {"field": "redact"})
        return given


def office(request: Request, store: TheStore) -> Office:
    """Where postmortems are made."""
    state = request.app.state
    base_url = state.base_url or str(request.base_url).rstrip("/")
    return Office(store, state.customers_of, base_url, state.data)


TheOffice = Annotated[Office, Depends(office)]


@router.get("/postmortem.schema.json")
def get_schema(_: NoParameters) -> JSONResponse:
    """The JSON schema of a postmortem."""
    return JSONResponse(PostmortemJson.model_json_schema(mode="serialization"), media_type="application/schema+json")


@router.get("/incidents/{incident_id}/postmortem.{format_}", responses=UNKNOWN)
def get_postmortem(
    making: TheOffice, incident_id: str, format_: str, asked_for: Annotated[RedactParameters, Query()]
) -> Response:
    """The postmortem as md, html, pdf or json."""
    if format_ not in tuple(Format):
        raise NotFound(unknown_name("format", format_, [each.value for each in Format]))
    document = asked(lambda: making.document(incident_id, redact=asked_for.redact))
    return exported(document, Format(format_))


def exported(document: PostmortemJson, format_: Format) -> Response:
    """The document as a file. Its Markdown's figures are on the page's address."""

    def address(figure: FigureJson) -> str:
        query = "?redact=true" if document.redacted else ""
        return f"{document.page}/postmortem/{figure.name}.svg{query}"

    body = asked(lambda: export(document, format_, address))
    headers = {"Content-Disposition": f'attachment; filename="{file_name(document, format_)}"'}
    return Response(body, HTTPStatus.OK, headers, MEDIA_TYPES[format_])


@router.put("/incidents/{incident_id}/postmortem/{section}", response_model=IncidentJson, responses=UNKNOWN | WRITTEN)
def put_section(making: TheOffice, incident_id: str, section: str, body: TextJson) -> Response:
    """An author's text for a section, kept as an event of the incident; what was written before stays, too."""
    name = the_section(section)
    return as_json(IncidentJson.of(asked(lambda: making.write(incident_id, name, body.act()))))


@router.post("/incidents/{incident_id}/verify", response_model=VerificationJson, responses=UNKNOWN | WRITTEN)
def post_verify(making: TheOffice, incident_id: str, body: ActJson | None = None) -> Response:
    """Runs the verification plan; what each check found is kept in the incident's timeline."""
    return as_json(asked(lambda: making.verify(incident_id, (body or ActJson()).act())))


def the_section(name: str) -> SectionName:
    """The section of that name. Raises NotFound."""
    if name.replace("-", "_") not in tuple(SectionName):
        raise NotFound(unknown_name("section", name, [each.value for each in SectionName]))
    return SectionName(name.replace("-", "_"))


def asked(make: Callable[[], T]) -> T:
    """What is made, or the problem that it was."""
    try:
        return make()
    except NoIncident as error:
        raise NotFound(str(error)) from None
    except ValueError as error:
        raise BadParameters([FieldError("text", str(error))]) from None
    except (NoKey, NotTypeset) as error:
        raise NotReady(str(error)) from None
