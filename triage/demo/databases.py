"""The databases of inventory and of the monolith: both count the stock, and both come to the same.

What happens to a piece reaches inventory as an event, numbered for each sku: it reads the row, and writes it with what
the event does to it. Two things may go wrong: an event is held up between the two, and then writes over what came
meanwhile; or it is delivered twice, and applied twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from triage.demo.fault import Fault
from triage.demo.request import MS_NS, SECOND_NS, Request
from triage.demo.stock import LEGACY_STOCK, MOVEMENTS, RESERVED, STOCK, Journal, Kind, Row, RowChange, StockMove, Wrong

LOW = 1
"""When no more than this are left, new ones are brought before the next is sold: there is always one."""

SNAPSHOT_SKUS = 100
"""So many, of those that sell best, are read when the connectors start."""

HELD_NS = 20 * SECOND_NS
"""What is held up is written by then, even when nothing has come meanwhile."""


@dataclass(slots=True)
class _Count:
    """One sku in inventory's table. `issued` is the number of its latest event, `highest` of those applied."""

    on_hand: int
    reserved: int = 0
    sequence: int = 1
    event: str = ""
    order: str = ""
    customer: str = ""
    at_ns: int = 0
    issued: int = 1
    highest: int = 1
    held: list["_Held"] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """An event that is held up after it has read the row."""

    move: StockMove
    sequence: int
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class _Again:
    """An event that has been delivered once more."""

    move: StockMove


@dataclass(frozen=True, slots=True)
class _Copied:
    """An event on its way to the monolith."""

    move: StockMove


_Step = StockMove | _Held | _Again | _Copied


