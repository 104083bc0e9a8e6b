"""Who is hit by an incident: the union over its symptoms, each customer once; and the changes suspected."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from tests.symptoms import T0, Passes, at, gateway_errors, other
from triage.incident.figures import figures, usual_until
from triage.incident.impact import on_rows, union
from triage.incident.model import Event, Impact, Kind, State
from triage.incident.naming import quantity
from triage.incident.questions import questions
from triage.model import AffectedCustomer, Outcome, Question
from triage.pleading import Change
from triage.suspects import ranked
from triage.window import Window


def hit(customer: str, failures: int, outcome: Outcome, *orders: str) -> AffectedCustomer:
    return AffectedCustomer(
        customer, failures, at(0), at(failures), outcome, at(60) if outcome is Outcome.RECOVERED else None, at(90),
        orders, {"EUR": Decimal(10 * len(orders))} if orders else {}, (),
    )  # fmt: skip


class TestUnion:
    def test_each_customer_once_with_the_worst_outcome(self) -> None:
        """Most failures first; whoever has not recovered from one thing has not recovered."""
        one = [hit("a", 1, Outcome.RECOVERED), hit("b", 1, Outcome.MASKED)]
        two = [hit("a", 2, Outcome.NOT_RECOVERED), hit("c", 1, Outcome.RECOVERED)]
        found = [(item.customer, item.failures, item.outcome.value, item.recovered_at) for item in union([one, two])]
        assert found == [
            ("a", 3, "not_recovered", None),
            ("b", 1, "masked", None),
            ("c", 1, "recovered", at(60)),
        ]

    def test_a_customer_is_hit_until_the_last_of_it_and_back_after_the_last(self) -> None:
        """Of two things from which they have recovered, the later failure and the later recovery."""
        one = hit("a", 5, Outcome.RECOVERED)
        two = replace(hit("a", 9, Outcome.RECOVERED), recovered_at=at(90))
        for lists in ([[one], [two]], [[two], [one]]):
            (whole,) = union(lists)
            assert (whole.last, whole.recovered_at) == (at(9), at(90))

    def test_an_order_that_both_tell_counts_once(self) -> None:
        """And orders that only one tells add up."""
        same = union([[hit("a", 1, Outcome.MASKED, "o-1")], [hit("a", 1, Outcome.MASKED, "o-1")]])
        apart = union([[hit("a", 1, Outcome.MASKED, "o-1")], [hit("a", 1, Outcome.MASKED, "o-2")]])
        assert [dict(item.amount) for item in (*same, *apart)] == [{"EUR": 10}, {"EUR": 20}]

    def test_orders_of_which_both_tell_some_count_once_each(self) -> None:
        """By what each is worth; where that is not known, by no less than what one of the two tells."""
        lists = [[hit("a", 1, Outcome.MASKED, *orders)] for orders in (("o-1", "o-2"), ("o-2", "o-3"), ("o-4",))]
        known = {f"o-{number}": {"EUR": Decimal(10)} for number in range(1, 5)}
        (whole,) = union(lists, lambda orders: {order: known[order] for order in orders})
        (least,) = union(lists)
        assert [dict(item.amount) for item in (whole, least)] == [{"EUR": 40}, {"EUR": 30}]

    def test_a_question_that_another_includes_is_not_asked_twice(self) -> None:
        """The narrower one adds nobody."""
        passes = Passes()
        narrow = replace(
            gateway_errors(), detector="x", question=Question(T0, at(30), service="payment", operation="p")
        )
        passes.look(30, gateway_errors(), narrow)
        (asked,) = questions(passes.only, at(60))
        assert (asked.service, asked.operation, asked.from_, asked.to) == ("payment", None, T0, at(60))

    def test_what_is_slow_is_no_part_of_what_fails(self) -> None:
        """Who only waited is in no question of failures, however wide."""
        passes = Passes()
        slow = Question(T0, at(30), service="payment", operation="p", slower_than_ms=100)
        passes.look(30, gateway_errors(), replace(gateway_errors(), detector="x", question=slow))
        asked = questions(passes.only, at(60))
        assert {each.slower_than_ms for each in asked} == {None, 100}

    def test_a_question_is_asked_for_the_time_in_which_no_wider_one_is(self) -> None:
        """So that no failing span is counted twice: before, between and after."""
        passes = Passes()
        narrow = replace(
            gateway_errors(), detector="x", question=Question(T0, at(30), service="payment", version="2.4.0")
        )
        first = replace(gateway_errors(), detector="y", from_=at(5), to=at(10))
        second = replace(gateway_errors(), detector="z", from_=at(20), to=at(30))
        passes.look(30, narrow, first, second)
        for wide in (first, second):
            passes.looks(40, 110, narrow, wide)
        asked = [(each.version, each.from_, each.to) for each in questions(passes.only, at(60))]
        assert sorted(asked, key=lambda each: each[1]) == [
            ("2.4.0", at(0), at(5)),
            (None, at(5), at(10)),
            ("2.4.0", at(10), at(20)),
            (None, at(20), at(30)),
            ("2.4.0", at(30), at(60)),
        ]

    def test_what_a_person_resolved_is_asked_for_until_then(self) -> None:
        """Though nobody saw its symptom end; whether failures tell who was hit, or rows."""
        passes = Passes()
        passes.look(30, gateway_errors(), other("inventory", {"connector": "payment"}, "payment"))
        passes.book.write([Event(passes.only.id, "a", at(60), Kind.RESOLVED, "ana")])
        (asked,) = questions(passes.only, at(9999))
        assert asked.to == at(60)
        assert [each.to for each in passes.only.findings] == [at(60), at(60)]
        assert passes.only.active

    def test_the_same_question_of_overlapping_windows_is_asked_once(self) -> None:
        """From the earlier beginning to the later end; a window apart is another question."""
        passes = Passes()
        later = replace(gateway_errors(), detector="x", from_=at(10))
        passes.look(30, gateway_errors(), later)
        (asked,) = questions(passes.only, at(60))
        assert (asked.from_, asked.to) == (T0, at(60))

    def test_rows_name_customers_who_noticed_nothing(self) -> None:
        """Each with their rows; a row that names nobody counts for nobody."""
        rows = pl.DataFrame(
            {
                "customer": ["a", "b", "a", ""],
                "time": [at(0), at(1), at(2), at(3)],
                "order_id": ["o-1", "", "o-2", "o-3"],
            }
        )
        found = [(each.customer, each.failures, each.outcome.value, each.orders) for each in union([on_rows(rows)])]
        assert found == [("a", 2, "masked", ("o-1", "o-2")), ("b", 1, "masked", ())]


def test_a_failure_of_nobody_and_one_of_several_are_both_unattributed() -> None:
    """What is left is the share that belongs to somebody; of no failures there is none."""
    told = Impact(at(0), 5, 5, 0, 0, failures=10, unattributed_failures=1, ambiguous_failures=2)
    assert told.attribution == 0.7
    assert replace(told, failures=0).attribution is None


def change(id_: str, minutes: float, service: str, version: str = "", kind: str = "deploy", status: str = "") -> Change:
    time: datetime = T0 - timedelta(minutes=minutes)
    return Change(
        Id=id_, Time=time, Kind=kind, Source="github", Service=service, Version=version, Environment="",
        Title=f"{kind} {id_}",
        Author="", Url="", Status=status,
    )  # fmt: skip


class TestSuspects:
    def test_the_version_that_fails_comes_before_the_nearest_change(self) -> None:
        """Then changes of the service at fault, then others; each says why."""
        asked = Question(T0, at(30), service="payment", version="2.4.0")
        symptom = replace(gateway_errors(), question=asked)
        told = [
            change("other", 1, "search", "9"),
            change("same", 3, "payment", "2.3.9"),
            change("it", 4, "payment", "2.4.0"),
        ]
        found = ranked(told, [symptom], T0)
        assert [each.change for each in found] == ["it", "same", "other"]
        assert found[0].what == "deploy of payment 2.4.0"
        assert found[0].because == "4 minutes before the first failure, the failures are of this version"
        assert 0.8 < found[0].score <= 1

    def test_a_version_of_another_service_is_not_the_version_that_fails(self) -> None:
        """Though both are called 2.4.0."""
        asked = Question(T0, at(30), service="payment", version="2.4.0")
        symptom = replace(gateway_errors(), question=asked)
        told = [change("other", 1, "search", "2.4.0"), change("it", 4, "payment", "2.4.0")]
        assert [each.change for each in ranked(told, [symptom], T0)] == ["it", "other"]

    def test_what_was_long_before_or_did_not_happen_is_no_suspect(self) -> None:
        """A deploy that failed changed nothing; one told twice counts once."""
        told = [
            change("failed", 2, "payment", "1", status="failure"),
            change("old", 118, "search", "2"),
            change("once", 5, "payment", "3"),
            change("twice", 6, "payment", "3"),
        ]
        assert [each.change for each in ranked(told, [gateway_errors()], T0)] == ["once"]


def test_the_three_means_are_what_their_words_say() -> None:
    """From the first failure to the opening; from there to a person; from the first failure to the end of the harm."""
    passes = Passes()
    passes.looks(30, 100, gateway_errors())
    id_ = passes.only.id
    passes.book.write([Event(id_, "a", at(90), Kind.ACKNOWLEDGED, "ana")])
    passes.looks(100, 200)
    found = figures(passes.incidents)
    assert (found.mttd, found.mtta, found.mttr) == tuple(timedelta(seconds=each) for each in (30, 60, 100))
    assert figures([]).mttd is None


def test_what_is_usual_is_of_before_what_goes_on_however_long_it_has() -> None:
    """But for what only another system's alert says, which may always fire."""
    ours, theirs = Passes(), Passes()
    ours.look(30, gateway_errors())
    theirs.look(30, other("Watchdog", {"alert": "alertmanager/1"}))
    window = Window(at(6 * 86_400), at(6 * 86_400 + 300))
    assert usual_until(ours.incidents, window) == at(0)
    assert usual_until(theirs.incidents, window) is None
    assert usual_until(ours.incidents, Window(at(-60), at(30))) is None


