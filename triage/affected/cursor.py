"""Where a page of affected customers begins, as opaque text that pins the question."""

import base64
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from triage.model import Question

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
            return JSON.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValueError, ValidationError):
            raise ValueError(WRONG) from None


JSON = TypeAdapter(Cursor)
