"""Everyone as CSV, made of whole blocks: what single customers would be written as; slow ones say how slow."""

import csv
import io
from datetime import timedelta

import pytest

from queries.store import Store
from tests.integration import small_shop
from tests.integration.otlp import SECOND, T0, attributes, segment, span, token, traces
from tests.integration.small_shop import ERROR, FROM
from triage.affected import csv_file
from triage.affected.answer import everyone
from triage.affected.csv_file import everyone_csv
from triage.affected.sheet import Sheet, csv_lines
from triage.model import Question

pytestmark = pytest.mark.integration

LATER = FROM + timedelta(hours=2)
HOUR = Question(from_=FROM, to=FROM + timedelta(hours=1), as_of=LATER)
NAMES = (
    "=1+1",
    "@x",
    "+49 30 1",
    "+cmd",
    "-3",
    "-x",
    "a;b",
    'say "hi"',
    "two\nlines",
    "tab\tbed",
    "comma,",
    "",
    "é\u202e",
    "c",
)
CURRENCIES = (("1.5", "EUR"), ("2", "USD"), ("0", "EUR"), ("3.25", ""), ("1.5", "EUR"))


@pytest.fixture(scope="module")
def store(own_store: Store) -> Store:
    small_shop.fill(own_store)
    spans = [
        span(
            number + 1,
            0x1000 + number,
            0,
            T0 + number * SECOND // 3,
            took=1_900_000_000 if number == 4 else 5_000_000,
            status=None if number == 4 else ERROR,
            attributes=attributes(
                {"customer.id": name, "order.id": f"o-{number % 3}", "order.amount": amount, "order.currency": currency}
            ),
        )
        for number, (name, (amount, currency)) in enumerate(zip(NAMES * 5, CURRENCIES * 14, strict=True))
    ]
    own_store.insert("traces", segment(traces(*spans)), token())
    return own_store


@pytest.mark.parametrize("rows", [1, 4, 20_000])
def test_blocks_are_written_as_single_customers_would_be(
    store: Store, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times, orders, amounts in several currencies, names that a spreadsheet would run."""
    monkeypatch.setattr(csv_file, "ROWS", rows)
    sheet = Sheet.of(HOUR, LATER)
    written = list(csv.reader(io.StringIO("".join(everyone_csv(store, HOUR, sheet)), newline="")))
    expected = list(csv.reader(io.StringIO("".join(csv_lines(everyone(store, HOUR), sheet)), newline="")))
    assert len(written) == len(expected) > len(NAMES)
    assert written == expected


def test_an_amount_has_the_digits_that_it_needs(store: Store) -> None:
    """As docs/affected.md shows it: `49.9 EUR`, without the zeros that the store keeps."""
    rows = csv.DictReader(io.StringIO("".join(everyone_csv(store, HOUR, Sheet.of(HOUR, LATER))), newline=""))
    amounts = {part for row in rows for part in row["amount"].split("; ")}
    assert {"49.9 EUR", "1.5 EUR", "3.25 XXX", "2 USD"} <= amounts


def test_nobody_is_a_header(store: Store) -> None:
    """And nothing else."""
    asked = Question(from_=FROM, to=FROM + timedelta(hours=1), service="nobody")
    sheet = Sheet.of(asked, LATER)
    assert "".join(everyone_csv(store, asked, sheet)) == "".join(csv_lines((), sheet))


def test_a_slow_span_that_succeeded_says_how_long_it_took(store: Store) -> None:
    """One that failed says its error."""
    asked = Question(from_=FROM, to=FROM + timedelta(hours=1), slower_than_ms=4.9)
    told = {one.error for each in everyone(store, asked) for one in each.evidence}
    assert "took 1.9 s" in told
    assert "took 5 ms" in told
    assert "TimeoutError: no answer within 2 s" in told
