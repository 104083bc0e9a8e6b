"""Asking the store: typed answers, parameters that stay values, and questions of several steps."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from queries import catalogue
from queries.errors import QueryFailed, QueryTooExpensive
from queries.store import Limits, Store, Value

pytestmark = pytest.mark.integration

Write = Callable[[str], str]
_numbers = itertools.count()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Makes a question of a `.sql` text; its name."""
    monkeypatch.setattr(catalogue, "ROOT", tmp_path)

    def written(sql: str) -> str:
        name = f"question_{next(_numbers)}"
        (tmp_path / f"{name}.sql").write_text(sql)
        return name

    return written


TYPES = """
    SELECT
        toUInt64(18446744073709551615) AS big,
        toInt64(-9007199254740993) AS small,
        0.5 AS half,
        true AS yes,
        'text ☃' AS text,
        toLowCardinality('word') AS word,
        toDateTime64('2026-01-02 03:04:05.123456789', 9, 'UTC') AS moment,
        toDate('2026-01-02') AS day,
        toDecimal64('12.3400', 4) AS price,
        CAST(NULL, 'Nullable(UInt32)') AS missing,
        CAST([1, 2], 'Array(UInt16)') AS list,
        CAST([], 'Array(String)') AS empty,
        CAST([(1, moment)], 'Array(Tuple(n UInt8, at DateTime64(9, \\'UTC\\')))') AS pairs
"""


def test_answers_are_typed(store: Store, write: Write):
    """Integers whole, moments to the nanosecond and in UTC, decimals exact, lists and records as such."""
    name = write(TYPES)
    answer = store.ask(name)
    nanoseconds = pl.Datetime("ns", "UTC")
    assert dict(answer.schema) == {
        "big": pl.UInt64,
        "small": pl.Int64,
        "half": pl.Float64,
        "yes": pl.Boolean,
        "text": pl.String,
        "word": pl.String,
        "moment": nanoseconds,
        "day": pl.Date,
        "price": pl.Decimal(18, 4),
        "missing": pl.UInt32,
        "list": pl.List(pl.UInt16),
        "empty": pl.List(pl.String),
        "pairs": pl.List(pl.Struct({"n": pl.UInt8, "at": nanoseconds})),
    }
    row = answer.row(0, named=True)
    assert (row["big"], row["small"], row["price"]) == (2**64 - 1, -(2**53) - 1, Decimal("12.34"))
    assert (row["text"], row["word"], row["missing"], row["empty"]) == ("text ☃", "word", None, [])
    assert answer["moment"].dt.epoch("ns")[0] == 1_767_323_045_123_456_789
    (streamed,) = store.stream(name)
    assert streamed.schema == answer.schema
    assert streamed.equals(answer)


def test_an_answer_without_rows_still_has_its_columns(store: Store, write: Write):
    """The frame is empty, not shapeless."""
    answer = store.ask(write("SELECT 1 AS n, 'x' AS s WHERE 0"))
    assert (answer.height, answer.columns) == (0, ["n", "s"])
    assert sum(block.height for block in store.stream(write("SELECT 1 AS n WHERE 0"))) == 0


def test_a_list_of_everyone_may_take_longer_than_a_page(store: Store, write: Write):
    """So that it comes whole; asked for as a page, the same is stopped."""
    half_a_second = write(
        "SELECT count() AS n FROM numbers(10) WHERE sleepEachRow(0.05) = 0 SETTINGS max_block_size = 1"
    )
    with closing(Store.open(store.dsn, database=store.database, handles=1, limits=Limits(time_s=0.2))) as hasty:
        with pytest.raises(QueryTooExpensive):
            hasty.ask(half_a_second)
        assert [block["n"][0] for block in hasty.stream(half_a_second)] == [10]
        with pytest.raises(QueryTooExpensive):
            hasty.ask(half_a_second)


HOSTILE = [
    "'; DROP TABLE otel_traces; --",
    "\\'; DROP TABLE otel_traces; --",
    "' OR 1 = 1 --",
    "{other:String}",
    "{{x}}",
    "%s %(name)s %%",
    "$1 ${x} $x$",
    "back\\slash \\n \\0 \\x41",
    "new\nline\ttab\rreturn",
    "nul\0nul",
    "☃ é \U0001f6d2 \u202e",
    "\\N",
    "NULL",
    "",
    " ",
    '`x` "y"',
    "/* x */ -- y",
    "x" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:20]) for text in HOSTILE])
def test_a_text_stays_the_value_that_it_is(store: Store, write: Write, text: str):
    """It is bound by the server, alone and in a list; none of it is read as SQL."""
    name = write("SELECT {text:String} AS text, {texts:Array(String)} AS texts, length({text:String}) AS bytes")
    row = store.ask(name, text=text, texts=["first", text]).row(0, named=True)
    assert row == {"text": text, "texts": ["first", text], "bytes": len(text.encode())}


