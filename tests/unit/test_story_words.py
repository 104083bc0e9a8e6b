"""What a customer wanted, and what was done for them, in a support person's words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.symptoms import T0, Passes, at, gateway_errors
from triage.customer import Customer, Request
from triage.incident.of_customer import Part
from triage.model import Evidence, Outcome
from triage.story import story, wanted
from triage.window import Window


def request(
    number: int, operation: str, kind: str = "Server", *, failed: bool = False, duration_ms: float = 5.0
) -> Request:
    """A request in its own trace, a minute after the one before."""
    ns = int(at(60 * number).timestamp()) * 10**9
    why = (Evidence("t", "s", at(60 * number), "erp", "POST /book", ""),) if failed else ()
    return Request(f"t-{number}", "s", ns, kind, "worker", operation, duration_ms, failed, True, why, ())


def told(*requests: Request, parts: tuple[Part, ...] = ()) -> tuple[str, ...]:
    window = Window(T0, T0 + timedelta(hours=1))
    return story(Customer("c-1", window, window.to, requests, (), True), parts)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("POST /checkout", "to check out"),
        ("POST /api/v2/Checkout/", "to check out"),
        ("PUT /cart", "to put something into the cart"),
        ("POST /orders", "to order"),
        ("GET /checkout", ""),
        ("GET /orders", ""),
        ("POST /stock/{sku}", ""),
        ("checkout", ""),
        ("", ""),
    ],
)
def test_an_operation_is_told_as_what_was_wanted(operation: str, words: str) -> None:
    """Where its name tells; looking at something is not doing it."""
    assert wanted(operation) == words


def test_messages_are_processed_for_a_customer_who_tried_nothing() -> None:
    """They don't know of the queue."""
    failed = [request(number, "process order-placed", "Consumer", failed=True) for number in (1, 2, 3)]
    between = "between 10:03 and 10:05; all failed at erp; it has not worked since."
    assert told(*failed) == (f"Three messages were processed for them (process order-placed) {between}",)
    (one,) = told(failed[0], request(4, "process order-placed", "Consumer"))
    when = "at 10:03; it failed at erp; it worked at 10:06."
    assert one == f"One message was processed for them (process order-placed) {when}"


def test_messages_are_no_requests_of_theirs() -> None:
    """Nor where nothing failed."""
    messages = [request(number, "process order-placed", "Consumer") for number in (1, 2)]
    assert told(*messages) == ("Two messages were processed for them between 10:03 and 10:04; nothing failed.",)
    both = (*messages, request(3, "POST /checkout"))
    did = "Made one request, and two messages were processed for them"
    assert told(*both) == (f"{did} between 10:03 and 10:05; nothing failed.",)
    masked = replace(messages[0], failures=request(1, "process order-placed", "Consumer", failed=True).failures)
    (sentence,) = told(masked, both[-1])
    assert sentence.startswith("Made one request, and one message was processed for them; ")
    assert sentence.endswith("; something failed behind one of these, and they never noticed.")


def test_a_request_that_was_quick_itself_is_not_called_slow() -> None:
    """Whatever is slow behind it, it is how they recovered."""
    passes = Passes()
    passes.look(30, gateway_errors())
    slow, quick = request(1, "POST /checkout", duration_ms=13_700), request(2, "POST /checkout", duration_ms=177)
    part = Part(passes.only, Outcome.RECOVERED, slow={"t-1": 1000.0, "t-2": 1000.0})
    assert told(slow, quick, parts=(part,))[-1] == "POST /checkout worked at 10:03, but took 13.7 s."
    assert told(quick, parts=(part,))[-1] == "Something was slow behind one request, and they never noticed."
