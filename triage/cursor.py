"""Where a page of affected customers begins, as opaque text that pins the question."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from triage.model import Question

WRONG = "this is no cursor of ours: take `next` of the page before as it is, or leave it out to start again"
TIMES = ("from_", "to", "as_of")


@dataclass(frozen=True)
class Cursor:
    """A question as it was first asked, and the last customer shown (-1 failures: none yet)."""

    question: Question
    after_failures: int = -1
    after_customer: str = ""

    def written(self) -> str:
        """As text."""
        asked = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in _told(self.question)
        }
        parts = [asked, self.after_failures, self.after_customer]
        return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).rstrip(b"=").decode()

    @staticmethod
    def read(text: str) -> Cursor:
        """From text. Raises ValueError with a sentence."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            asked, failures, customer = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            question = Question(**{k: datetime.fromisoformat(v) if k in TIMES else v for k, v in asked.items()})
            return Cursor(question, int(failures), str(customer))
        except (ValueError, TypeError, AttributeError, KeyError, binascii.Error, RecursionError):
            raise ValueError(WRONG) from None


def _told(question: Question) -> list[tuple[str, str | float | datetime]]:
    return [(name, value) for name, value in asdict(question).items() if value is not None]