PLUS_TWO = timezone(timedelta(hours=2))
VALUES: list[tuple[str, Value, object]] = [
    ("Int64", -(2**63), -(2**63)),
    ("UInt64", 2**64 - 1, 2**64 - 1),
    ("UInt8", 0, 0),
    ("Bool", True, True),
    ("Float64", 0.1, 0.1),
    ("Float64", -1e300, -1e300),
    ("Float64", math.inf, math.inf),
    ("Float64", 7, 7.0),
    ("Array(String)", [], []),
    ("Array(UInt64)", (1, 2**63), [1, 2**63]),
    ("Array(Int64)", [], []),
    (
        "DateTime64(9, 'UTC')",
        datetime(2026, 1, 2, 3, 4, 5, 123456, UTC),
        datetime(2026, 1, 2, 3, 4, 5, 123456, UTC),
    ),
    ("DateTime64(6, 'UTC')", datetime(2026, 1, 2, 3, 0, tzinfo=PLUS_TWO), datetime(2026, 1, 2, 1, 0, tzinfo=UTC)),
    ("DateTime64(9, 'UTC')", datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
    ("DateTime64(9, 'UTC')", datetime(1900, 1, 1, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize(("kind", "value", "expected"), VALUES, ids=[f"{v[0]} {v[1]}" for v in VALUES])
def test_a_value_of_any_type_is_bound(store: Store, write: Write, kind: str, value: Value, expected: object):
    """Nothing is lost on the way there and back."""
    answer = store.ask(write(f"SELECT {{value:{kind}}} AS value"), value=value)
    assert answer["value"].to_list() == [expected]


def test_parameters_must_be_those_that_the_question_names(store: Store, write: Write):
    """Neither more nor fewer: the error says which there are and which were given."""
    name = write("SELECT {a:String} AS a, {b:UInt8} AS b")
    for given in ({"a": "x"}, {"a": "x", "b": 1, "c": 2}, {"a": "x", "B": 1}, {}):
        with pytest.raises(TypeError, match=r"takes \['a', 'b'\], was given"):
            store.ask(name, **given)


def test_a_question_that_there_is_not_is_named(store: Store):
    """The error says where it was looked for."""
    with pytest.raises(KeyError, match=r"no question called 'affected/nobody'"):
        store.ask("affected/nobody")


def test_a_value_that_its_type_refuses_is_an_error_of_the_question(store: Store, write: Write):
    """Never a value cut short or read as something else."""
    with pytest.raises(QueryFailed):
        store.ask(write("SELECT {n:UInt8} AS n"), n="7; DROP")


STEPS = """
CREATE TEMPORARY TABLE small AS SELECT number AS n FROM numbers({rows:UInt64});

CREATE TEMPORARY TABLE squares AS SELECT n * n AS square, throwIf({fail:Bool}, 'as asked') AS t FROM small;

SELECT sum(square) AS total FROM squares;
"""


def test_a_question_of_several_steps_can_be_asked_again_and_again(store: Store, write: Write):
    """Its temporary tables are gone when it is answered, and when a step failed."""
    name = write(STEPS)
    for _ in range(6):
        assert store.ask(name, rows=4, fail=False)["total"].to_list() == [14]
        with pytest.raises(QueryFailed, match="as asked"):
            store.ask(name, rows=4, fail=True)
        assert [block["total"][0] for block in store.stream(name, rows=3, fail=False)] == [5]


BINDING = """
-- bind: most, is_any, name
SELECT max(number), count() > 0, 'it''s \\\\ {odd}' FROM numbers({rows:UInt64});

-- if: is_any
CREATE TEMPORARY TABLE upto AS SELECT number AS n FROM numbers({most:UInt64});

SELECT {most:UInt64} AS most, {name:String} AS name, EXISTS(SELECT 1 FROM numbers({rows:UInt64})) AS was_any;
"""


def test_a_step_s_values_are_parameters_of_the_later_ones(store: Store, write: Write):
    """They are asked once, arrive as they are, and say which steps are left out; a caller does not give them."""
    name = write(BINDING)
    assert catalogue.question(name).parameters == {"rows": "UInt64"}
    assert store.ask(name, rows=5).row(0) == (4, "it's \\ {odd}", 1)
    assert store.ask(name, rows=0).row(0) == (0, "it's \\ {odd}", 0)


def test_steps_asked_side_by_side_do_not_meet(store: Store, write: Write):
    """Each handle has temporary tables of its own."""
    name = write(STEPS)
    wrong: list[tuple[int, int]] = []

    def ask(rows: int) -> None:
        for _ in range(5):
            total = store.ask(name, rows=rows, fail=False)["total"][0]
            if total != sum(n * n for n in range(rows)):
                wrong.append((rows, total))

    threads = [threading.Thread(target=ask, args=(rows,)) for rows in range(10, 18)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


def test_a_million_rows_come_in_blocks(store: Store, write: Write):
    """All of them, in order, and no more of them unpacked at a time than a block or two."""
    name = write(
        "SELECT number AS n, concat('c-', toString(number)) AS customer, repeat('figures on each row ', 20) AS figures "
        "FROM numbers(1000000) SETTINGS max_threads = 1"  # in order with no sort
    )
    before, most, n, size, largest = pa.total_allocated_bytes(), 0, 0, 0, 0
    for block in store.stream(name):
        assert block["n"][0] == n
        n += block.height
        size += int(block.estimated_size())
        largest = max(largest, int(block.estimated_size()))
        most = max(most, pa.total_allocated_bytes() - before)
    assert n == 1_000_000
    assert largest / 2 < most < size / 5  # the rows lie where it is measured, and few of them
