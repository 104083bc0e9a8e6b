"""The bar that shows how customers fare: a part for each outcome."""

from triage.model import Outcome


def shares(customers: int, not_recovered: int, recovered: int, masked: int) -> list[tuple[str, float, float]]:
    """The bar's parts: outcome, where it begins and how long it is, in percent; none of nobody."""
    counts = {Outcome.NOT_RECOVERED: not_recovered, Outcome.RECOVERED: recovered, Outcome.MASKED: masked}
    parts, begin = [], 0.0
    for outcome, count in counts.items():
        width = 100 * count / max(customers, 1)
        parts.append((outcome.value, round(begin, 3), round(width, 3)))
        begin += width
    return parts if customers else []
