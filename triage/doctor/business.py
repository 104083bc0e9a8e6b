"""Does the telemetry name customers, orders and partners?"""

from collections.abc import Iterator
from dataclasses import dataclass

from triage.affected.answer import affected
from triage.doctor.examined import Examined
from triage.doctor.finding import Finding, share
from triage.model import Question

PEERS_NAMED = 20
LEAST_TRACES = 100
LEAST_VALUES = 10
KEYS_NAMED = 3

LIKE = {
    "customer_keys": (
        r"(?i)^((app[._-])?account|[\w.-]*(user|customer|member|shopper)([._-]?account)?)[._-]?(id|uuid|number|no)$"
    ),
    "order_keys": r"(?i)^[\w.-]*order[._-]?(id|uuid|number|no)$",
    "amount_keys": r"(?i)^[\w.-]*order[\w.-]*(amount|total|value|price)$",
    "currency_keys": r"(?i)^[\w.-]*currency([._-]?code)?$",
}
"""How keys look that mean what a setting names; any of them has at least so many values (a currency: one).

An account may be a customer's or a cloud's, a merchant's, a bank's: it is one where the key says so, or says no more.
"""
VALUES_LIKE = {"amount_keys": r"^\d+(\.\d+)?$", "currency_keys": "^[A-Z]{3}$"}


def customers(examined: Examined) -> Iterator[Finding]:
    """Services whose failures belong to nobody, and those that take requests of nobody."""
    nameless = list(
        examined.ask_recent("nameless_traces", like=LIKE["customer_keys"], values=LEAST_VALUES).iter_rows(named=True)
    )
    also = ", ".join(examined.keys.customer[1:])
    key = _best(examined.keys.customer, "customer_keys") + (f" ({also} will do too)" if also else "")
    alike = list(dict.fromkeys(key for row in nameless for key in row["keys"]))
    change = (
        _naming("customer_keys", examined.keys.customer, alike)
        if alike
        else f"set {key} on any span of such a trace, best on its first; visitors who are not logged in have none"
    )
    for row in examined.ask("unattributed").iter_rows(named=True):
        yield Finding(
            "customers",
            f"{share(row['unattributed'], row['failures'], 'failing spans')} of {row['service']} "
            "are in traces that name no customer",
            change,
            service=row["service"],
            count=row["unattributed"],
            of=row["failures"],
            example=row["example"],
        )
    nobody = all(row["nameless"] == row["traces"] for row in nameless)
    for row in nameless:
        if row["keys"] or (row["nameless"] == row["traces"] >= LEAST_TRACES and not alike):
            yield Finding(
                "customers",
                f"{share(row['nameless'], row['traces'], 'traces')} looked at that begin at {row['service']} "
                "name no customer"
                + (f", though spans of {row['carrying']:,} of them carry {_few(row['keys'])}" if row["keys"] else ""),
                change,
                service=row["service"],
                lacks=bool(row["keys"]) or nobody,
                count=row["nameless"],
                of=row["traces"],
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
    """Orders whose worth is not told, or that are named by attributes that no setting names."""
    row = examined.ask("orders").row(0, named=True)
    keys = {
        "order_keys": examined.keys.order,
        "amount_keys": examined.keys.amount,
        "currency_keys": examined.keys.currency,
    }
    amount, currency = (_best(keys[setting], setting) for setting in ("amount_keys", "currency_keys"))
    if not row["orders"] and (alike := _lookalikes(examined, "order_keys")):
        others = {setting: _lookalikes(examined, setting) for setting in ("amount_keys", "currency_keys")}
        named = {"order_keys": alike, **{setting: found for setting, found in others.items() if found}}
        yield Finding(
            "orders",
            f"no span names an order by a key that the settings name, though spans carry {_few(alike)}",
            "; ".join(_naming(setting, keys[setting], found) for setting, found in named.items()),
        )
    for missing, what, setting, change in (
        (
            "without_amount",
            "name no amount",
            "amount_keys",
            f"set {amount} and {currency} on a span that names the order",
        ),
        (
            "without_currency",
            "name an amount without its currency",
            "currency_keys",
            f"set {currency} beside {amount}, such as EUR",
        ),
    ):
        if row[missing]:
            alike = _lookalikes(examined, setting)
            yield Finding(
                "orders",
                f"{share(row[missing], row['orders'], 'orders')} {what}: what is at risk is told too low",
                _naming(setting, keys[setting], alike) if alike else change,
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
                "write in `partners` what client spans say: their service.peer.name, peer.service, server.address or "
                "net.peer.name",
            )


def _listed(peers: list[Peer]) -> str:
    shown = ", ".join(f"{peer.name} ({peer.calls:,} calls)" for peer in peers[:PEERS_NAMED])
    return shown + (f" and {len(peers) - PEERS_NAMED:,} more" if len(peers) > PEERS_NAMED else "")


def unknown_peers(examined: Examined) -> Iterator[Finding]:
    """Calls that may have failed at a partner, if one knew who was called."""
    found = list(examined.ask("nameless_peers", since=examined.recent.from_).iter_rows(named=True))
    addresses = list(dict.fromkeys(row["address"] for row in found if row["address"]))
    named = [row["peer"] for row in examined.ask("peers").iter_rows(named=True) if row["is_partner"]] if found else []
    setting = f"TRIAGE_PARTNERS={','.join([*named, *addresses[:PEERS_NAMED]])}"
    for row in found:
        yield Finding(
            "unknown_peers",
            f"{row['calls']:,} calls of {row['service']} to {row['address'] or 'an unnamed address'} got an HTTP error "
            "and count as no partner's: whom they call is not told",
            f"set service.peer.name on them, or name those that are partners in the setting `partners`: {setting}"
            if row["address"]
            else "set service.peer.name on them",
            service=row["service"],
            lacks=False,
            count=row["calls"],
            of=row["calls"],
        )


def _lookalikes(examined: Examined, setting: str) -> list[str]:
    """Attributes of recent spans that may mean what a setting names, the most frequent first."""
    answer = examined.ask_recent(
        "lookalikes",
        like=LIKE[setting],
        value_like=VALUES_LIKE.get(setting, "."),
        values=1 if setting == "currency_keys" else LEAST_VALUES,
    )
    return list(answer["key"])


def _naming(setting: str, keys: tuple[str, ...], alike: list[str]) -> str:
    """What to set so that attributes are known by what they mean."""
    given = ",".join([*keys, *alike[:KEYS_NAMED]])
    return (
        f"name {_few(alike)} in the setting `{setting}`, if that is what it means, for what is received from then on: "
        f"TRIAGE_{setting.upper()}={given}"
    )


def _few(keys: list[str]) -> str:
    return ", ".join(keys[:KEYS_NAMED])


def _best(keys: tuple[str, ...], setting: str) -> str:
    """The attribute to be set; which, is a setting."""
    return keys[0] if keys else f"an attribute that the setting `{setting}` names (it names none)"
