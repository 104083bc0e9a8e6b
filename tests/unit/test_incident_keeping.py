"""What a pass makes of symptoms: incidents that open, join, last, flap and end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.symptoms import T0, Passes, at, gateway_errors, other
from triage.incident.acting import Act, change
from triage.incident.fold import END, IMPACT, fold
from triage.incident.grouping import Calls
from triage.incident.keeping import Seen
from triage.incident.model import Event, Impact, Kind, State
from triage.model import Question
from triage.symptom import Cause, Severity, Symptom

CALLS = Calls(
    edges=frozenset({("gateway", "checkout"), ("gateway", "search"), ("checkout", "payment"), ("payment", "psp")}),
    entries=frozenset({"gateway"}),
)


def person(incident: str, kind: Kind, seconds: float, text: str = "") -> Event:
    return Event(incident, f"{incident}.{kind}.{seconds}", at(seconds), kind, "ana", text)


class TestGrouping:
    def test_a_symptom_opens_an_incident_with_all_that_the_runbook_says(self) -> None:
        """Title, row, owner, cause and steps; opened at the pass that found it."""
        passes = Passes(CALLS)
        passes.look(30, gateway_errors())
        incident = passes.only
        assert incident.title == "5xx at the gateway: 31 % of POST /checkout since 10:02"
        assert (incident.state, incident.severity) == (State.OPEN, Severity.CRITICAL)
        assert (incident.began, incident.opened_at) == (T0, at(30))
        assert (incident.answer.row, incident.answer.cause) == ("gateway-5xx", "provider-failing")
        assert incident.answer.mitigation[0].startswith("Open the circuit breaker")
        assert incident.answer.service_owner
        assert incident.answer.service_owner.name == "payments"
        assert len(incident.id) == 8

    def test_the_same_symptom_in_later_passes_stays_the_same_incident(self) -> None:
        """However its figures move, and its sentence is told now and then only."""
        passes = Passes(CALLS)
        for seconds in range(30, 600, 10):
            passes.look(seconds, gateway_errors(value=seconds / 1000))
        assert len(passes.only.symptoms) == 1
        assert len(passes.book.events) < 50
        assert passes.only.symptoms[0].symptom.value > 0.5

    def test_neighbours_in_the_call_graph_become_one(self) -> None:
        """The more specific detector names it, whichever came first."""
        passes = Passes(CALLS)
        passes.look(30, gateway_errors("payment"))
        opened = passes.only
        passes.look(40, other("partner_integration", {"partner": "psp"}, "psp"), gateway_errors("payment"))
        assert passes.only.id == opened.id
        assert passes.only.answer.row == "partner-failing"
        assert {each.symptom.detector for each in passes.only.symptoms} == {"gateway_errors", "partner_integration"}

    def test_unrelated_ones_become_two(self) -> None:
        """Though requests of both enter at the gateway."""
        passes = Passes(CALLS)
        passes.look(30, gateway_errors("payment"), gateway_errors("search"))
        assert len(passes.incidents) == 2

    def test_where_requests_enter_is_nobody_s_neighbour(self) -> None:
        """The gateway calls everything: what is wrong with it says nothing of what is wrong behind it."""
        passes = Passes(CALLS)
        passes.look(30, gateway_errors("search"), other("HighLatency", {"service": "gateway"}, "gateway"))
        assert len(passes.incidents) == 2

    def test_what_connects_two_new_symptoms_makes_them_one(self) -> None:
        """payment and stock know nothing of each other, checkout's symptom is concerned with both."""
        passes = Passes(CALLS)
        both = other("no_data", {"service": "checkout"}, "checkout", services=frozenset({"checkout", "stock"}))
        passes.look(30, other("inventory", {"table": "stock"}, "stock"), gateway_errors("payment"), both)
        assert len(passes.only.symptoms) == 3

    def test_a_business_figure_joins_what_goes_on(self) -> None:
        """It follows from anything; alone it is an incident of its own."""
        passes = Passes(CALLS)
        kpi = other("kpi_moved", {"kpi": "conversion"})
        passes.look(30, gateway_errors())
        passes.look(60, gateway_errors(), kpi)
        assert len(passes.only.symptoms) == 2
        alone = Passes(CALLS)
        alone.look(30, kpi)
        assert alone.only.answer.row == "kpi-moved"

    def test_a_figure_that_is_seen_first_belongs_to_the_fault_that_moved_it(self) -> None:
        """One incident for one fault, in whichever order they are found; a third symptom of it joins, too."""
        passes = Passes(CALLS)
        figure = other("kpi_moved", {"kpi": "conversion"})
        fault = replace(gateway_errors("payment"), from_=at(600))
        passes.looks(200, 1200, figure)
        passes.looks(1200, 1300, fault)
        passes.look(1300, fault, other("partner_integration", {"partner": "psp"}, "psp", from_=at(610)))
        assert passes.only.answer.row == "partner-failing"
        assert len(passes.only.symptoms) == 3

    @pytest.mark.parametrize("first", [gateway_errors("payment"), None], ids=["with a fault", "alone"])
    def test_a_figure_ties_no_two_faults_together(self, first: Symptom | None) -> None:
        """Two that begin with it are two incidents, whether they are found one after the other or in one pass."""
        figure = other("kpi_moved", {"kpi": "conversion"})
        passes = Passes(CALLS)
        passes.look(30, *([first] if first else []), figure)
        passes.look(40, gateway_errors("payment"), gateway_errors("search"), figure)
        assert sorted(len(one.symptoms) for one in passes.incidents) == [1, 2]

    @pytest.mark.parametrize("name", ["conversion", "search"], ids=["a figure", "one that is called as the service"])
    def test_a_figure_s_incident_takes_no_fault_that_begins_hours_later(self, name: str) -> None:
        """Somebody has acknowledged the figure's, and knows nothing of that."""
        figure = other("kpi_moved", {"kpi": name})
        passes = Passes(CALLS)
        passes.look(30, figure)
        passes.book.write([person(passes.only.id, Kind.ACKNOWLEDGED, 60)])
        passes.look(21_620, figure, replace(gateway_errors("search"), from_=at(21_600)))
        assert [one.state.value for one in passes.incidents] == ["open", "acknowledged"]

    def test_a_figure_that_falls_hours_into_another_trouble_is_an_incident_of_its_own(self) -> None:
        """A service that is gone for good would take every fall, and nobody would be told."""
        passes = Passes(CALLS)
        gone = other("no_data", {"service": "batch"}, "batch")
        passes.look(30, gone)
        passes.look(21_630, gone, other("kpi_moved", {"kpi": "conversion"}, from_=at(21_600)))
        assert [one.answer.row for one in passes.incidents] == ["kpi-moved", "no-data"]

    def test_what_is_over_for_long_draws_nothing_to_its_incident(self) -> None:
        """A figure keeps it open; the fault that comes again hours later, and its neighbour's, are others."""
        figure = other("kpi_moved", {"kpi": "conversion"})
        passes = Passes(CALLS)
        passes.looks(0, 60, gateway_errors("payment"), figure)
        passes.looks(60, 200, figure)
        passes.look(600, figure, replace(gateway_errors("payment"), from_=at(590)))
        assert len(passes.only.active) == 2
        passes.looks(610, 900, figure)
        again = replace(gateway_errors("payment"), from_=at(21_600))
        passes.looks(21_630, 21_700, figure, again, other("no_data", {"service": "checkout"}, from_=at(21_600)))
        later, first = passes.incidents
        assert [each.symptom.detector for each in first.active] == ["kpi_moved"]
        assert len(later.active) == 2

    def test_an_outside_alert_of_the_same_service_joins(self) -> None:
        """Of another service it is another incident, answered by the last row."""
        passes = Passes(CALLS)
        passes.look(30, gateway_errors("payment"), other("HighLatency", {"service": "payment"}, "payment"))
        assert passes.only.answer.row == "gateway-5xx"
        passes.look(40, gateway_errors("payment"), other("DiskFull", {"service": "warehouse"}, "warehouse"))
        assert [one.answer.row for one in passes.incidents] == ["anything-else", "gateway-5xx"]


