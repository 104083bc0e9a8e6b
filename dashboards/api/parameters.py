"""What may stand after the `?`: each question's parameters, their types and their limits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from dashboards.api.cursors import read_cursor
from dashboards.problems import BadParameters, FieldError, unknown_name
from triage.model import Question
from triage.window import LONGEST_MS, Window, parse_time, parse_window

TIME = "2026-11-22T10:00:00Z, 15m (ago), 2h, 1d, or epoch seconds"

Text = Annotated[str | None, Field(max_length=200_000)]


def _check_time(text: str | None) -> str | None:
    if text:
        parse_time(text, datetime.now(UTC))
    return text


When = Annotated[str | None, Field(max_length=100), AfterValidator(_check_time)]
"""A moment as it was written: what "15m" means is known only once "now" is."""

SENTENCES = {
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "enum": "it must be {expected}",
    "extra_forbidden": "there is no such field",
    "finite_number": "a finite number is wanted",
    "float_parsing": "this is no number",
    "greater_than_equal": "it must be at least {ge:g}",
    "int_parsing": "this is no whole number",
    "int_parsing_size": "this number is too large",
    "int_type": "this is no whole number",
    "json_invalid": "the body is no JSON from character {at} on",
    "less_than_equal": "it may be at most {le:,.16g}",
    "literal_error": "it must be {expected}",
    "missing": "it is missing",
    "model_attributes_type": "the body must be a JSON object, sent with the Content-Type application/json",
    "string_too_long": "it has more than {max_length:,} characters",
    "string_type": "it must be a text",
    "string_unicode": "it is no valid Unicode text",
}
"""What pydantic calls an error, and what we say of it, with what pydantic says of its surroundings."""


class Parameters(BaseModel):
    """What all have in common: an empty one is none, and an unknown one is an error that names the nearest known."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for name in given:
            if name not in known:
                message = unknown_name("parameter", str(name), known)
                raise PydanticCustomError(
                    "unknown_parameter", "{message}", {"field": str(name)[:60], "message": message}
                )
        return {name: value for name, value in given.items() if value != ""}


NoParameters = Annotated[Parameters, Query()]
"""What an address takes that asks nothing: a name that is given all the same is a mistake."""


class PageParameters(Parameters):
    """Those of a list."""

    limit: int = Field(100, ge=1, le=10_000, description="Items of a page.")
    cursor: str | None = Field(None, description="`next` of the page before.")


class WindowParameters(Parameters):
    """Those of a window."""

    from_: When = Field(
        None, alias="from", description=f"Start; an hour ago unless given, or before an earlier end: {TIME}."
    )
    to: When = Field(None, description="End, which itself is not meant; now unless given.")

    def window(self, now: datetime, start: str | None = None) -> Window:
        """The window that is meant; it begins at `start` where `from` is not given. Raises BadParameters."""
        try:
            return parse_window(self.from_ or start, self.to, now)
        except ValueError as error:
            raise BadParameters([FieldError("from", str(error))]) from None


class QuestionParameters(WindowParameters):
    """Whom a failure hit: all are of the failing span, and optional."""

    service: Text = Field(None, description="The failing span's service.")
    operation: Text = Field(None, description="The failing span's name.")
    route: Text = Field(None, description="Its http.route.")
    partner: Text = Field(None, description="The peer that it called.")
    version: Text = Field(None, description="Its service's version.")
    slower_than_ms: float | None = Field(
        None,
        ge=0,
        le=LONGEST_MS,
        allow_inf_nan=False,
        description="Spans that took longer than so many milliseconds, not failures.",
    )
    as_of: When = Field(None, description="The answer knows nothing that began later; now unless given.")

    def question(self, now: datetime) -> Question:
        """The question that is meant. Raises BadParameters."""
        window = self.window(now)
        return Question(
            from_=window.from_,
            to=window.to,
            service=self.service,
            operation=self.operation,
            route=self.route,
            partner=self.partner,
            version=self.version,
            slower_than_ms=self.slower_than_ms,
            as_of=parse_time(self.as_of, now) if self.as_of else None,
        )


class AffectedParameters(QuestionParameters, PageParameters):
    """The question, and which page of its answer."""


class CustomerParameters(WindowParameters, PageParameters):
    """The window of a customer's story, and which page of it."""


class ShortListParameters(PageParameters):
    """Which page of a list that asks nothing else."""

    def start(self) -> int:
        """How many items stand before the page. Raises BadParameters."""
        return max(0, int(read_cursor(self.cursor, (int,))[0])) if self.cursor else 0


class TraceParameters(Parameters):
    """Which part of a trace."""

    limit: int = Field(10_000, ge=1, le=10_000, description="Spans of a page.")
    cursor: str | None = Field(None, description="`next` of the page before.")


async def each_once(request: Request) -> None:
    """Raises BadParameters for one that is given twice: which is meant can't be told."""
    names = [name for name, _ in request.query_params.multi_items()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadParameters([FieldError(name[:60], "is given more than once") for name in twice])


def bad_parameters(error: ValidationError) -> BadParameters:
    """What pydantic says of parameters, in our words."""
    return BadParameters([field_error(detail) for detail in error.errors(include_url=False)])


def field_error(detail: ErrorDetails) -> FieldError:
    """One thing that pydantic found wrong, in our words."""
    context = detail.get("ctx") or {}
    where = [str(part) for part in detail["loc"] if part not in {"query", "body", "path", "header"}]
    if detail["type"] == "json_invalid":  # a place in the body is no field of it
        context, where = {"at": where[-1]}, []
    field = str(context.get("field") or ".".join(where))
    sentence = SENTENCES.get(detail["type"])
    message = sentence.format(**context) if sentence else detail["msg"].removeprefix("Value error, ")
    return FieldError(field, message[:1].lower() + message[1:])
