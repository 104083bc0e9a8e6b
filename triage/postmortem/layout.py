"""The document as headings, paragraphs, lists, tables and pictures: what Markdown, HTML and PDF are written from.

Every text in it is plain: whoever writes a format escapes it there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from triage.incident.naming import quantity
from triage.incident.wire import FrozenJson, SuspectJson
from triage.postmortem.model import CustomerRowJson, PostmortemJson, ResultJson, SectionJson, SectionName
from triage.postmortem.visible import LONGEST_CELL, visible
from triage.postmortem.wording import amounts, clock, day_and_clock

OUTCOMES = {"not_recovered": "not recovered", "recovered": "recovered", "masked": "never noticed"}
ORDERS_SHOWN = 3
LISTED = frozenset({SectionName.IMPACT, SectionName.DETECTION, SectionName.REMEDIATION})
"""Sections whose sentences are each of something else."""
STATUSES = {"pass": "passed", "fail": "failed", "unknown": "unknown"}


@dataclass(frozen=True)
class Paragraph:
    """Words; `quiet` ones are said aside."""

    text: str
    quiet: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list; `heading` stands before it."""

    items: tuple[str, ...]
    heading: str = ""


@dataclass(frozen=True)
class Table:
    """Rows below their headings; the columns numbered in `right` hold figures. `widths`: each column's share of
    what is left, 0 for as wide as it must be."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A figure of the document, by its name."""

    name: str


@dataclass(frozen=True)
class Link:
    """Where there is more."""

    text: str
    url: str


Block = Paragraph | Bullets | Table | Picture | Link


@dataclass(frozen=True)
class Part:
    """A section."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Layout:
    """The whole: its title, facts in two columns, and the sections."""

    title: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]


def laid_out(document: PostmortemJson) -> Layout:
    """The document in the order in which it is read."""
    parts = [
        Part(each.name, each.title, (*_words(each, document), *MORE[each.name](document))) for each in document.sections
    ]
    return Layout(
        f"Postmortem of {document.incident}: {visible(document.title)}", tuple(_facts(document)), tuple(parts)
    )


def _facts(document: PostmortemJson) -> Iterator[tuple[str, str]]:
    yield "Incident", f"{document.incident}, {document.severity}, {document.state}"
    yield "Began", day_and_clock(document.began)
    yield "Ended", day_and_clock(document.ended_at) if document.ended_at else "it is not over"
    yield "Responder", visible(document.responder) or "nobody"
    yield f"Owner of {visible(document.service, 60) or 'it'}", visible(document.owner) or "nobody"
    yield "Due", day_and_clock(document.due_at) if document.due_at else "48 h after its end"
    written = [each.title for each in document.sections if each.written]
    drafted = [each.title for each in document.sections if not each.written]
    yield "Written by people", ", ".join(written) or "nothing yet: everything below is drafted from the incident’s data"
    if written and drafted:
        yield "Drafted from data", ", ".join(drafted)
    yield "As of", day_and_clock(document.generated_at)
    if document.redacted:
        yield "Redacted", "customers, orders and people stand under pseudonyms that are the same in every export"


def _words(section: SectionJson, document: PostmortemJson) -> Iterator[Block]:
    """What its author wrote, and what is new since; or what was drafted."""
    if section.written is None:
        texts = [visible(text) for text in section.drafted]
        if section.name in LISTED:
            yield Bullets(tuple(texts))
        elif section.name is not SectionName.ACTIONS:
            yield from map(Paragraph, texts)
        return
    if section.name is not SectionName.ACTIONS:
        yield from blocks_of(section.written.text)
    author, at = visible(section.written.author, 60), day_and_clock(section.written.at)
    if section.added:
        added = tuple(visible(text) for text in section.added)
        yield Bullets(added, f"Added since {author} wrote this on {at}:")
    else:
        yield Paragraph(f"Written by {author} on {at}; nothing is new since.", quiet=True)


def blocks_of(text: str) -> Iterator[Block]:
    """An author's text: an empty line ends a paragraph, lines that begin with a dash are a list."""
    for chunk in text.split("\n\n"):
        lines = [line.strip() for line in chunk.splitlines() if line.strip()]
        if lines and all(line.startswith(("- ", "* ")) for line in lines):
            yield Bullets(tuple(visible(line[2:]) for line in lines))
        elif lines:
            yield Paragraph(visible(" ".join(lines)))


def _impact(document: PostmortemJson) -> Iterator[Block]:
    impact, like = document.impact, document.began
    if impact.unknown:
        return
    end = [("At the end", impact.frozen_end)] if document.ended_at else []
    moments = (("At the opening", impact.frozen), *end, ("As known now", impact.revised))
    yield Table(
        "Customers hit, as known at each moment",
        ("Moment", "Time", "Customers", "Not recovered", "Recovered", "Never noticed", "At risk"),
        tuple(_figures(when, known, like) for when, known in moments),
        (1.2, 1.2, 0, 0, 0, 0, 1.3),
        frozenset(range(2, 7)),
    )
    yield from _picture(document, "customers")
    rows = document.customers.shown
    if rows:
        total = document.customers.total
        counted = "Rows" if impact.of_rows else "Slow spans" if impact.slow else "Failures"
        count = f"all {total:,}" if total == len(rows) else f"{len(rows):,} of {total:,}, most {counted.lower()} first"
        yield Table(
            f"Customers: {count}",
            ("Customer", "Outcome", counted, "First", "Last", "Orders", "Amount"),
            tuple(_customer(row, like) for row in rows),
            (1.5, 0, 0, 0, 0, 1.5, 1),
            frozenset({2, 6}),
        )
        if document.customers.all:
            yield Link("All of them, as CSV", document.customers.all)


