"""Which customers were affected: the store's answer and the plain reference's agree, on traces as odd as they come."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from queries import schema
from queries.store import Store
from tests import reference
from tests.loading import empty, load, meanings
from tests.odd_traces import Sent, Telemetry, everything, questions, telemetry
from tests.odd_world import BASE_NS, DEFAULT_KEYS, OWN_KEYS, Keys
from tests.smallest import fewest, plainest
from tests.telemetry import Log, Span
from triage.affected.answer import NO_CURRENCY, affected
from triage.model import Affected, AffectedCustomer, Outcome, Question

pytestmark = pytest.mark.integration

Stores = Mapping[Keys, Store]

DRAWN = settings(
    phases=(Phase.explicit, Phase.generate),  # a failure is made smaller here, which takes a tenth of the time
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    database=None,
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """A database for each way in which settings read attributes."""
    dsn = f"chdb://{tmp_path_factory.mktemp('reference')}/clickhouse"
    opened = {}
    for name, keys in {"defaults": DEFAULT_KEYS, "own": OWN_KEYS}.items():
        opened[keys] = Store.open(dsn, database=name, handles=1)
        schema.apply(opened[keys], meanings=meanings(keys))
    yield opened
    for store in opened.values():
        store.close()


@pytest.mark.timeout(600)
@settings(DRAWN, max_examples=8, derandomize=True)
@given(telemetry(), st.lists(questions(), min_size=3, max_size=3))
def test_the_store_agrees_with_the_reference(stores: Stores, sent: Telemetry, asked: list[Question]) -> None:
    """Some hundred worlds of odd traces, the same at each run."""
    agree(stores, sent, asked)


@pytest.mark.full
@pytest.mark.timeout(7200)
@settings(DRAWN, max_examples=200)
@given(telemetry(), st.lists(questions(), min_size=5, max_size=5))
def test_the_store_agrees_with_the_reference_on_thousands(
    stores: Stores, sent: Telemetry, asked: list[Question]
) -> None:
    """Other worlds at each run; a failure prints how to draw the same again."""
    agree(stores, sent, asked)


def agree(stores: Stores, sent: Telemetry, asked: Sequence[Question]) -> None:
    """Raises AssertionError with the smallest telemetry that is answered otherwise than the reference does."""
    store = stores[sent.keys]
    empty(store)
    load(store, sent)
    for question in (everything(), everything(slower_than_ms=100), *asked):
        if not differences(store, sent, question):
            continue

        def fails(parts: Sequence[Sent], question: Question = question) -> bool:
            empty(store)
            load(store, replace(sent, sent=tuple(parts)))
            return bool(differences(store, replace(sent, sent=tuple(parts)), question))

        small = replace(sent, sent=tuple(plainest(fewest(sent.sent, fails), plainer, fails)))
        empty(store)
        load(store, small)
        pytest.fail(story(small, question, differences(store, small, question)), pytrace=False)


def plainer(sent: Sent) -> Iterator[Sent]:
    """What might do instead of it: earlier, shorter, with less in it."""
    what = sent.what
    if sent.insert:
        yield replace(sent, insert=0)
    for key in what.attributes:
        yield replace(sent, what=replace(what, attributes={k: v for k, v in what.attributes.items() if k != key}))
    if isinstance(what, Span):
        for key in what.resource.keys() - {"service.name"}:
            yield replace(sent, what=replace(what, resource={k: v for k, v in what.resource.items() if k != key}))
        if what.duration_ns:
            yield replace(sent, what=replace(what, duration_ns=0))
        if what.status_error:
            yield replace(sent, what=replace(what, status_error=False))


def differences(store: Store, sent: Telemetry, question: Question) -> list[str]:
    """In what the store's answer is not the reference's, a line for each."""
    should = expected(sent, question)
    pages = answered(store, question)
    figures = {name: (getattr(pages[0], name), value) for name, value in expected_figures(should).items()}
    found = [f"{name} is {is_}, not {value}" for name, (is_, value) in figures.items() if is_ != value]
    items = {item.customer: item for page in pages for item in page.items}
    for customer in sorted(items.keys() | should.customers.keys()):
        if customer not in items or customer not in should.customers:
            found.append(f"{customer!r} is {'missing' if customer not in items else 'there, but was not affected'}")
        else:
            found += [f"{customer!r}: {line}" for line in of_customer(items[customer], should.customers[customer])]
    listed = [item for page in pages for item in page.items]
    if listed != sorted(listed, key=lambda item: (-item.failures, item.customer)):
        found.append(f"the order is {[(item.customer, item.failures) for item in listed]}")
    return found


def answered(store: Store, question: Question, limit: int = 50) -> list[Affected]:
    """The answer, page by page."""
    pages = [affected(store, question, limit=limit)]
    while following := pages[-1].next:
        pages.append(affected(store, question, limit=limit, cursor=following))
    return pages


def expected(sent: Telemetry, question: Question) -> reference.Answer:
    keys = sent.keys
    return reference.affected(
        sent.spans, sent.logs, question, customer_keys=keys.customer, order_keys=keys.order, amount_keys=keys.amount,
        currency_keys=keys.currency, partners=keys.partners,
    )  # fmt: skip


def expected_figures(should: reference.Answer) -> dict[str, object]:
    """What the answer's fields of these names must be."""
    return {
        "customers": len(should.customers),
        **{outcome.value: should.count(outcome) for outcome in Outcome},
        "failures": should.failures,
        "failed_requests": should.failed_requests,
        "unattributed_failures": should.unattributed,
        "ambiguous_failures": should.ambiguous,
        "attribution": should.attribution,
        "amount_at_risk": _prices(should.amount_at_risk),
        "exact": True,
    }


