"""What another system says of a row, whether it agrees by now, and what it has missed of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from triage.rows.comparison import agreement, missed
from triage.rows.model import Said, rounded
from triage.rows.thing import Other, Thing, distinct, in_log, value_of


def said_by(thing: Thing, other: Other, off: float, as_of: datetime) -> Said:
    """What another system says; where the two came to disagree, whether it agrees by now, and what it has missed.

    `off`: by how much more the row's own system says than is right.
    """
    last = other.history[-1] if other.history else None
    said = Said(other.system, other.table, value_of(other), last, wrong=in_log(other.wrong))
    if "disagree" not in thing.kinds:
        return said
    if last and last.op == "d" and thing.own and thing.own[-1].op != "d":
        return replace(said, agrees=False if last.time <= other.settled(as_of) else None)
    if said.value is None:
        return said
    offset = rounded(other.offset + off)
    agrees = agreement(thing.beside(other), offset, as_of)
    if agrees is not False:
        return replace(said, agrees=agrees)
    lacks = missed(thing.beside(other), offset, as_of)
    return replace(said, agrees=False, missed=tuple(lacks if distinct(lacks) == lacks else ()))
