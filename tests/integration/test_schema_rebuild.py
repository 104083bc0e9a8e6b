"""A rollup can be made again from the base tables, and answers as before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from queries import rebuild, schema
from queries.errors import StoreBusy
from queries.store import Store
from tests.integration.command import triage
from tests.integration.exactly_once import prints
from tests.integration.otlp import SECOND, T0, attributes, logs, segment, span, token, traces
from tests.integration.tables import counts
from tests.integration.test_landing_once import DAY, note, shopping
from tests.loading import empty
from triage.cli import main

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_only_the_days_asked_for_are_made_again",)

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
ODD_TIMES = [0, 915_148_799 * SECOND, T0 - 3 * DAY, T0 + 9 * 3600 * SECOND, 4_500_000_000 * SECOND, 2**63 - 1]


@pytest.fixture(scope="module")
def telemetry(store: Store) -> Store:
    """Some days of it, late and misdated rows too; each trace came in one request."""
    odd = [traces(*shopping(n, start)) for n, start in enumerate(ODD_TIMES, 100)]
    nameless = traces(span(1, 900), span(2, 901, parent=7, attributes=attributes({"user.id": "u-9"})))
    alone = traces(span(1, 0, attributes=attributes({"order.id": "o-1", "customer.id": "c-1"})))
    store.insert("traces", segment(*(traces(*shopping(n)) for n in range(1, 30)), *odd, nameless, alone), token())
    store.insert("traces", segment(*(traces(*shopping(n, T0 + DAY)) for n in range(30, 40))), token())
    store.insert("logs", segment(*(logs(note(n, T0 + n * SECOND)) for n in range(1, 20)), logs(note(700, 0))), token())
    return store


def test_every_rollup_is_known_by_name_and_can_be_made_again(telemetry: Store):
    """After losing all rows each of them is what it was; those that hang on it are not fed a second time."""
    before = prints(telemetry)
    again = rebuild.rollups()
    assert set(again) == set(before) - {"arrivals"}
    for name in again:
        telemetry.command(f"TRUNCATE TABLE {name} SYNC")
    for name in again:
        made = rebuild.rebuild(telemetry, name)
        assert made >= before[name][0] > 0, name
    assert prints(telemetry) == before


def test_making_it_again_changes_nothing_that_was_right(telemetry: Store):
    """However often."""
    before = prints(telemetry)
    for name in ("otel_traces_trace_id_ts", "mentions", "services"):
        for _ in range(2):
            rebuild.rebuild(telemetry, name)
    assert prints(telemetry) == before


def test_only_the_days_asked_for_are_made_again(telemetry: Store):
    """Earlier ones stay as they are: here, away."""
    for name, column in (("failures", "Filed"), ("otel_traces_trace_id_ts", "Bucket")):
        whole = telemetry.select(
            f"SELECT * EXCEPT Received FROM {name} WHERE toDate({column}) >= '2026-09-21' ORDER BY ALL"
        )
        telemetry.command(f"TRUNCATE TABLE {name} SYNC")
        rebuild.rebuild(telemetry, name, NOON)
        assert telemetry.select(f"SELECT * EXCEPT Received FROM {name} ORDER BY ALL").equals(whole), name
        rebuild.rebuild(telemetry, name)
        days = telemetry.select(f"SELECT uniqExact(toDate({column})) AS n FROM {name}")
        assert days["n"][0] == 5


def test_a_day_whose_spans_have_expired_is_left_as_it_is(telemetry: Store):
    """The rollup is kept for longer than what it is made of: what cannot be made again is not thrown away."""
    telemetry.command(
        "INSERT INTO failures (Timestamp, Filed, TraceId, Customer, Received) "
        "VALUES ('2026-09-18 00:00:00', '2026-09-18 00:00:00', 'gone', 'c-gone', today() - 14)"
    )
    before = telemetry.select("SELECT * FROM failures ORDER BY ALL")
    rebuild.rebuild(telemetry, "failures")
    assert telemetry.select("SELECT * FROM failures ORDER BY ALL").equals(before)
    rebuild.rebuild(telemetry, "failures", retention=schema.Retention(retention_traces_days=15))
    assert telemetry.select("SELECT count() AS n FROM failures WHERE TraceId = 'gone'")["n"][0] == 0


def test_what_the_settings_say_now_holds_for_what_came_before(telemetry: Store):
    """Other keys name a customer: made again, the rollups name by them."""
    schema.apply(telemetry, meanings=schema.Meanings(customer=("order.id",)))
    rebuild.rebuild(telemetry, "mentions")
    named = telemetry.select("SELECT DISTINCT unpacked(Mention)[1] AS Customer FROM mentions")["Customer"]
    schema.apply(telemetry)
    rebuild.rebuild(telemetry, "mentions")
    assert named.len() > 0
    assert named.str.starts_with("o-").all()


def test_rows_keep_the_day_on_which_they_came(telemetry: Store):
    """Else making a rollup again would keep it for longer."""
    telemetry.command(
        "INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ServiceName, StatusCode, Received) "
        "VALUES ('2026-09-18 00:00:00', 'late', 's', 'shop', 'Error', today() - 5)"
    )
    rebuild.rebuild(telemetry, "failures")
    found = telemetry.select("SELECT toUInt16(today() - Received) AS days FROM failures WHERE TraceId = 'late'")
    assert found["days"].to_list() == [5]


def test_telemetry_that_arrives_meanwhile_is_not_lost(telemetry: Store, monkeypatch: pytest.MonkeyPatch):
    """It begins anew; and says so, changing nothing, if that does not end."""
    beside = rebuild._beside

    @contextmanager
    def interrupted(store: Store, name: str) -> Iterator[str]:
        with beside(store, name) as fresh:
            store.insert("traces", segment(traces(*shopping(10_000))), token())
            yield fresh

    monkeypatch.setattr(rebuild, "_beside", interrupted)
    with pytest.raises(StoreBusy, match="telemetry arrived while failures was filled again"):
        rebuild.rebuild(telemetry, "failures")
    monkeypatch.setattr(rebuild, "_beside", beside)
    before = counts(telemetry)
    rebuild.rebuild(telemetry, "failures")
    assert counts(telemetry) == before


def test_telemetry_that_arrives_at_the_last_moment_is_not_lost_either(
    telemetry: Store, monkeypatch: pytest.MonkeyPatch
):
    """After the last look, and before the old rows are gone."""
    take_place, late = rebuild._take_place, iter([10_001])

    def interrupted(store: Store, name: str, fresh: str, days: set[str]) -> int:
        for number in late:
            store.insert("traces", segment(traces(*shopping(number))), token())
        return take_place(store, name, fresh, days)

    monkeypatch.setattr(rebuild, "_take_place", interrupted)
    rebuild.rebuild(telemetry, "failures")
    found = telemetry.select("SELECT count() AS n FROM failures WHERE Customer = 'c-10001'")
    assert found["n"][0] == 1


@pytest.mark.parametrize(
    "name", ["nothing", "otel_traces", "span_facts", "arrivals", "failures; DROP TABLE failures", ""]
)
def test_what_is_no_rollup_is_refused(store: Store, name: str):
    """With the names that there are."""
    with pytest.raises(ValueError, match=r"no rollup .* there are failures, .* trace_parts"):
        rebuild.rebuild(store, name)


def test_with_nothing_to_make_it_of_it_is_empty(store: Store):
    """And that is no error."""
    empty(store)
    assert rebuild.rebuild(store, "failures") == 0


def test_the_command_says_what_it_made(tmp_path: Path):
    """`triage schema rebuild NAME --from T`."""
    said = triage("schema", "rebuild", "failures", "--from", "7d", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, "Filled failures again: 0 rows.\n")


def test_the_tables_are_shown_unless_something_else_is_asked_for(capsys: pytest.CaptureFixture[str]):
    """`triage schema` is `triage schema show`."""
    assert main(["schema", "show"]) == 0
    shown = capsys.readouterr().out
    assert "CREATE TABLE" in shown
    assert (main(["schema"]), capsys.readouterr().out) == (0, shown)


WRONG = {
    ("rebuild",): "a rollup's name",
    ("apply", "--from", "7d"): "go with rebuild",
    ("--from", "7d"): "go with rebuild",
    ("rebuild", "nothing"): "there are failures",
    ("rebuild", "failures", "--from", "7x"): "'7x' is no time",
}


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    """In a line, before it opens anything, with the exit status for wrong usage."""
    assert main(["schema", *arguments]) == 2
    said = capsys.readouterr().err
    assert WRONG[arguments] in said
    assert len(said.splitlines()) == 1