def of_customer(item: AffectedCustomer, should: reference.Customer) -> Iterator[str]:
    """In what a customer is not as the reference says."""
    recovered = None if item.recovered_at is None else reference.nanoseconds(item.recovered_at)
    last_attempt = None if item.last_attempt is None else reference.nanoseconds(item.last_attempt)
    is_and_should = {
        "failures": (item.failures, should.failures),
        "first": (clock(reference.nanoseconds(item.first)), clock(should.first_ns)),
        "last": (clock(reference.nanoseconds(item.last)), clock(should.last_ns)),
        "outcome": (item.outcome.value, should.outcome.value),
        "recovered_at": (clock(recovered), clock(should.recovered_ns)),
        "last_attempt": (clock(last_attempt), clock(should.last_attempt_ns)),
        "orders": (sorted(item.orders), sorted(should.orders)),
        "amount": (dict(item.amount), _prices(should.amount)),
        "evidence": (len(item.evidence), min(len(should.spans), 3)),
    }
    yield from (f"{name} is {is_}, not {value}" for name, (is_, value) in is_and_should.items() if is_ != value)
    shown = [(clock(reference.nanoseconds(each.time)), each.trace_id, each.span_id) for each in item.evidence]
    there = [(clock(start_ns), trace_id, span_id) for start_ns, trace_id, span_id in should.spans]
    if [time for time, *_ in shown] != [time for time, *_ in there][:3] or not set(shown) <= set(there):
        yield f"evidence is {shown}, not the first of {there}"


def _prices(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {currency or NO_CURRENCY: amount for currency, amount in amounts.items()}


def clock(time_ns: int | None) -> str | None:
    """A time to the microsecond, in seconds since the tests' time zero."""
    return None if time_ns is None else f"{(time_ns - BASE_NS) // 1000 / 1e6:+.6f}s"


def story(sent: Telemetry, question: Question, found: Sequence[str]) -> str:
    """The smallest failing case as a person reads it."""
    asked = {name: value for name, value in vars(question).items() if value is not None}
    lines = [f"{name} = {value}" for name, value in asked.items()]
    lines += [f"keys: {sent.keys}" + (", tables merged" if sent.merged else ""), ""]
    lines += [_told(each) for each in sorted(sent.sent, key=lambda each: (each.what.trace_id, str(type(each.what))))]
    return "\n".join(["the store's answer:", *found, "", "question:", *lines])


def _told(sent: Sent) -> str:
    what = sent.what
    where = f"insert {sent.insert}  trace {_short(what.trace_id)}"
    if isinstance(what, Log):
        return f"{where}  log of {_short(what.span_id)}  {what.time_ns - BASE_NS:+}ns  {dict(what.attributes)}"
    others = {key: text for key, text in what.resource.items() if key != "service.name"}
    return (
        f"{where}  span {_short(what.span_id)} under {_short(what.parent_id)}  {what.service}/{what.name} {what.kind}"
        f"{' ERROR' if what.status_error else ''}  {what.start_ns - BASE_NS:+}ns took {what.duration_ns}"
        f"  {dict(what.attributes)}{f' resource {others}' if others else ''}"
    )


def _short(hex_id: str) -> str:
    return f"{hex_id[: len(hex_id) // 2].lstrip('0')}.{hex_id[len(hex_id) // 2 :].lstrip('0')}" if hex_id else "-"
