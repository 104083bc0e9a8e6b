"""A customer's story names the day of what did not happen on the day that it begins with."""

from datetime import UTC, datetime, timedelta

import pytest

from triage.customer import Customer, Request
from triage.model import Evidence
from triage.story import story
from triage.window import Window

FROM = datetime(2026, 11, 1, tzinfo=UTC)
CHECKOUT, LOGIN = "POST /checkout", "POST /login"


def at(day: int, clock: str, month: int = 11, year: int = 2026) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def request(moment: datetime, failed: bool, operation: str = CHECKOUT) -> Request:
    ns = int(moment.timestamp()) * 10**9
    why = (Evidence("t", "s", moment, "payment", "POST /charge", ""),) if failed else ()
    return Request(str(ns), "s", ns, "Server", "gateway", operation, 5.0, failed, True, why, ())


def told(*requests: Request, since: tuple[Request, ...] = ()) -> tuple[str, ...]:
    window = Window(FROM, FROM + timedelta(days=90))
    return story(Customer("c-1", window, window.to, requests, since, True))


def failed_at(*moments: datetime, operation: str = CHECKOUT) -> tuple[Request, ...]:
    return tuple(request(moment, True, operation) for moment in moments)


def test_what_is_on_one_day_needs_none() -> None:
    """Nor do two within one minute need both told."""
    failed = failed_at(at(20, "10:03"), at(20, "10:03") + timedelta(seconds=40))
    worked = request(at(20, "10:31"), False)
    assert told(*failed, worked) == (
        "Tried to check out twice at 10:03; both failed at payment; it worked at 10:31.",
    )  # fmt: skip
    assert told(*failed_at(at(20, "10:03"), at(20, "10:20"))) == (
        "Tried to check out twice between 10:03 and 10:20; both failed at payment; it has not worked since.",
    )


def test_what_worked_days_later_says_on_which() -> None:
    """In the window, and after it."""
    failed, worked = failed_at(at(20, "10:03")), request(at(22, "10:31"), False)
    expected = ("Tried to check out once at 10:03; it failed at payment; it worked on 22 Nov at 10:31.",)
    assert told(*failed, worked) == told(*failed, since=(worked,)) == expected


def test_the_same_time_on_two_days_is_two_times() -> None:
    """And both days are named: of one alone nobody could say whether it is the other's, too."""
    (sentence,) = told(*failed_at(at(20, "10:03"), at(21, "10:03")))
    assert sentence.startswith("Tried to check out twice between 10:03 on 20 Nov and 10:03 on 21 Nov; both failed")


@pytest.mark.parametrize(
    ("times", "when"),
    [
        (("09:00",), "once on 21 Nov at 09:00; it"),
        (("09:00", "09:30"), "twice on 21 Nov between 09:00 and 09:30; both"),
    ],
)
def test_a_further_operation_says_its_day_where_it_is_another(times: tuple[str, ...], when: str) -> None:
    """The first sentence's first day is the one that goes without saying."""
    checkout = failed_at(at(20, "10:03"), at(20, "10:04"), at(20, "10:05"))
    login = failed_at(*(at(21, time) for time in times), operation=LOGIN)
    assert told(*checkout, *login)[1] == f"Tried to log in {when} failed at payment; it has not worked since."


def test_another_year_is_named() -> None:
    """The turn of the year is no riddle."""
    failed, worked = failed_at(at(31, "23:58", 12)), request(at(1, "00:05", 1, 2027), False)
    assert told(*failed, worked)[0].endswith("it worked on 1 Jan 2027 at 00:05.")


def test_a_calm_story_names_days_alike() -> None:
    """Where nothing failed."""
    calm = (request(at(20, "10:03"), False), request(at(22, "10:03"), False))
    assert told(*calm) == ("Made two requests between 10:03 on 20 Nov and 10:03 on 22 Nov; nothing failed.",)
