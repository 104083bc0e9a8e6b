"""Every question that there is runs as it is written, on empty tables and on full ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from queries import catalogue
from queries.store import Store, Value
from tests.integration.otlp import T0, segment, token, traces
from tests.integration.test_landing_once import bodies, shopping

pytestmark = pytest.mark.integration
OVER_HTTP = ("test_it_runs_on_telemetry",)

NAMES = tuple(catalogue.names())
AT = datetime.fromtimestamp(T0 / 1e9, UTC)
VALUES: tuple[tuple[str, Value], ...] = (  # by the beginning of the type; the first that fits
    ("DateTime", AT),
    ("Date", AT.strftime("%Y-%m-%d")),
    ("Array(String)", ["a", "0" * 31 + "1"]),
    ("Array(Array(String))", [["a"], ["b"]]),
    ("Array(UInt", [1, 2]),
    ("Array(Int", [1, 2]),
    ("String", ""),
    ("Bool", True),
    ("UInt", 100),
    ("Int", -1),
    ("Float", 0.5),
    ("Nullable(", ""),
)


def plausible(name: str, kind: str) -> Value:
    """A value of the type; times make a window around the telemetry."""
    if kind.startswith("DateTime") and name in {"from", "before", "since", "after"}:
        return AT - timedelta(hours=1)
    if kind.startswith("DateTime"):
        return AT + timedelta(hours=1)
    return next(value for prefix, value in VALUES if kind.startswith(prefix))


def ask(store: Store, name: str) -> int:
    """Rows of the answer."""
    parameters = {each: plausible(each, kind) for each, kind in catalogue.question(name).parameters.items()}
    return store.ask(name, **parameters).height


@pytest.fixture(scope="module")
def filled(store: Store) -> Store:
    """The same store, after some telemetry of each kind."""
    for landing, body in bodies().items():
        store.insert(landing, body, token())
    store.insert("traces", segment(*(traces(*shopping(n)) for n in range(10, 30))), token())
    return store


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_empty_tables(store: Store, name: str):
    """The first minute of the program's life."""
    ask(store, name)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_telemetry(filled: Store, name: str):
    """With values of the types that it names."""
    ask(filled, name)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_asks_what_it_takes_and_what_a_row_is(name: str):
    """The heading: the question in a sentence, every parameter, and the grain."""
    question = catalogue.question(name)
    heading = question.heading.replace("\n-- ", " ")
    assert "?" in heading
    assert "ne row" in heading
    assert [each for each in question.parameters if each not in heading] == []