class Databases:
    """Told of requests in order of start, says which rows change by them, in order of time."""

    def __init__(self, seed: int, opened_ns: int, faults: Sequence[Fault] = ()) -> None:
        self._seed, self._faults, self._opened_ns = seed, tuple(faults), opened_ns
        self._dice = Random(f"{seed} rows")
        self._inventory, self._monolith = Journal(Random(f"{seed} wal")), Journal(Random(f"{seed} redo"))
        self._due: list[tuple[int, int, _Step]] = []
        self._taken = 0
        self._counts: dict[str, _Count] = {}
        self._legacy: dict[str, Row] = {}
        self._truly: dict[str, int] = {}
        self._copied_ns: dict[str, int] = {}

    def take(self, request: Request) -> None:
        """Takes note of what a request does to the stock."""
        for move in request.stock:
            self._wait(move.at_ns, move)

    def snapshot(self) -> Iterator[RowChange]:
        """The rows that the connectors read first of all."""
        for journal in (self._inventory, self._monolith):
            journal.begin(self._opened_ns)
        for number in range(SNAPSHOT_SKUS):
            sku = f"sku-{number:04d}"
            yield self._inventory.read(STOCK, _stock_row(sku, self._count(sku)))
            yield self._monolith.read(LEGACY_STOCK, self._legacy[sku])

    def until(self, now_ns: int) -> Iterator[RowChange]:
        """What has changed up to then; all requests that began before must have been taken."""
        while self._due and self._due[0][0] <= now_ns:
            at_ns, _, step = heappop(self._due)
            if isinstance(step, StockMove):
                yield from self._happens(step, at_ns)
            elif isinstance(step, _Copied):
                yield self._copy(step.move, at_ns)
            elif isinstance(step, _Again):
                yield from self._once_more(step.move, at_ns)
            else:
                yield from self._let_go(step, at_ns)

    def _wait(self, at_ns: int, step: _Step) -> None:
        self._taken += 1
        heappush(self._due, (at_ns, self._taken, step))

    def _happens(self, move: StockMove, at_ns: int) -> Iterator[RowChange]:
        count = self._count(move.sku)
        if move.pieces and move.kind is not Kind.GOODS:
            yield from self._restock(move.sku, at_ns)
        if move.pieces:
            self._truly[move.sku] += move.pieces
            self._pass_on(move, at_ns)
        count.issued += 1
        if move.kind is Kind.RESERVE and self._strikes(at_ns, [fault.scenario.late for fault in self._faults]):
            held = _Held(move, count.issued, count.on_hand, count.reserved)
            count.held.append(held)
            return self._wait(at_ns + HELD_NS, held)
        yield from self._apply(move, at_ns, count.issued, count.on_hand, count.reserved)
        if move.kind is Kind.COMMIT and self._strikes(at_ns, [fault.scenario.twice for fault in self._faults]):
            self._wait(at_ns + int(self._dice.uniform(0.3, 4) * SECOND_NS), _Again(move))
        for held in count.held:
            self._wait(at_ns + int(self._dice.uniform(40, 400)) * MS_NS, held)
        return None

    def _restock(self, sku: str, at_ns: int) -> Iterator[RowChange]:
        if self._truly[sku] <= LOW:
            brought = self._dice.choice((4, 6, 9, 12, 24))
            key = f"goods-{self._dice.getrandbits(32):08x}"
            yield from self._happens(StockMove(at_ns, Kind.GOODS, key, sku, brought), at_ns)

    def _let_go(self, held: _Held, at_ns: int) -> Iterator[RowChange]:
        """Writes what was held up, as if nothing had come meanwhile."""
        count = self._count(held.move.sku)
        if held not in count.held:
            return  # it was let go before
        count.held.remove(held)
        wrong: Wrong = "stale" if held.sequence < count.highest else ""
        yield from self._apply(held.move, at_ns, held.sequence, held.on_hand, held.reserved, wrong)

    def _once_more(self, move: StockMove, at_ns: int) -> Iterator[RowChange]:
        count = self._count(move.sku)
        count.issued += 1
        yield from self._apply(move, at_ns, count.issued, count.on_hand, count.reserved, "again")

    def _apply(
        self, move: StockMove, at_ns: int, sequence: int, on_hand: int, reserved: int, wrong: Wrong = ""
    ) -> Iterator[RowChange]:
        """One transaction: the movement where pieces come or go, and the count."""
        self._inventory.begin(at_ns)
        if move.pieces:
            movement = _movement_row(move, sequence, f"m-{self._dice.getrandbits(48):012x}", at_ns)
            yield self._inventory.change(MOVEMENTS, None, movement, move, wrong)
        count = self._count(move.sku)
        before = _stock_row(move.sku, count)
        count.on_hand, count.reserved = on_hand + move.pieces, max(0, reserved + RESERVED[move.kind])
        count.highest = max(count.highest, sequence)
        count.sequence, count.event, count.at_ns = sequence, f"{move.key}:{move.kind.value}", at_ns
        count.order, count.customer = move.order, move.customer
        yield self._inventory.change(STOCK, before, _stock_row(move.sku, count), move, wrong)

    def _pass_on(self, move: StockMove, at_ns: int) -> None:
        """The monolith hears of it within a second or two, and of what happens to one sku in turn; its own it knows."""
        soon_ns = at_ns + (0 if move.kind is Kind.SALE else int(self._dice.uniform(0.2, 1.5) * SECOND_NS))
        self._copied_ns[move.sku] = then_ns = max(soon_ns, self._copied_ns.get(move.sku, 0) + MS_NS)
        self._wait(then_ns, _Copied(move))

    def _copy(self, move: StockMove, at_ns: int) -> RowChange:
        before = self._legacy[move.sku]
        after = _legacy_row(move.sku, int(before["ON_HAND"] or 0) + move.pieces, move)
        self._legacy[move.sku] = after
        self._monolith.begin(at_ns)
        return self._monolith.change(LEGACY_STOCK, before, after, move)

    def _count(self, sku: str) -> _Count:
        count = self._counts.get(sku)
        if count is None:
            on_hand = Random(f"{self._seed} {sku}").choice((4, 5, 7, 12, 20, 40, 80))
            count = self._counts[sku] = _Count(on_hand)
            self._legacy[sku], self._truly[sku] = _legacy_row(sku, on_hand), on_hand
        return count

    def _strikes(self, at_ns: int, shares: list[float]) -> bool:
        share = max((share for fault, share in zip(self._faults, shares, strict=True) if fault.on(at_ns)), default=0.0)
        return share > 0 and self._dice.random() < share


def _stock_row(sku: str, count: _Count) -> Row:
    return {
        "sku": sku,
        "on_hand": count.on_hand,
        "reserved": count.reserved,
        "sequence": count.sequence,
        "event_id": count.event or None,
        "order_id": count.order or None,
        "customer_id": count.customer or None,
        "updated_at": count.at_ns // 1000,
    }


def _movement_row(move: StockMove, sequence: int, movement: str, at_ns: int) -> Row:
    return {
        "movement_id": movement,
        "sku": move.sku,
        "order_id": move.order or None,
        "customer_id": move.customer or None,
        "quantity": move.pieces,
        "idempotency_key": move.key,
        "sequence": sequence,
        "created_at": at_ns // 1000,
    }


def _legacy_row(sku: str, on_hand: int, move: StockMove | None = None) -> Row:
    order, customer = (move.order, move.customer) if move else ("", "")
    return {"SKU": sku, "ON_HAND": on_hand, "ORDER_ID": order or None, "CUSTOMER_ID": customer or None}
