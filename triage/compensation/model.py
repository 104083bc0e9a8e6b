"""A line of a compensation plan, as data. Times are UTC, amounts by currency."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Action(StrEnum):
    """What is proposed, in the order in which a plan lists it: what concerns people first."""

    REFUND = "refund"  # money that was taken once too often, or for nothing
    CANCEL = "cancel"  # an order that can't be served, or that was taken twice
    COLLECT = "collect"  # an order that was taken though its charge failed
    RECREATE = "recreate"  # a row that never came to the other system
    SET_COUNT = "set_count"  # a stock that is known
    COUNT = "count"  # a stock that only the shelf knows, or bookings that may repeat another
    REREAD = "reread"  # rows whose changes are missing, to be read from the database again
    VOID = "void"  # a booking that repeats another
    REPLAY = "replay"  # an event, to be applied again in this order


@dataclass(frozen=True)
class Evidence:
    """What a line rests on: a row change (its id and place), or a span."""

    row: str = ""
    trace_id: str = ""
    span_id: str = ""
    time: datetime | None = None
    position: str = ""
    topic: str = ""
    partition: int | None = None
    offset: int | None = None
    sequence: int | None = None


@dataclass(frozen=True)
class Line:
    """One thing to do. `idempotency_key` is alike whenever the same thing is proposed, in whichever plan.

    Lines with the same `settles` put the same thing right in different ways: do one of the ways. `was` and `becomes`
    are the stock before and after, None where that is not what changes. An amount that is not known is left out.
    `repeats` is what the refund settles, if any, of the charge that went with what is cancelled.
    """

    action: Action
    idempotency_key: str
    reason: str
    system: str = ""
    table: str = ""
    row: str = ""
    order: str = ""
    customer: str = ""
    amount: Mapping[str, Decimal] = field(default_factory=dict)
    was: float | None = None
    becomes: float | None = None
    settles: str = ""
    repeats: str = ""
    evidence: Evidence = Evidence()


def charged_again(order: str, number: int) -> str:
    """What a refund settles of an order's charges beyond the first, counted from 1: alike, whoever tells of it."""
    return key_of("settles", Action.REFUND, order, str(number))


def key_of(*subject: str) -> str:
    """The idempotency key of doing something to something: alike for the same words."""
    said = json.dumps(subject, ensure_ascii=False, separators=(",", ":"))
    return "triage-" + hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
