"""A customer's requests as a support person would tell them: one sentence, plain words, the figures in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from triage.customer import Customer, Request
from triage.detectors.wording import milliseconds
from triage.incident.of_customer import Part, fared_worse, hides_slowness, is_slow
from triage.model import Evidence, Outcome

OPERATIONS_TOLD = 3
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TIMES = {1: "once", 2: "twice"}
WRITING = {"POST", "PUT"}
WANTED = {
    "checkout": "to check out", "order": "to order", "orders": "to order", "pay": "to pay", "payment": "to pay",
    "payments": "to pay", "login": "to log in", "signin": "to log in", "register": "to register",
    "signup": "to register", "cart": "to put something into the cart", "refund": "to get money back",
    "refunds": "to get money back", "returns": "to send something back",
}  # fmt: skip
FARED = {
    Outcome.NOT_RECOVERED: "they have not recovered",
    Outcome.RECOVERED: "they have recovered since",
    Outcome.MASKED: "they never noticed",
}
BUYING = {"to check out", "to order", "to pay"}


def story(customer: Customer, parts: Sequence[Part] = ()) -> tuple[str, ...]:
    """What happened to the customer: the sentence that matters most, then one for each other operation that failed.

    That is an incident of theirs where it went on worse for them there than what failed tells.
    A time that is not of the same day (UTC) as the first one told has its day with it.
    Names in it are what telemetry says: whoever shows it must escape it.
    """
    return (*_incidents(customer, parts), *_requests(customer), *_slow(customer, parts))


def _incidents(customer: Customer, parts: Sequence[Part]) -> Iterator[str]:
    if outcome := fared_worse(customer, parts):
        title = next(part.incident.title for part in parts if part.outcome is outcome)
        where = "" if len(parts) == 1 else ", at worst in this one"
        yield f"{_number(len(parts), 'incident').capitalize()} hit them{where}, and {FARED[outcome]}: {title}."


def _slow(customer: Customer, parts: Sequence[Part]) -> Iterator[str]:
    """What worked, but took longer than an incident of theirs asks for; or else what was slow behind their requests."""
    worked = [one for one in customer.requests if not one.failed]
    slow = [one for one in worked if is_slow(one, parts)]
    behind = [one for one in worked if hides_slowness(one, parts)]
    if slow:
        longest = milliseconds(max(request.duration_ms for request in slow))
        what = slow[0].operation if len(slow) == 1 else _number(len(slow), "request").capitalize()
        when = _when(slow, _minute(slow[0]).date())
        yield f"{what} worked {when}, but took {'' if len(slow) == 1 else 'up to '}{longest}."
    elif behind:
        yield f"Something was slow behind {_number(len(behind), 'request')}, and they never noticed."


def _requests(customer: Customer) -> tuple[str, ...]:
    if not customer.requests:
        return ("Nothing was heard of this customer in this window.",)
    theirs = [request for request in customer.requests if request.is_theirs]
    if not customer.hit:
        return (_calm(theirs),)
    if not customer.visible:
        are_requests = all(request.kind != "Consumer" for request in customer.hit)
        hit = _number(len(customer.hit), "request") if are_requests else f"{_words(len(customer.hit))} of these"
        return (f"{_did(theirs)}; something failed behind {hit}, and they never noticed.",)
    told = sorted({request.entry for request in customer.visible}, key=lambda entry: _weight(customer, entry))
    more = len(told) - OPERATIONS_TOLD
    rest = (f"{_number(more, 'more operation').capitalize()} failed too.",) if more > 0 else ()
    day = next(_minute(request) for request in customer.visible if request.entry == told[0]).date()
    return (*(_operation(customer, entry, day) for entry in told[:OPERATIONS_TOLD]), *rest)


def origin(failures: Sequence[Evidence]) -> Evidence | None:
    """Of failing spans the one to name: the last to begin, which is nearest to where it went wrong."""
    return max(failures, key=lambda one: one.time, default=None)


def _calm(theirs: Sequence[Request]) -> str:
    if not theirs:
        return "Tried nothing themselves; they are only named in others’ requests."
    failed = any(request.failures for request in theirs)
    how = "what failed in it began before or after this time" if failed else "nothing failed"
    return f"{_did(theirs)} {_when(theirs, _minute(theirs[0]).date())}; {how}."


def _did(theirs: Sequence[Request]) -> str:
    """The requests that they made, and the messages that were processed for them, each where there are any."""
    messages = sum(request.kind == "Consumer" for request in theirs)
    made = f"Made {_number(len(theirs) - messages, 'request')}"
    if not messages:
        return made
    return f"{made}, and {_processed(messages)}" if messages < len(theirs) else _processed(messages).capitalize()


def _processed(messages: int) -> str:
    return f"{_number(messages, 'message')} {'was' if messages == 1 else 'were'} processed for them"


def _weight(customer: Customer, entry: tuple[str, str]) -> tuple[bool, bool, int, tuple[str, str]]:
    """Least for what matters most: what has not worked since, then what orders hang on, then what failed most."""
    failed = [request for request in customer.visible if request.entry == entry]
    worked = customer.success_after(entry, failed[-1].start_ns) is not None
    return worked, not any(request.orders for request in failed), -len(failed), entry


def _operation(customer: Customer, entry: tuple[str, str], day: date) -> str:
    """How one operation went, from when it first failed on; `day` needs no naming."""
    failed = [request for request in customer.visible if request.entry == entry]
    first, last = failed[0].time, failed[-1].time
    tried = [request for request in customer.requests if request.entry == entry and first <= request.time <= last]
    where = Counter(one.service for request in failed if (one := origin(request.failures))).most_common(1)
    at = f" at {where[0][0]}" if where else ""
    success = customer.success_after(entry, failed[-1].start_ns)
    how_many, when = _how_many(len(failed), len(tried)), _when(tried, day)
    not_since = "it has not worked since"
    if not any(request.is_theirs for request in tried):
        what, not_since = f"Was named in {entry[1]} {_times(len(tried))}", "none of their own has worked since"
    elif failed[0].kind == "Consumer":
        what = f"{_processed(len(tried)).capitalize()} ({entry[1]})"
    else:
        what = f"Tried {wanted(entry[1]) or entry[1]} {_times(len(tried))}"
    since = _since(entry[1], success, day) if success else not_since
    return f"{what} {when}; {how_many} failed{at}; {since}."


def wanted(operation: str) -> str:
    """What a person wants who calls it, as far as its name tells: `POST /v1/checkout` "to check out"; else ""."""
    method, _, path = operation.partition(" ")
    last = path.rstrip("/").rpartition("/")[2].lower()
    return WANTED.get(last, "") if method in WRITING else ""


def _since(operation: str, success: Request, day: date) -> str:
    bought = success.orders and wanted(operation) in BUYING
    return f"{'bought' if bought else 'it worked'} {_at(_minute(success), day)}"


def _how_many(failed: int, tried: int) -> str:
    if failed == tried:
        return {1: "it", 2: "both"}.get(failed, "all")
    return _words(failed)


def _when(requests: Sequence[Request], day: date) -> str:
    first, last = _minute(requests[0]), _minute(requests[-1])
    if first == last:
        return _at(first, day)
    if first.date() == last.date():
        return f"{_on(first, day)}between {first:%H:%M} and {last:%H:%M}"
    return f"between {first:%H:%M} on {_date(first, day)} and {last:%H:%M} on {_date(last, day)}"


def _at(moment: datetime, day: date) -> str:
    return f"{_on(moment, day)}at {moment:%H:%M}"


def _on(moment: datetime, day: date) -> str:
    return "" if moment.date() == day else f"on {_date(moment, day)} "


def _date(moment: datetime, day: date) -> str:
    return f"{moment.day} {moment:%b}" + ("" if moment.year == day.year else f" {moment.year}")


def _minute(request: Request) -> datetime:
    """The minute that it began in, in UTC: what is told of a time."""
    return request.time.astimezone(UTC).replace(second=0, microsecond=0)


def _times(count: int) -> str:
    return TIMES.get(count, f"{_words(count)} times")


def _number(count: int, noun: str) -> str:
    return f"{_words(count)} {noun}" + ("" if count == 1 else "s")


def _words(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"
