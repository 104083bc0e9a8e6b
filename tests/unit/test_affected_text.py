"""The answer as a person reads it in a terminal."""

from datetime import UTC, datetime

from triage.affected.text import ROW, affected_text, sentence
from triage.model import Outcome
from triage.wire import AffectedJson, CustomerJson, EvidenceJson, QuestionJson


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 22, hour, minute, second, tzinfo=UTC)


def asked(**limits: object) -> QuestionJson:
    nothing = dict.fromkeys(("service", "operation", "route", "partner", "version", "slower_than_ms", "incident"))
    return QuestionJson.model_validate(nothing | limits)


def customer(
    name: str, outcome: Outcome = Outcome.NOT_RECOVERED, error: str = "TimeoutError: no answer"
) -> CustomerJson:
    evidence = EvidenceJson(
        trace_id="0af7651916cd43dd8448eb211c80319c",
        span_id="b7ad6b7169203331",
        time=at(10, 2),
        service="payment",
        operation="POST /charge",
        error=error,
    )
    return CustomerJson(
        customer=name,
        failures=2,
        first=at(10, 2),
        last=at(10, 7, 30),
        outcome=outcome,
        recovered_at=None,
        last_attempt=at(10, 7, 30),
        orders=["o-9"],
        amount={"EUR": 49.9},
        evidence=[evidence],
    )


def answer(*items: CustomerJson, question: QuestionJson | None = None, **figures: object) -> AffectedJson:
    count = {"customers": len(items), "not_recovered": len(items), "recovered": 0, "masked": 0}
    failures = {"failures": 2 * len(items), "failed_requests": 2 * len(items)}
    unknown = {"unattributed_failures": 0, "ambiguous_failures": 0, "attribution": 1.0 if items else None}
    rest = {"amount_at_risk": {}, "exact": True, "caveat": None, "computed_at": at(11), "took_ms": 41.0, "next": None}
    window = {"from": at(10), "to": at(11), "as_of": at(11), "question": question or asked(service="payment")}
    whole = count | failures | unknown | rest | window | {"items": list(items)}
    return AffectedJson.model_validate(whole | figures)


def test_the_sentence_comes_first_and_has_the_figures() -> None:
    """Who was hit by what and when, and how they are."""
    figures = {"customers": 4151, "not_recovered": 212, "recovered": 3100, "masked": 839}
    assert sentence(answer(customer("c-1"), question=asked(service="payment", version="2.4.0"), **figures)) == (
        "4,151 customers were affected by failures in payment of version 2.4.0 between 2026-11-22 10:00:00 and 11:00:00"
        " UTC: 212 not recovered, 3,100 recovered, 839 never noticed."
    )


def test_slowness_is_named_as_such() -> None:
    """What took too long, and from when on that is."""
    words = sentence(answer(customer("c-1"), question=asked(route="/checkout", slower_than_ms=1500)))
    assert words.startswith("1 customer was affected by anything slower than 1,500 ms on route /checkout between")
    assert "anything slower than 1,234,567.5 ms" in sentence(answer(question=asked(slower_than_ms=1234567.5)))


def test_what_is_counted_is_called_what_it_is() -> None:
    """Spans that were slow did not fail, nor did changes of rows, which no request tells of."""
    slow = list(affected_text(answer(customer("c-1"), question=asked(slower_than_ms=1500))))
    assert slow[1] == "2 slow spans in 2 requests · 100 % of them name their customer"
    assert "SLOW" in slow[3]
    rows = list(affected_text(answer(customer("c-1"), question=asked(incident="INC-1")), counted=ROW))
    assert rows[1] == "2 wrong row changes"
    assert "ROWS" in rows[3]
    for lines in (slow, rows):
        assert not any("failure" in line.lower() for line in lines)


def test_nobody_hit_is_not_the_same_as_nobody_named() -> None:
    """Failures that name nobody are told, and no zero is shown for them; nor is silence called calm."""
    said, doubt = affected_text(answer())
    assert said.startswith("No customer was affected by failures in payment between")
    assert doubt.startswith("No span matches, as far as telemetry arrived: `triage doctor` says")
    lines = list(affected_text(answer(failures=7, failed_requests=7, unattributed_failures=7, attribution=0.0)))
    assert lines[0].startswith("No customer can be named for failures in payment between")
    assert lines[1:] == [
        "7 failures in 7 requests · 0 % of them name their customer",
        "7 failures could not be attributed to any customer",
    ]


def test_the_table_shows_each_customer_with_evidence() -> None:
    """Name, outcome, times, amount, order, trace and error, one line each."""
    lines = list(affected_text(answer(customer("c-17"), customer("K/17@é", Outcome.MASKED))))
    headings = lines[3].split()
    assert headings[:4] == ["CUSTOMER", "OUTCOME", "FAILURES", "FIRST"]
    assert lines[4].split("  ")[0] == "c-17"
    assert "● not recovered" in lines[4]
    assert "49.90 EUR" in lines[4]
    assert lines[4].endswith("0af7651916cd43dd8448eb211c80319c  payment POST /charge: TimeoutError: no answer")
    assert "○ never noticed" in lines[5]


def test_a_list_that_is_not_whole_says_so() -> None:
    """How many more there are."""
    last = list(affected_text(answer(customer("c-1"), customers=4151)))[-1]
    assert last == "… and 4,150 more"


def test_what_telemetry_says_stays_on_its_line() -> None:
    """Names and errors with control characters are written out."""
    lines = list(affected_text(answer(customer("c\x1b[2J", error="first\nsecond"))))
    assert len(lines) == 5
    assert "c\\x1b[2J" in lines[4]
    assert "first\\nsecond" in lines[4]


def test_an_answer_that_is_not_exact_says_why() -> None:
    """With the caveat's own words."""
    lines = list(affected_text(answer(customer("c-1"), exact=False, caveat="payment samples 1 in 10 traces")))
    assert "Not exact: payment samples 1 in 10 traces" in lines
