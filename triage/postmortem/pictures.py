"""The pictures of a postmortem: the symptom against what is usual of it, and the customers hit over time."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from triage.incident.naming import quantity
from triage.incident.series import Series
from triage.kpi.wording import counted as of_many
from triage.postmortem.facts import Facts
from triage.postmortem.model import FigureJson
from triage.postmortem.svg import Chart, Line, Mark, between, drawn
from triage.postmortem.visible import visible
from triage.postmortem.wording import clock, counted

HARM, CALM = "#b42318", "#1a7f37"
MOST_MARKS = 4
MOST_POINTS = 300
UNITS = {"ratio": "share in %", "1": "share in %", "ms": "time"}


def pictures(facts: Facts) -> Iterator[FigureJson]:
    """Those that there is something to draw for."""
    if facts.series and facts.series.is_known:
        yield _symptom(facts, facts.series)
    if facts.customers:
        yield _customers(facts)


def _symptom(facts: Facts, series: Series) -> FigureJson:
    band = None
    if series.usual_low is not None and series.usual_high is not None:
        band = series.usual_low, series.usual_high

    def said(value: float) -> str:
        return quantity(value, series.unit if series.unit in UNITS else "")

    def told(value: float) -> str:
        return quantity(value, series.unit)

    unit = UNITS.get(series.unit) or of_many(series.unit, "")
    points = list(zip(series.times, series.values, strict=True))
    window = facts.window
    chart = Chart(
        title=series.name, unit=unit, from_=window.from_, to=window.to, said=said, band=band, marks=_marks(facts),
        lines=[Line("measured", points, HARM, "harm")],
    )  # fmt: skip
    known = [value for value in series.values if value is not None]
    usually = f"; it is usually {between(told(band[0]), told(band[1]))}" if band else ""
    lowest, highest = told(min(known)), told(max(known))
    name = visible(series.name)
    alt = f"{name} lay between {lowest} and {highest} in the time shown{usually}."
    return FigureJson(name="symptom", title=f"{name} against what is usual", alt=alt, svg=drawn(chart))


def _marks(facts: Facts) -> list[Mark]:
    """The suspects, and when it was opened and over."""
    incident = facts.incident
    found = [Mark(each.time, each.what) for each in incident.suspects[:MOST_MARKS] if each.time >= facts.window.from_]
    found.append(Mark(incident.opened_at, "opened"))
    return [*found, Mark(incident.ended, "over")] if incident.ended else found


def _customers(facts: Facts) -> FigureJson:
    window = facts.window
    hit = _counted_up([each.first for each in facts.customers], window.from_, window.to)
    back = sorted(each.recovered_at for each in facts.customers if each.recovered_at)
    lines = [Line("hit so far", hit, HARM, "harm", steps=True)]
    if back:
        lines.append(Line("recovered so far", _counted_up(back, window.from_, window.to), CALM, "calm", steps=True))
    marks = [Mark(facts.incident.opened_at, "opened")]
    chart = Chart(
        title="Customers hit", unit="number", from_=window.from_, to=window.to, lines=lines,
        said=lambda value: f"{value:,.0f}" if value == int(value) else "", marks=marks,
    )  # fmt: skip
    first = clock(min(each.first for each in facts.customers), facts.incident.began)
    alt = f"{counted(len(facts.customers), 'customer')} hit, the first at {first}; {len(back):,} of them recovered."
    return FigureJson(name="customers", title="Customers hit over time", alt=alt, svg=drawn(chart))


def _counted_up(moments: Sequence[datetime], from_: datetime, to: datetime) -> list[tuple[datetime, float | None]]:
    """How many there were by each moment, to at most so many points."""
    ordered = sorted(moment for moment in moments if moment < to)
    steps = [(from_, 0.0), *((moment, float(number)) for number, moment in enumerate(ordered, start=1))]
    least = (to - from_) / MOST_POINTS
    kept: list[tuple[datetime, float | None]] = [steps[0]]
    for one, following in pairwise([*steps[1:], (to, float(len(ordered)))]):
        if following[0] - kept[-1][0] >= least:
            kept.append(one)
    return [*kept, (to, float(len(ordered)))]
