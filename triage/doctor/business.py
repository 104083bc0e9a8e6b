"""Does the telemetry name customers, orders and partners?"""

from collections.abc import Iterator
from dataclasses import dataclass

from triage.affected.answer import affected
from triage.doctor.examined import Examined
from triage.doctor.finding import Finding, share
from triage.model import Question

PEERS_NAMED = 20


def customers(examined: Examined) -> Iterator[Finding]:
    """Services whose failures belong to nobody."""
    also = ", ".join(examined.keys.customer[1:])
    key = _best(examined.keys.customer, "customer_keys") + (f" ({also} will do too)" if also else "")
    for row in examined.ask("unattributed").iter_rows(named=True):
        yield Finding(
            "customers",
            f"{share(row['unattributed'], row['failures'], 'failing spans')} of {row['service']} "
            "are in traces that name no customer",
            f"set {key} on any span of such a trace, best on its first; visitors who are not logged in have none",
            service=row["service"],
            count=row["unattributed"],
            of=row["failures"],
            example=row["example"],
        )


def ambiguous(examined: Examined) -> Iterator[Finding]:
    """Failures in traces of several customers."""
    answer = affected(examined.store, Question(from_=examined.window.from_, to=examined.window.to), limit=1)
    if answer.ambiguous_failures:
        yield Finding(
            "ambiguous",
            f"{share(answer.ambiguous_failures, answer.failures, 'failing spans')} may be one of several customers'",
            f"set {_best(examined.keys.customer, 'customer_keys')} on the failing span, or on one above it",
            count=answer.ambiguous_failures,
            of=answer.failures,
        )


def orders(examined: Examined) -> Iterator[Finding]:
    """Orders whose worth is not told."""
    row = examined.ask("orders").row(0, named=True)
    amount = _best(examined.keys.amount, "amount_keys")
    currency = _best(examined.keys.currency, "currency_keys")
    for missing, what, change in (
        ("without_amount", "name no amount", f"set {amount} and {currency} on a span that names the order"),
        ("without_currency", "name an amount without its currency", f"set {currency} beside {amount}, such as EUR"),
    ):
        if row[missing]:
            yield Finding(
                "orders",
                f"{share(row[missing], row['orders'], 'orders')} {what}: what is at risk is told too low",
                change,
                count=row[missing],
                of=row["orders"],
            )


def amounts(examined: Examined) -> Iterator[Finding]:
    """Amounts that can't be read."""
    for row in examined.ask("amounts", keys=examined.keys.amount).iter_rows(named=True):
        yield Finding(
            "amounts",
            f"{share(row['wrong'], row['amounts'], 'amounts')} of orders that {row['service']} writes are no number, "
            f"such as {row['example']!r}",
            f"write {_best(examined.keys.amount, 'amount_keys')} as a number with a point, such as 49.90, and the "
            "currency as an attribute of its own",
            service=row["service"],
            count=row["wrong"],
            of=row["amounts"],
        )


@dataclass(frozen=True)
class Peer:
    """Who is called; `is_named` by the settings as a partner."""

    name: str
    calls: int
    is_named: bool
    is_partner: bool


def partners(examined: Examined) -> Iterator[Finding]:
    """Whose HTTP errors count as failures; and partners of the settings whom nobody calls."""
    peers = [
        Peer(row["peer"], row["calls"], bool(row["is_named"]), bool(row["is_partner"]))
        for row in examined.ask("peers").iter_rows(named=True)
    ]
    yield from _uncalled([peer.name for peer in peers if peer.is_named and not peer.calls], examined)
    seen = [peer for peer in peers if peer.is_partner and peer.calls]
    if seen:
        named = "the settings name them" if seen[0].is_named else "they report no spans of their own"
        yield Finding(
            "partners",
            f"{_listed(seen)} {'count as partners' if len(seen) > 1 else 'counts as a partner'}: {named}",
            "if that is wrong, name the partners in the setting `partners`",
            lacks=False,
            count=len(seen),
            of=sum(peer.calls > 0 for peer in peers),
        )


def _uncalled(names: list[str], examined: Examined) -> Iterator[Finding]:
    """Of partners that are no span's first peer, those that are named in no other way either."""
    called = set(examined.ask("addresses", names=names)["peer"]) if names else set()
    for name in names:
        if name not in called:
            yield Finding(
                "partners",
                f"no client span calls {name}, which the settings name as a partner",
                "write in `partners` what client spans say: their service.peer.name, peer.service or server.address",
            )


def _listed(peers: list[Peer]) -> str:
    shown = ", ".join(f"{peer.name} ({peer.calls:,} calls)" for peer in peers[:PEERS_NAMED])
    return shown + (f" and {len(peers) - PEERS_NAMED:,} more" if len(peers) > PEERS_NAMED else "")


def unknown_peers(examined: Examined) -> Iterator[Finding]:
    """Calls that may have failed at a partner, if one knew who was called."""
    for row in examined.ask("nameless_peers").iter_rows(named=True):
        yield Finding(
            "unknown_peers",
            f"{row['calls']:,} calls of {row['service']} to {row['address'] or 'an unnamed address'} got an HTTP error "
            "and count as no failure: whom they call is not told",
            "set service.peer.name on them, or name the address in the setting `partners` if it is one",
            service=row["service"],
            lacks=False,
            count=row["calls"],
            of=row["calls"],
        )


def _best(keys: tuple[str, ...], setting: str) -> str:
    """The attribute to be set; which, is a setting."""
    return keys[0] if keys else f"an attribute that the setting `{setting}` names (it names none)"
