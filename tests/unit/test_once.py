"""Equal questions within one page, or one pass, are asked once."""

from datetime import UTC, datetime

import polars as pl

from queries.store import Value
from triage.once import once

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_equal_questions_are_asked_once_and_others_each() -> None:
    """A list is equal to another of the same values, lists of lists included."""
    asked: list[str] = []

    def ask(name: str, /, **parameters: Value) -> pl.DataFrame:
        asked.append(f"{name} {parameters}")
        return pl.DataFrame({"place": [len(asked)]})

    door = once(ask)
    first = door("kpi/kept_until", kpis=["a", "b"], to=NOON)
    assert door("kpi/kept_until", to=NOON, kpis=["a", "b"]) is first
    assert door("kpi/kept_until", kpis=["a"], to=NOON)["place"][0] == 2
    assert door("kpi/kept", kpis=["a", "b"], to=NOON)["place"][0] == 3
    nested = door("kpi/counters", keys=[["a"], []])
    assert door("kpi/counters", keys=[["a"], []]) is nested
    assert len(asked) == 4
