"""Where a page of affected customers begins, as opaque text that pins the question."""

import base64
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from triage.model import Question
from triage.window import EARLIEST, LATEST, LONGEST_MS

WRONG = "this is no cursor of ours: take `next` of the page before as it is, or leave it out to start again"


@dataclass(frozen=True)
class Cursor:
    """A question as it was first asked, and the last customer shown (-1 failures: none yet)."""

    question: Question
    after_failures: int = -1
    after_customer: str = ""

    def written(self) -> str:
        """As text."""
        return base64.urlsafe_b64encode(JSON.dump_json(self)).rstrip(b"=").decode()

    @staticmethod
    def read(text: str) -> "Cursor":
        """From text. Raises ValueError with a sentence."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            cursor = JSON.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValueError, ValidationError):
            raise ValueError(WRONG) from None
        if not _can_be_asked(cursor):
            raise ValueError(WRONG)
        return cursor


def _can_be_asked(cursor: Cursor) -> bool:
    """Whether it is a question, and the store can be told all of it."""
    question = cursor.question
    moments = (question.from_, question.to, question.as_of or question.to)
    return (
        all(moment.tzinfo is not None and EARLIEST <= moment < LATEST for moment in moments)
        and question.from_ < question.to
        and 0 <= (question.slower_than_ms or 0) <= LONGEST_MS
        and abs(cursor.after_failures) < 1 << 63
    )


JSON = TypeAdapter(Cursor)