def test_titles_say_what_is_wrong_in_a_line() -> None:
    """By what each detector measures; and what was wrong, once it is over."""
    said = [
        other("partner_integration", {"partner": "psp"}, "psp"),
        other(
            "slow_checkout", {"partner": "erp"}, "erp", value=2400.0, unit="ms", labels={"operation": "POST /orders"}
        ),
        other("inventory", {"connector": "inventory"}, "inventory", labels={"table": "inventory.stock"}),
        other("no_data", {"service": "*"}, value=5.0, unit="min"),
        other("kpi_moved", {"kpi": "conversion"}, value=1.9, usual=3.1, unit="%"),
        other("DiskFull", {"alert": "x"}, sentence="disk is full (told by grafana)"),
    ]
    titles, afterwards = [], []
    for symptom in said:
        passes = Passes()
        passes.look(30, symptom)
        titles.append(passes.only.title)
        afterwards.append(replace(passes.only, state=State.RESOLVED, ended=at(720)).title)
    assert titles == [
        "A partner integration fails: 40 % of calls to psp since 10:02",
        "Checkout is slow: POST /orders takes 2.4 s since 10:02",
        "Inventory counts disagree: 40 % of changes to inventory.stock since 10:02",
        "No data arrives: nothing from any service since 10:02",
        "A business figure moved: conversion 1.9 % since 10:02",
        "Something is wrong: disk is full (told by grafana) since 10:02",
    ]
    assert afterwards == [
        "A partner integration failed: at worst 40 % or more of calls to psp from 10:02 to 10:14",
        "Checkout was slow: POST /orders took at worst 2.4 s or more from 10:02 to 10:14",
        "Inventory counts disagreed: at worst 40 % or more of changes to inventory.stock from 10:02 to 10:14",
        "No data arrived: nothing from any service from 10:02 to 10:14",
        "A business figure moved: conversion at worst 1.9 % or less from 10:02 to 10:14",
        "Something was wrong: disk is full (told by grafana) from 10:02 to 10:14",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.0, "at worst 100 % of POST"), (0.0, "at worst 0 % of POST"), (0.0004, "at worst under 0.1 % of POST")],
)
def test_nothing_is_worse_than_all_or_less_than_none(value: float, said: str) -> None:
    """What was worst may have been worse still, unless that can't be."""
    passes = Passes()
    passes.look(30, gateway_errors(value=value))
    assert said in replace(passes.only, state=State.RESOLVED, ended=at(720)).title


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.31, "ratio", "31 %"),
        (0.163, "1", "16 %"),
        (0.0004, "1", "under 0.1 %"),
        (0.9, "ratio", "90 %"),
        (0.9983, "ratio", "99.8 %"),
        (0.99998, "ratio", "over 99.9 %"),
        (1.0, "ratio", "100 %"),
        (1.25, "1", "125 %"),
        (31.4, "{order}/min", "31.4 orders/min"),
        (1.0, "{order}/min", "1 order/min"),
        (3.0, "customers", "3 customers"),
    ],
)
def test_a_quantity_reads_as_people_write_it(value: float, unit: str, text: str) -> None:
    """A share in percent, 100 only where it is all; and what UCUM counts without its braces, in the plural."""
    assert quantity(value, unit) == text
