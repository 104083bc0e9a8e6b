"""What another system says of a row, whether it agrees by now, and what it has missed of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from triage.rows.comparison import agreement, are_named, missed
from triage.rows.model import RowChange, Said, rounded
from triage.rows.thing import Other, Thing, distinct, in_log


def said_by(thing: Thing, other: Other, right: float | None, as_of: datetime) -> Said:
    """What another system says; where the two came to disagree, whether it agrees by now, and what it has missed.

    `right`: what the row's own system should say.
    """
    last = other.history[-1] if other.history else None
    said = Said(other.system, other.table, other.value, last, wrong=in_log(other.wrong))
    if "disagree" not in thing.kinds:
        return said
    agrees = says(thing, other, right, as_of)
    return replace(said, agrees=agrees, missed=_missed(thing, other, right, as_of) if agrees is False else ())


def says(thing: Thing, other: Other, right: float | None, as_of: datetime) -> bool | None:
    """Whether another system says what is right, or, where that is unknown, what the row's own does.

    But for what the two usually differ by. It does not where only one of the two has deleted the row. None where that
    can't be told yet.
    """
    lasts = thing.lasts(other)
    deleted = [(last.time, min(as_of, told)) for last, told in lasts if last.op == "d"]
    if len(deleted) == len(lasts):
        return True  # neither has it
    if deleted:
        ((at, heard),) = deleted
        return False if at + other.grace <= heard else None
    return agreement(thing.beside(other), _apart(thing, other, right), as_of)


def _apart(thing: Thing, other: Other, right: float | None) -> float:
    """By how much more the row's own system says than the other one should."""
    own = thing.value
    return rounded(other.offset + (0.0 if own is None or right is None else own - right))


def _missed(thing: Thing, other: Other, right: float | None, as_of: datetime) -> tuple[RowChange, ...]:
    """What is surely to be applied there: where it is known what is right, or by the names of orders or messages.

    Nothing where its connector is behind: by now it may have been applied.
    """
    pair = thing.beside(other)
    lacks = missed(pair, _apart(thing, other, right), as_of)
    known = right is not None or are_named(pair, lacks)
    sure = known and thing.only_differs and distinct(lacks) == lacks and other.told + other.grace >= thing.told
    return tuple(lacks) if sure else ()