def _figures(when: str, known: FrozenJson | None, like: datetime) -> tuple[str, ...]:
    if known is None:
        return when, *("unknown",) * 6
    counts = (known.customers, known.not_recovered, known.recovered, known.masked)
    risk = amounts(known.amount_at_risk) or ("nothing" if not known.not_recovered else "unknown")
    return when, clock(known.at, like), *(f"{count:,}" for count in counts), risk


def _customer(row: CustomerRowJson, like: datetime) -> tuple[str, ...]:
    more = len(row.orders) - ORDERS_SHOWN
    orders = ", ".join(visible(order, 40) for order in row.orders[:ORDERS_SHOWN])
    return (
        visible(row.customer, 60) or "(empty)",
        OUTCOMES.get(row.outcome, row.outcome),
        f"{row.failures:,}",
        clock(row.first, like).removesuffix(" UTC"),
        clock(row.last, like).removesuffix(" UTC"),
        orders + (f" and {more} more" if more > 0 else "") or "none named",
        visible(amounts(row.amount), 80) or "unknown",
    )


def _timeline(document: PostmortemJson) -> Iterator[Block]:
    yield Table(
        "What happened, in UTC, and how it is known",
        ("Time", "What", "By", "Source"),
        tuple(
            (
                clock(each.time, document.began).removesuffix(" UTC"),
                visible(each.text, 400) or each.kind,
                visible(each.author, 60),
                visible(each.source, 60),
            )
            for each in document.timeline
        ),
        (0, 1, 0, 0),
    )


def _root_cause(document: PostmortemJson) -> Iterator[Block]:
    yield from _picture(document, "symptom")
    for suspect in document.suspects:
        yield from _suspect(suspect, document.began)


def _suspect(suspect: SuspectJson, like: datetime) -> Iterator[Block]:
    what = visible(suspect.what, LONGEST_CELL)
    yield Paragraph(f"Suspect: {what}, {clock(suspect.time, like)} (score {suspect.score:.2f} of 1).")
    said = [*(("For", each) for each in suspect.for_), *(("Against", each) for each in suspect.against)]
    if said:
        yield Bullets(tuple(f"{side}: {visible(words, 400)}." for side, words in said))
    if not suspect.against:
        yield Paragraph("Nothing is known that speaks against it.", quiet=True)


def _remediation(document: PostmortemJson) -> Iterator[Block]:
    if document.steps:
        rows = tuple(
            (
                visible(step.step, 300),
                "done" if step.done else "not ticked",
                visible(step.by or "", 60),
                clock(step.at, document.began) if step.at else "",
            )
            for step in document.steps
        )
        yield Table("The runbook’s steps", ("Step", "State", "By", "When"), rows, (3, 1, 1, 1.2))


def _verification(document: PostmortemJson) -> Iterator[Block]:
    found = {each.name: each for each in document.verified.checks} if document.verified else {}
    rows = tuple(
        (
            visible(check.what, 300),
            quantity(check.threshold, check.unit) if check.threshold is not None else "none",
            day_and_clock(check.until) if check.until else "once it is over",
            _result(found.get(check.name)),
        )
        for check in document.checks
    )
    yield Table("Checks", ("What must hold", "Threshold", "Until", "Last result"), rows, (2.4, 1, 1, 1.6))
    if document.verified:
        yield Paragraph(f"Last run {day_and_clock(document.verified.at)}.", quiet=True)


def _result(found: ResultJson | None) -> str:
    return f"{STATUSES.get(found.status, found.status)}: {visible(found.found, 300)}" if found else "not run yet"


def _actions(document: PostmortemJson) -> Iterator[Block]:
    rows = tuple((visible(item.what), visible(item.owner, 80), visible(item.due, 40)) for item in document.actions)
    yield Table("What is to be done", ("What", "Owner", "Due"), rows, (3, 1, 0.8))


def _picture(document: PostmortemJson, name: str) -> Iterator[Block]:
    if any(figure.name == name for figure in document.figures):
        yield Picture(name)


def _nothing(document: PostmortemJson) -> Sequence[Block]:
    return ()


MORE = {
    SectionName.SUMMARY: _nothing,
    SectionName.IMPACT: _impact,
    SectionName.TIMELINE: _timeline,
    SectionName.DETECTION: _nothing,
    SectionName.ROOT_CAUSE: _root_cause,
    SectionName.REMEDIATION: _remediation,
    SectionName.VERIFICATION: _verification,
    SectionName.ACTIONS: _actions,
    SectionName.LESSONS: _nothing,
}
"""What a section shows below its words."""
