"""A customer's requests as a support person would tell them: one sentence, plain words, the figures in it."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from triage.customer import Customer, Request
from triage.model import Evidence

OPERATIONS_TOLD = 2
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TIMES = {1: "once", 2: "twice"}


def story(customer: Customer) -> str:
    """What happened to the customer, from first to last.

    Names in it are what telemetry says: whoever shows it must escape it.
    """
    theirs = [request for request in customer.requests if request.is_theirs]
    if not customer.failures:
        return _calm(theirs)
    if not customer.visible:
        hit = _number(len({one.trace_id for one in customer.failures}), "request")
        return f"Made {_number(len(theirs), 'request')}; something failed behind {hit}, and they never noticed."
    told = list(dict.fromkeys(request.entry for request in customer.visible))
    parts = [_operation(customer, entry) for entry in told[:OPERATIONS_TOLD]]
    more = len(told) - OPERATIONS_TOLD
    if more > 0:
        parts.append(f"{_number(more, 'more operation')} failed too")
    return f"{'; '.join(parts)}."


def origin(failures: Sequence[Evidence]) -> Evidence | None:
    """Of failing spans the one to name: the last to begin, which is nearest to where it went wrong."""
    return max(failures, key=lambda one: one.time, default=None)


def _calm(theirs: Sequence[Request]) -> str:
    if not theirs:
        return "Tried nothing themselves; they are only named in others’ requests."
    return f"Made {_number(len(theirs), 'request')} {_when(theirs)}; nothing failed."


def _operation(customer: Customer, entry: tuple[str, str]) -> str:
    """How one operation went: "tried POST /checkout three times between 10:03 and 10:07; all failed at payment; …"."""
    tried = [request for request in customer.requests if request.entry == entry]
    failed = [request for request in tried if request.failed]
    where = Counter(last.service for request in failed if (last := origin(request.failures))).most_common(1)
    at = f" at {where[0][0]}" if where else ""
    success = customer.success_after(entry, failed[-1].time)
    since = f"worked at {_clock(success.time)}" if success else "has not worked since"
    how_many = _how_many(len(failed), len(tried))
    return f"Tried {entry[1]} {_times(len(tried))} {_when(tried)}; {how_many} failed{at}; {since}"


def _how_many(failed: int, tried: int) -> str:
    if failed == tried:
        return {1: "it", 2: "both"}.get(failed, "all")
    return _words(failed)


def _when(requests: Sequence[Request]) -> str:
    first, last = _clock(requests[0].time), _clock(requests[-1].time)
    return f"at {first}" if first == last else f"between {first} and {last}"


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%H:%M")


def _times(count: int) -> str:
    return TIMES.get(count, f"{_words(count)} times")


def _number(count: int, noun: str) -> str:
    return f"{_words(count)} {noun}" + ("" if count == 1 else "s")


def _words(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else f"{count:,}"
