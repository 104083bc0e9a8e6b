"""The file of business figures: what it says, and the sentence that a mistake gets."""

from pathlib import Path

import pytest

from triage.kpi.figures import Good, Kind, Kpi, Signal, Source
from triage.kpi.named import KPIS, shipped
from triage.kpi.read import KpiError, LiveKpis, read_kpis

ODD_KEYS = ("2026: x\nkpis: []", "on: x\nkpis: []", "~: x\nkpis: []", "kpis: [{2026: x}]")
RATIO = "{name: r, kind: ratio, of: {metric: a}, by: {metric: b}}"


def test_the_shop_s_four_come_with_the_program() -> None:
    """Conversion, orders, visits and revenue."""
    assert [(kpi.name, kpi.kind) for kpi in shipped()] == [
        ("conversion", Kind.RATIO),
        ("orders", Kind.RATE),
        ("visits", Kind.RATE),
        ("revenue", Kind.SUM),
    ]


def test_a_figure_is_read_as_it_is_written() -> None:
    """From each signal, with filters."""
    text = """
kpis:
  - name: revenue_eur
    kind: sum
    of:
      span: POST /orders
      service: checkout
      where: {currency: EUR, retry: 0, test: false, country: NO, zip: 0123}
      value: total
      failed: false
    unit: EUR
    good: up
    owner: sales
  - {name: refunds, kind: rate, of: {log: refund issued}, good: down}
"""
    where = (("country", "NO"), ("currency", "EUR"), ("retry", "0"), ("test", "false"), ("zip", "0123"))
    of = Source(Signal.SPAN, "POST /orders", "checkout", where, "total", False)
    assert read_kpis(text) == (
        Kpi("revenue_eur", Kind.SUM, of, "EUR", None, Good.UP, "sales"),
        Kpi("refunds", Kind.RATE, Source(Signal.LOG, "refund issued"), "/min", None, Good.DOWN),
    )
    assert KPIS.validate_json(KPIS.dump_json(read_kpis(text))) == read_kpis(text)


@pytest.mark.parametrize(
    ("row", "unit"),
    [
        (RATIO, "1"),
        (RATIO.replace("{n", "{unit: '%', n"), "1"),
        (RATIO.replace("{n", "{unit: EUR, n"), "EUR"),
        ("{name: r, kind: rate, of: {metric: a}}", "/min"),
        ("{name: r, kind: rate, of: {metric: a}, unit: 1}", "/min"),
        ("{name: r, kind: sum, of: {metric: a}, unit: 1}", ""),
        ("{name: r, kind: gauge, of: {metric: a}}", ""),
        ("{name: r, kind: gauge, of: {metric: a}, unit: '%'}", "%"),
    ],
)
def test_only_a_ratio_is_a_share(row: str, unit: str) -> None:
    """Told in percent; what has no unit is a plain number."""
    assert [kpi.unit for kpi in read_kpis(f"kpis: [{row}]")] == [unit]


@pytest.mark.parametrize("text", ["kpis: []", "kpis:"])
def test_there_may_be_none(text: str) -> None:
    """An empty list."""
    assert read_kpis(text) == ()


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("{kind: sum, of: {metric: a}}", "kpi 1: it lacks 'name'"),
        (
            "{name: a b, kind: sum, of: {metric: a}}",
            "kpi 'a b': name: a name is made of letters, digits, _ . and -, at most 64",
        ),
        ("{name: r, kind: mean, of: {metric: a}}", "kpi 'r': kind: input should be 'ratio', 'rate', 'sum' or 'gauge'"),
        ("{name: r, kind: sum, of: {mteric: a}}", "kpi 'r': of: there is no key 'mteric'; the nearest is metric"),
        ("{name: r, kind: sum, of: {metric: a}, goood: up}", "kpi 'r': there is no key 'goood'; the nearest is good"),
        ("{name: r, kind: sum, ofs: {metric: a}}", "kpi 'r': there is no key 'ofs'; the nearest is of"),
        ("{name: r, kind: sum, of: orders}", "kpi 'r': of: write keys and values here, such as {name: value}"),
        ("{name: r, kind: sum, of: {span: a, failed: maybe}}", "kpi 'r': of.failed: write true or false"),
        ("{name: r, kind: sum, of: {service: a}}", "kpi 'r': of: name one of metric, span and log"),
        ("{name: r, kind: sum, of: {metric: a, log: b}}", "kpi 'r': of: name one of metric, span and log"),
        (
            "{name: r, kind: sum, of: {metric: a, value: b}}",
            "kpi 'r': of: value and failed go with span and log; a metric has its own value",
        ),
        (
            "{name: r, kind: ratio, of: {metric: a}}",
            "kpi 'r': a ratio needs by, what it is a share of; no other kind has it",
        ),
        (
            "{name: r, kind: sum, of: {metric: a}, by: {metric: b}}",
            "kpi 'r': a ratio needs by, what it is a share of; no other kind has it",
        ),
        (
            "{name: r, kind: gauge, of: {log: a}}",
            "kpi 'r': a gauge of spans or logs needs value, the attribute that it is the mean of",
        ),
        (f"{RATIO}, {RATIO}", "two figures are called 'r': give each its own name"),
    ],
)
def test_a_mistake_gets_a_sentence(rows: str, sentence: str) -> None:
    """Which figure, which key, and what would be right."""
    with pytest.raises(KpiError) as caught:
        read_kpis(f"kpis: [{rows}]", "kpis.yaml")
    assert str(caught.value) == f"kpis.yaml: {sentence}"


@pytest.mark.parametrize(
    "text", ["", "- a", "kpis: 5", "kpis: [5]", "kpis: [{name: [", "other: 1", "\x00", "kpis: []\nkpis: []", *ODD_KEYS]
)
def test_what_is_no_such_file_is_said_to_be_none(text: str) -> None:
    """No traceback, whatever it holds."""
    with pytest.raises(KpiError, match=r"^kpis.yaml"):
        read_kpis(text, "kpis.yaml")


def test_a_figure_that_is_only_renamed_keeps_its_values() -> None:
    """Its digest is of what it is made from."""
    one, other, changed = (
        read_kpis(f"kpis: [{{name: {name}, kind: {kind}, of: {{metric: {metric}}}}}]")[0]
        for name, kind, metric in (("a", "sum", "m"), ("b", "rate", "m"), ("a", "sum", "n"))
    )
    assert one.digest == other.digest != changed.digest


def test_a_change_takes_effect_and_a_broken_one_does_not(tmp_path: Path) -> None:
    """The figures before stay in force, and the problem is said."""
    file = tmp_path / "kpis.yaml"
    file.write_text(f"kpis: [{RATIO}]")
    live = LiveKpis(file)
    assert [kpi.name for kpi in live.current] == ["r"]
    file.write_text("kpis: [{name: r}]")
    assert [kpi.name for kpi in live.current] == ["r"]
    assert "kpi 'r': it lacks 'kind'" in live.problem
    file.write_text("kpis: []")
    assert live.current == ()
    assert not live.problem
