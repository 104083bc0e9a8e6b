"""What pages say first: one sentence in plain words, with the figures in it."""

from datetime import datetime, timedelta

from markupsafe import Markup

from dashboards.pages.shown import clock, duration, number, shown
from triage.model import Affected, Question
from triage.window import Window

OUTCOMES = {
    "not_recovered": ("●", "not recovered"),
    "recovered": ("◐", "recovered"),
    "masked": ("○", "never noticed"),
}
"""Each outcome's sign and words."""


def headline(answer: Affected, *, heard: bool = True) -> Markup:
    """Who was hit, and how they are now; where nothing was heard at all, nobody knows."""
    window = Window(answer.question.from_, answer.question.to)
    what = Markup("{} {}").format(by_what(answer.question), between(window, answer.computed_at))
    if answer.customers:
        return Markup("{} by {}{}").format(_hit(answer.customers), what, _since(answer))
    if answer.failures:
        return Markup("None of the {} caused by {} can be given to a customer.").format(_failures(answer), what)
    if not heard:
        return Markup("Whether {} hit a customer is unknown: there is no data.").format(what)
    return Markup("No customer was hit by {}.").format(what)


def by_what(question: Question) -> Markup:
    """What had to go wrong to count: "failures of POST /charge in payment"."""
    slow = question.slower_than_ms
    plain = Markup("failures") if slow is None else Markup("anything slower than {}").format(duration(slow))
    parts = [
        (" of {}", question.operation),
        (" in {}", question.service),
        (" on {}", question.route),
        (" towards {}", question.partner),
        (" of version {}", question.version),
    ]
    limits = Markup("").join(Markup(words).format(shown(value, 60)) for words, value in parts if value)
    return plain + limits


def between(window: Window, now: datetime) -> Markup:
    """The window in words, to the minute; days are named unless they are today."""
    from_, to = window.from_, window.to
    if window.length >= timedelta(minutes=2):
        from_, to = from_.replace(second=0, microsecond=0), to.replace(second=0, microsecond=0)
    known_day = now if to.date() == now.date() and from_.date() == now.date() else from_
    return Markup("between {} and {} UTC").format(clock(from_, now, short=True), clock(to, known_day, short=True))


def completeness(answer: Affected) -> str:
    """How much of what failed can be given to a customer."""
    if answer.attribution is None:
        return f"Nothing {'was slow' if _is_slow(answer) else 'failed'}, so there was nobody to name."
    if not answer.unattributed_failures + answer.ambiguous_failures:
        return f"Every one of the {_failures(answer)} names its customer."
    missing = [
        f"{number(count)} {words}"
        for count, words in (
            (answer.unattributed_failures, "name nobody"),
            (answer.ambiguous_failures, "could belong to several customers and count for none"),
        )
        if count
    ]
    return f"Of {_failures(answer)}, {' and '.join(missing)}: these may hide more customers."


def _hit(customers: int) -> str:
    return "1 customer was hit" if customers == 1 else f"{number(customers)} customers were hit"


def _since(answer: Affected) -> str:
    through = "had a quick answer" if _is_slow(answer) else "got through"
    if answer.not_recovered == answer.customers:
        return f"; they have not {through} since." if answer.customers == 1 else f"; none of them has {through} since."
    if answer.not_recovered:
        have = "has" if answer.not_recovered == 1 else "have"
        return f"; {number(answer.not_recovered)} {have} not {through} since."
    if answer.masked == answer.customers:
        return "; a retry or a fallback saved every request, so nobody noticed."
    return f"; all of them have {through} since." if answer.customers > 1 else f"; they have {through} since."


def _is_slow(answer: Affected) -> bool:
    return answer.question.slower_than_ms is not None


def _failures(answer: Affected) -> str:
    noun = "slow span" if _is_slow(answer) else "failure"
    return _count(answer.failures, noun, f"{noun}s")


def _count(count: int, one: str, many: str) -> str:
    return f"{number(count)} {one if count == 1 else many}"
