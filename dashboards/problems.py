"""What a caller did wrong, or we can't do now, as RFC 9457 problem documents.

Problem                the answer is this document instead
├── BadParameters      400: parameters that can't be right, each named
├── NotFound           404: there is nothing of that name
├── Unauthenticated    401: no token, or a wrong one
├── Forbidden          403: asked from a place that may not
├── TooManyAttempts    429: wrong tokens, again and again
└── NotReady           503: data can't be taken or answers given at this moment
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from http import HTTPStatus

from pydantic import BaseModel

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one parameter or field, as a sentence."""

    field: str
    detail: str


class FieldErrorJson(BaseModel):
    """What is wrong with one parameter or field."""

    field: str
    detail: str


class ProblemJson(BaseModel):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldErrorJson] | None = None


class Problem(Exception):
    """Ends a request: `detail` says in a sentence what is wrong and what to do."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    slug = ""

    def __init__(
        self,
        detail: str,
        *,
        status: HTTPStatus | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status or self.status
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def document(self) -> ProblemJson:
        """What goes over the wire."""
        return ProblemJson(
            type=f"urn:triage:problem:{self.slug}" if self.slug else "about:blank",
            title=self.status.phrase,
            status=self.status.value,
            detail=self.detail,
            errors=[FieldErrorJson(field=e.field, detail=e.detail) for e in self.errors] or None,
        )

    def body(self) -> bytes:
        """The document as JSON; `errors` only where there are any."""
        return self.document().model_dump_json(exclude_none=True).encode()


class BadParameters(Problem):
    """Parameters that can't be right; each is named."""

    status = HTTPStatus.BAD_REQUEST
    slug = "bad-parameters"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.detail}" if e.field else e.detail for e in errors), errors=errors)


class NotFound(Problem):
    """There is nothing of that name."""

    status = HTTPStatus.NOT_FOUND


class Unauthenticated(Problem):
    """No token, or a wrong one."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="triage"'})


class Forbidden(Problem):
    """Asked from a place that may not."""

    status = HTTPStatus.FORBIDDEN
    slug = "wrong-origin"


class TooManyAttempts(Problem):
    """Wrong tokens, again and again."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"Too many wrong tokens from this address: try again in {retry_after_s} seconds.",
            headers={"Retry-After": str(retry_after_s)},
        )


def unknown_name(what: str, name: str, known: Sequence[str]) -> str:
    """A sentence about a name that nobody knows, with the nearest one that is known."""
    nearest = get_close_matches(name, known, n=1, cutoff=0.5)
    others = f"known are {', '.join(known)}." if known else "there are none here."
    hint = f"did you mean {nearest[0]!r}?" if nearest else others
    return f"there is no {what} {name[:60]!r}; {hint}"


class NotReady(Problem):
    """Data can't be taken or answers given at this moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, why: str) -> None:
        super().__init__(why, headers={"Retry-After": "2"})
