"""In which ways rows are wrong that an incident is about: all in which it was ever found."""

from collections.abc import Mapping

from tests.symptoms import Passes, at, other
from triage.incident.fold import SYMPTOM, fold
from triage.incident.model import Event, Kind
from triage.rows.kinds import kinds_of
from triage.symptom import Cause, Symptom


def rows(kind: str, cause: Cause, subject: Mapping[str, str] | None = None) -> Symptom:
    """Rows that are wrong in one way, as symptoms were told before all of their ways were."""
    where = subject or {"connector": "shop"}
    return other("inventory", where, "shop", cause=cause, sentence=f"{kind} {cause}", labels={"kind": kind})


def told(passes: Passes) -> tuple[str, ...]:
    """The ways, by the events as they are stored."""
    (incident,) = fold(passes.book.events.values())
    (tracked,) = incident.symptoms
    return kinds_of(tracked.symptom)


def test_every_way_in_which_rows_were_found_wrong_stays() -> None:
    """Whichever leads later, when it has ended, and when it is back; the one that leads now gives the cause."""
    passes = Passes()
    passes.look(30, rows("stale", Cause.EVENT_ORDER))
    passes.look(40, rows("again", Cause.NO_IDEMPOTENCY))
    assert passes.only.symptoms[0].symptom.cause is Cause.NO_IDEMPOTENCY
    assert told(passes) == ("again", "stale")
    passes.looks(50, 130)
    assert passes.only.ended
    assert told(passes) == ("again", "stale")
    passes.look(140, rows("below", Cause.OVERSOLD))
    assert told(passes) == ("again", "below", "stale")


def test_an_end_that_was_stored_with_one_way_keeps_the_others() -> None:
    """Events tell what was known when they were written."""
    passes = Passes()
    passes.look(30, rows("stale", Cause.EVENT_ORDER))
    last = SYMPTOM.dump_json(rows("again", Cause.NO_IDEMPOTENCY)).decode()
    passes.book.write([Event(passes.only.id, "ended", at(90), Kind.SYMPTOM_ENDED, text="…", details=last)])
    assert told(passes) == ("again", "stale")


def test_two_systems_that_disagree_are_told_as_they_do_now() -> None:
    """With the way, the tables may be others."""
    passes, systems = Passes(), {"connector": "erp", "counterpart": "shop"}
    passes.look(30, rows("disagree", Cause.SYSTEMS_DISAGREE, systems))
    passes.look(40, rows("absent", Cause.LOST_EVENTS, systems))
    assert told(passes) == ("absent",)


def test_what_another_system_calls_a_kind_is_no_way() -> None:
    """An alert may have any label."""
    assert kinds_of(other("inventory", {"alert": "inventory"}, labels={"kind": "Deployment"})) == ()