class TestLife:
    def test_the_worst_is_what_lies_furthest_from_what_is_usual(self) -> None:
        """Of a figure that falls it is the lowest."""
        passes = Passes()
        for seconds, value in ((30, 0.3), (100, 0.1), (200, 0.4)):
            passes.look(seconds, other("kpi_moved", {"kpi": "conversion"}, value=value, usual=0.5, sentence=f"{value}"))
        assert passes.only.symptoms[0].worst == 0.1

    def test_what_is_over_is_told_as_it_was_at_its_worst(self) -> None:
        """The last five minutes hold ever less of it once it is over: that was never its share."""
        passes = Passes(CALLS)
        passes.looks(30, 120, gateway_errors(value=0.9))
        passes.looks(120, 240, replace(gateway_errors(value=0.5), to=at(115)))
        assert passes.only.state is State.RESOLVED
        assert passes.only.title == "5xx at the gateway: at worst 90 % or more of POST /checkout from 10:02 to 10:03"

    def test_what_lasts_past_midnight_is_told_with_its_days(self) -> None:
        """Which 10:02 is meant is said as soon as it is not today's, and of an end where it is not the beginning's."""
        day = 86_400
        passes = Passes(CALLS)
        passes.look(30, gateway_errors())
        passes.looks(day, day + 10, gateway_errors(value=0.5))
        assert passes.only.title == "5xx at the gateway: 50 % of POST /checkout since 22 Nov 10:02"
        passes.looks(day + 10, day + 100)
        assert passes.only.title.endswith("at worst 50 % or more of POST /checkout from 22 Nov 10:02 to 23 Nov 10:02")

    def test_it_ends_only_once_the_symptom_stays_away(self) -> None:
        """A pass without it is no end; six are, and the end is the first of them."""
        passes = Passes()
        passes.looks(30, 60, gateway_errors())
        passes.looks(60, 110)
        assert passes.only.state is State.OPEN
        passes.look(110)
        assert (passes.only.state, passes.only.ended, passes.only.resolved_at) == (State.RESOLVED, at(60), at(110))

    @pytest.mark.parametrize("is_new", [True, False], ids=["another watcher", "the same watcher"])
    def test_while_nobody_looked_it_is_taken_to_have_lasted(self, is_new: bool) -> None:
        """Whoever was hit meanwhile is counted: it is not over with when it was last told, or last found."""
        passes = Passes()
        passes.looks(30, 7200, gateway_errors())
        passes.seen = Seen() if is_new else passes.seen
        passes.looks(7600, 7700)
        assert (passes.only.state, passes.only.ended) == (State.RESOLVED, at(7600))

    def test_the_detector_s_own_end_goes_before(self) -> None:
        """It knows when the last request failed."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.looks(40, 120, replace(gateway_errors(), to=at(33)))
        assert (passes.only.state, passes.only.ended) == (State.RESOLVED, at(33))

    def test_the_detector_s_own_end_is_remembered(self) -> None:
        """It tells of one for minutes: passes that are long apart may find it in the first of them alone."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.look(95, replace(gateway_errors(), to=at(33)))
        for seconds in range(130, 305, 35):
            assert passes.only.state is State.OPEN
            passes.look(seconds)
        assert (passes.only.state, passes.only.ended) == (State.RESOLVED, at(33))

    def test_it_ends_with_the_last_of_its_symptoms(self) -> None:
        """Open until then, and over when that one was, whichever joined first."""
        payment = gateway_errors(), other("HighLatency", {"service": "payment"}, "payment")
        for first, last in (payment, payment[::-1]):
            passes = Passes()
            passes.look(30, first, last)
            passes.looks(40, 120, replace(first, to=at(33)), last)
            assert (passes.only.state, passes.only.epoch) == (State.OPEN, 0)
            passes.looks(120, 240, replace(last, to=at(110)))
            assert (passes.only.state, passes.only.ended) == (State.RESOLVED, at(110))

    def test_flapping_stays_one_incident(self) -> None:
        """Back within a quarter of an hour it is open again; much later it is another."""
        passes = Passes()
        for begin in (0, 200, 400):
            passes.looks(begin, begin + 50, gateway_errors())
            passes.looks(begin + 50, begin + 200)
        assert (passes.only.state, passes.only.epoch) == (State.RESOLVED, 2)
        later = replace(gateway_errors(), from_=at(4000))
        passes.look(4030, later)
        assert len(passes.incidents) == 2

    def test_what_came_back_is_told_from_when_it_did_and_has_no_end(self) -> None:
        """Its symptom's last episode has a beginning of its own; who was hit by the end is not known any more."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.looks(40, 200)
        by_the_end = IMPACT.dump_json(Impact(at(150), 1, 0, 1, 0)).decode()
        passes.book.write([Event(passes.only.id, "end", at(150), Kind.IMPACT, text=END, details=by_the_end)])
        over = passes.only
        passes.look(210, replace(gateway_errors(), from_=at(205)))
        back = passes.only
        assert over.frozen_end
        assert back.frozen_end is None
        assert (back.symptoms[0].symptom.from_, back.symptoms[0].lately.from_) == (T0, at(205))

    def test_what_begins_after_the_end_is_another(self) -> None:
        """Though of the same service, and soon afterwards: only what was there before may come back."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.looks(40, 200)
        passes.look(400, other("HighLatency", {"service": "payment"}, "payment", from_=at(390)))
        assert len(passes.incidents) == 2

    def test_what_is_said_to_have_begun_as_the_last_one_did_is_another(self) -> None:
        """A quarter of an hour after its end: it has an id of its own, and whoever else watches gives it the same."""
        passes = Passes()
        passes.looks(30, 60, gateway_errors())
        passes.looks(60, 200)
        passes.look(1300, gateway_errors())
        later, first = passes.incidents
        assert (first.state, later.state) == (State.RESOLVED, State.OPEN)
        assert later.id.startswith(first.id)
        assert later.opened_at == at(1300)
        another = Passes(book=passes.book)
        another.look(1300, gateway_errors())
        another.look(1310, gateway_errors())
        assert passes.incidents == [later, first]

    def test_what_was_over_before_anybody_found_it_is_told_as_over(self) -> None:
        """It is kept, from its first failure to its last, and at no moment open; back soon, it is that incident."""
        passes = Passes()
        passes.looks(220, 400, replace(gateway_errors(), to=at(100)))
        assert (passes.only.state, passes.only.began, passes.only.ended) == (State.RESOLVED, T0, at(100))
        assert passes.only.opened_at == passes.only.resolved_at == at(220)
        assert passes.only.title.endswith("from 10:02 to 10:03")
        passes.looks(400, 430, replace(gateway_errors(), from_=at(395)))
        assert (passes.only.state.value, passes.only.epoch) == ("open", 1)

    def test_what_is_over_ends_nothing_else_of_its_incident(self) -> None:
        """Found over, it joins what lasts."""
        passes = Passes(CALLS)
        slow = other("slow_checkout", {"service": "payment"}, "payment")
        passes.looks(220, 290, gateway_errors(), replace(slow, to=at(100)))
        assert passes.only.state is State.OPEN
        assert [each.symptom.detector for each in passes.only.active] == ["gateway_errors"]
        passes.look(290, gateway_errors(), replace(slow, subject={"service": "checkout"}, to=at(170)))
        assert [each.symptom.detector for each in passes.only.active] == ["gateway_errors"]

    def test_what_pauses_when_it_is_first_found_may_go_on(self) -> None:
        """A detector's end holds once it has been calm for long enough; another system's holds at once."""
        passes = Passes()
        passes.looks(160, 200, replace(gateway_errors(), to=at(100)))
        assert passes.only.state is State.OPEN
        passes.looks(200, 400, gateway_errors())
        assert (passes.only.state, passes.only.epoch) == (State.OPEN, 0)
        passes = Passes()
        passes.look(160, other("DiskFull", {"alert": "alertmanager/1"}, to=at(150)))
        assert passes.only.state is State.RESOLVED

    def test_what_is_reported_after_its_end_opens_nothing_again(self) -> None:
        """A detector that looks back still tells of it for a while."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.looks(40, 400, replace(gateway_errors(), to=at(35)))
        assert (passes.only.state, passes.only.epoch) == (State.RESOLVED, 0)

    @pytest.mark.parametrize("ended", [None, 200])
    def test_what_is_found_as_it_is_over_with_another_cause_was_known(self, ended: int | None) -> None:
        """Slow requests that a cache made wait, told of a partner as the last of them go by: nobody is rung."""
        asked = Question(T0, at(200), service="checkout", slower_than_ms=500)
        cache = other("slow_checkout", {"service": "cache"}, "cache", question=asked)
        erp = other(
            "slow_checkout", {"partner": "erp"}, "erp", question=replace(asked, slower_than_ms=1000), to=at(200)
        )
        passes = Passes(CALLS)
        passes.looks(30, 330, replace(cache, to=None if ended is None else at(ended)))
        passes.looks(330, 400, replace(erp, from_=at(2)))
        assert [each.symptom.suspect for each in passes.only.symptoms] == ["cache"]
        elsewhere = replace(other("slow_checkout", {"partner": "dhl"}, "dhl"), question=replace(asked, service="stock"))
        passes.look(400, elsewhere, replace(erp, from_=at(201), to=at(230)))
        assert len(passes.incidents) == (3 if ended else 2)

    def test_what_is_found_as_it_is_over_at_another_operation_was_not_known(self) -> None:
        """A monolith's purchases are slow, and its searches were for a while."""
        asked = Question(T0, at(900), service="shop", slower_than_ms=500)
        buying = {"gateway": "shop", "operation": "POST /buy", "waiting": "shop"}
        slow = other("slow_checkout", {"partner": "erp"}, "erp", question=asked, labels=buying)
        over = other(
            "slow_checkout",
            {"partner": "elastic"},
            "elastic",
            question=replace(asked, slower_than_ms=200),
            labels=buying | {"operation": "GET /search"},
            to=at(200),
        )
        passes = Passes(CALLS)
        passes.looks(30, 90, slow)
        passes.looks(330, 400, slow, over)
        found = {one.symptoms[0].symptom.suspect: one.state for one in passes.incidents}
        assert found == {"erp": State.OPEN, "elastic": State.RESOLVED}

    def test_a_detector_that_failed_ends_nothing(self) -> None:
        """Not found is not the same as not looked."""
        passes = Passes()
        passes.look(30, gateway_errors())
        for seconds in range(40, 300, 10):
            passes.look(seconds, failed=frozenset({"gateway_errors"}))
        assert passes.only.state is State.OPEN

    @pytest.mark.parametrize(
        ("found", "part"),
        [
            (other("HighLatency", {"alert": "alertmanager/1", "service": "payment"}), "alerts"),
            (other("no_data", {"alert": "alertmanager/2"}), "alerts"),
            (other("no_data", {"kpi": "revenue"}), "kpi_moved"),
            (other("no_data", {"service": "payment"}), "no_data"),
        ],
        ids=lambda value: value if isinstance(value, str) else value.detector,
    )
    def test_whoever_looks_for_it_must_have_looked(self, found: Symptom, part: str) -> None:
        """Other systems' alerts are asked for together, and a figure's silence is found with its falls."""
        passes = Passes()
        passes.look(30, found)
        for seconds in range(40, 300, 10):
            passes.look(seconds, failed=frozenset({part}))
        assert passes.only.state.value == "open"
        passes.looks(300, 400)
        assert passes.only.state is State.RESOLVED

    def test_acknowledged_it_stays_so_when_it_flaps(self) -> None:
        """Who knows of it is not asked again; but of one that was called mitigated they are."""
        for kind, state in ((Kind.ACKNOWLEDGED, State.ACKNOWLEDGED), (Kind.MITIGATED, State.OPEN)):
            passes = Passes()
            passes.look(30, gateway_errors())
            passes.book.write([person(passes.only.id, kind, 35)])
            passes.looks(40, 200)
            assert passes.only.state is State.RESOLVED
            passes.look(210, gateway_errors())
            assert passes.only.state is state

    def test_what_a_person_resolved_may_take_a_while_to_go(self) -> None:
        """It stays resolved for ten minutes, then the symptom is taken at its word."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.book.write([person(passes.only.id, Kind.RESOLVED, 35)])
        passes.looks(40, 600, gateway_errors())
        assert passes.only.state is State.RESOLVED
        passes.look(640, gateway_errors())
        assert passes.only.state.value == "open"

    def test_what_comes_back_in_the_seconds_in_which_a_person_resolves_it_is_open_again(self) -> None:
        """A pass bears a moment of before it began: what it finds was so before they had resolved it."""
        passes = Passes(CALLS)
        slow = other("slow_checkout", {"service": "payment"}, "payment")
        passes.looks(0, 60, gateway_errors(), slow)
        passes.looks(60, 200, slow)
        passes.book.write([person(passes.only.id, Kind.RESOLVED, 201)])
        passes.look(200, gateway_errors(), slow)
        assert passes.only.state is State.RESOLVED
        passes.look(210, gateway_errors(), slow)
        assert (passes.only.state.value, passes.only.reopened_at) == ("open", at(210))

    def test_a_person_s_reopening_is_not_undone_by_the_next_pass(self) -> None:
        """Without any symptom it is theirs to resolve."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.looks(40, 200)
        passes.book.write([person(passes.only.id, Kind.REOPENED, 205)])
        passes.looks(210, 400)
        assert passes.only.state is State.OPEN

    def test_unacknowledged_it_escalates_once(self) -> None:
        """After the row's time; acknowledged it does not."""
        passes = Passes()
        passes.looks(30, 1200, gateway_errors())
        told = [event for event in passes.only.timeline if event.kind == Kind.ESCALATED]
        assert [event.time for event in told] == [at(930)]
        calm = Passes()
        calm.look(30, gateway_errors())
        calm.book.write([person(calm.only.id, Kind.ACKNOWLEDGED, 31)])
        calm.looks(40, 1200, gateway_errors())
        assert calm.only.escalated_at is None

    def test_what_came_back_escalates_again_after_its_time(self) -> None:
        """Counted from when it did."""
        passes = Passes()
        passes.looks(0, 1000, gateway_errors())
        passes.looks(1000, 1200)
        passes.look(1200, gateway_errors())
        assert passes.only.escalated_at is None
        passes.looks(1210, 2200, gateway_errors())
        told = [event.time for event in passes.only.timeline if event.kind == Kind.ESCALATED]
        assert told == [at(900), at(2100)]

    def test_a_clock_that_was_ahead_ends_nothing_that_lasts(self) -> None:
        """It is open again with the first pass of a clock that is right, ends and escalates as if there were none."""
        passes = Passes()
        passes.looks(30, 300, gateway_errors())
        passes.looks(10_800, 10_870)
        assert passes.only.state is State.RESOLVED
        passes.look(370, gateway_errors())
        assert (passes.only.state.value, len(passes.only.active)) == ("open", 1)
        passes.looks(380, 930, gateway_errors())
        too_early = passes.only.escalated_at
        passes.look(930, gateway_errors())
        assert passes.only.escalated_at
        assert not too_early
        passes.looks(940, 1000, gateway_errors())
        passes.looks(1000, 1060)
        assert (passes.only.state, passes.only.symptoms[0].symptom.to) == (State.RESOLVED, at(1000))

    def test_people_act_after_what_a_clock_that_was_ahead_told(self) -> None:
        """Whatever their own clock says: what they do takes effect."""
        passes = Passes()
        ahead_s = (datetime.now(UTC) - T0).total_seconds() + 3600
        passes.looks(ahead_s - 30, ahead_s, gateway_errors())
        passes.looks(ahead_s, ahead_s + 60)
        assert passes.only.state is State.RESOLVED
        assert change(passes.book, passes.only.id, "reopen", Act("ana")).state.value == "open"
        assert change(passes.book, passes.only.id, "ack", Act("ana")).state is State.ACKNOWLEDGED

    def test_what_was_opened_by_a_clock_that_was_ahead_escalates(self) -> None:
        """Nobody knows how long it has waited: not until the time comes round."""
        passes = Passes()
        passes.look(86_400, replace(gateway_errors(), from_=at(86_380)))
        assert passes.only.escalated_at is None
        passes.look(40, gateway_errors())
        assert passes.only.escalated_at

    def test_a_cause_found_later_changes_the_answer(self) -> None:
        """At once, and the timeline says so."""
        passes = Passes()
        passes.look(30, gateway_errors())
        passes.look(40, gateway_errors(cause=Cause.BAD_DEPLOY))
        assert passes.only.answer.mitigation[0] == "Roll back the latest deploy"

    def test_each_change_of_cause_or_severity_is_told(self) -> None:
        """However shortly after another: the symptom says what the title says, and once it does nothing is written."""
        passes = Passes()
        passes.looks(0, 7200, gateway_errors())
        deploy = replace(gateway_errors(cause=Cause.BAD_DEPLOY), severity=Severity.WARNING)
        for seconds, found in ((7200, deploy), (7210, gateway_errors()), (7220, deploy)):
            passes.look(seconds, found)
            (told,) = passes.only.symptoms
            assert (told.symptom.cause, told.symptom.severity) == (found.cause, found.severity)
            assert (passes.only.answer.cause, passes.only.answer.severity) == (found.cause, found.severity)
        assert passes.look(7230, deploy) == []


