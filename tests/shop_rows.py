"""What a plain reader of Debezium's change events finds: no more than their envelopes, counted by hand."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from triage.demo.post import CDC_PATH, Post

Envelope = dict[str, Any]


def envelopes(posts: Iterable[Post]) -> list[Envelope]:
    """Every change event, as often as it was delivered, in the order of arrival."""
    return [event for event in _told(posts) if "op" in event]


def ends(posts: Iterable[Post]) -> list[Envelope]:
    """Every marker of a transaction's end, likewise."""
    return [event for event in _told(posts) if event.get("status") == "END"]


def _told(posts: Iterable[Post]) -> list[Envelope]:
    return [event for post in posts if post.path == CDC_PATH for event in json.loads(post.body)]


def place(event: Envelope) -> tuple[str, int]:
    """Where it stands in its database's log."""
    source = event["source"]
    return source["name"], int(source["lsn"] if source["connector"] == "postgresql" else source["scn"])


def once(events: Iterable[Envelope]) -> list[Envelope]:
    """Each change event once, in the order of its log."""
    return [event for _, event in sorted({place(event): event for event in events}.items())]


@dataclass
class Recount:
    """What is wrong in the rows: those of whom are named on stale updates and on second applications."""

    stale: set[tuple[str, int]] = field(default_factory=set)
    again: set[tuple[str, int]] = field(default_factory=set)
    below_zero: set[str] = field(default_factory=set)
    inventory: dict[str, int] = field(default_factory=dict)
    legacy: dict[str, int] = field(default_factory=dict)
    customers: dict[str, set[str]] = field(default_factory=dict)

    @property
    def disagreeing(self) -> set[str]:
        """The skus that the two systems count differently in the end."""
        return {sku for sku in self.inventory if self.inventory[sku] != self.legacy.get(sku, self.inventory[sku])}


def recount(events: Iterable[Envelope]) -> Recount:
    """Reads the change events, each once and in order."""
    found, highest, applied = Recount(), dict[str, int](), set[tuple[str, str]]()
    for event in once(events):
        after, table = event["after"], event["source"]["table"]
        if table == "STOCK":
            found.legacy[after["SKU"]] = after["ON_HAND"]
            continue
        if event["op"] != "r" and (key := after.get("idempotency_key", after.get("event_id"))):
            if (table, key) in applied:
                _note(found.again, found, event)
            applied.add((table, key))
        if table == "stock":
            sku, sequence = after["sku"], after["sequence"]
            if sequence < highest.get(sku, 0):
                _note(found.stale, found, event)
            highest[sku] = max(sequence, highest.get(sku, 0))
            found.inventory[sku] = after["on_hand"]
            if after["on_hand"] < 0:
                found.below_zero.add(sku)
    return found


def _note(where: set[tuple[str, int]], found: Recount, event: Envelope) -> None:
    where.add(place(event))
    found.customers.setdefault(event["after"]["customer_id"], set()).add(event["after"]["order_id"])
