"""What the page of who was hit says first."""

from datetime import UTC, datetime

import pytest

from dashboards.pages.wording import completeness, headline
from triage.model import Affected, Question

FROM, TO = datetime(2026, 11, 22, 10, tzinfo=UTC), datetime(2026, 11, 22, 11, tzinfo=UTC)


def answer(customers: int, not_recovered: int, recovered: int, slower_than_ms: float | None = 2_000) -> Affected:
    question = Question(FROM, TO, service="checkout", slower_than_ms=slower_than_ms)
    return Affected(
        question, TO, customers, not_recovered, recovered, 0, 9, 5, 0, 0, 1.0, {}, True, None, TO, 1.0, (), None
    )  # fmt: skip


@pytest.mark.parametrize(
    ("customers", "not_recovered", "recovered", "said"),
    [
        (47, 27, 20, "; 27 have not had a quick answer since."),
        (2, 2, 0, "; none of them has had a quick answer since."),
        (2, 0, 2, "; all of them have had a quick answer since."),
    ],
)
def test_whom_slowness_hit_got_through(customers: int, not_recovered: int, recovered: int, said: str) -> None:
    """They waited: whether they have had a quick answer since is what counts."""
    assert headline(answer(customers, not_recovered, recovered)).endswith(said)
    failed = headline(answer(customers, not_recovered, recovered, None))
    assert failed.endswith(said.replace("had a quick answer", "got through"))


def test_what_took_too_long_did_not_fail() -> None:
    """Neither where all name their customers, nor where none does."""
    assert completeness(answer(2, 2, 0)) == "Every one of the 9 slow spans names its customer."
    assert "None of the 9 slow spans caused by" in headline(answer(0, 0, 0))