class TestOnce:
    def test_two_watchers_write_the_same(self) -> None:
        """Both find it before either has written: one incident, each event once."""
        first, second = Passes(CALLS), Passes(CALLS)
        symptoms = gateway_errors("payment"), other("partner_integration", {"partner": "psp"}, "psp")
        assert first.look(30, *symptoms) == second.look(30, *symptoms)

    def test_the_fold_is_the_same_in_any_order_and_however_often(self) -> None:
        """Events are sorted by when they happened, and counted by their ids."""
        passes = Passes(CALLS)
        passes.look(30, gateway_errors())
        passes.book.write([person(passes.only.id, Kind.ACKNOWLEDGED, 40), person(passes.only.id, Kind.NOTE, 45, "hm")])
        passes.looks(50, 300)
        events = list(passes.book.events.values())
        assert fold(events) == fold([*reversed(events), *events])

    def test_a_repeated_change_of_state_changes_nothing(self) -> None:
        """The first acknowledgement counts; a mitigation is not taken back by a late acknowledgement."""
        passes = Passes()
        passes.look(30, gateway_errors())
        id_ = passes.only.id
        passes.book.write([person(id_, Kind.ACKNOWLEDGED, 40), person(id_, Kind.ACKNOWLEDGED, 50)])
        passes.book.write([person(id_, Kind.MITIGATED, 60), person(id_, Kind.ACKNOWLEDGED, 70)])
        assert (passes.only.acknowledged_at, passes.only.mitigated_at) == (at(40), at(60))
        assert passes.only.state is State.MITIGATED
        passes.book.write([person(id_, Kind.REOPENED, 80), person(id_, Kind.ACKNOWLEDGED, 90)])
        assert (passes.only.acknowledged_at, passes.only.first_acknowledged_at) == (at(90), at(40))

    def test_an_incident_s_id_is_short_and_a_taken_one_grows(self) -> None:
        """Made of what is grouped and when it began."""
        passes = Passes()
        passes.look(30, gateway_errors())
        again = Passes()
        again.look(40, replace(gateway_errors(), from_=T0 + timedelta(seconds=20)))
        assert passes.only.id == again.only.id
