"""What the telemetry lacks, as a person reads it in a terminal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from textwrap import wrap

from triage.doctor.wire import DoctorJson, FindingJson
from triage.terminal import printable

WIDTH = 100
LEAST_WIDTH = 30
MARGIN = 4  # around the names of the checks
LACKS, WORTH_KNOWING = "✗", "·"


def doctor_text(answer: DoctorJson, width: int | None = None) -> Iterator[str]:
    """The examination line by line: what was looked at, the verdict, the findings with what to change."""
    yield (
        f"{answer.spans:,} spans of {answer.services:,} services, {answer.log_records:,} log records and "
        f"{answer.data_points:,} metric points between {_time(answer.from_)} and {_time(answer.to)} UTC"
    )
    if answer.sample.one_in > 1:
        since = _time(answer.sample.from_)
        yield f"Clocks and parents are judged by one trace in {answer.sample.one_in:,} of those since {since}"
    yield verdict(answer)
    names = max((len(finding.check) for finding in answer.findings), default=0)
    for (_, change), alike in groupby(answer.findings, lambda finding: (finding.check, finding.change)):
        yield ""
        for finding in alike:
            yield from _found(finding, names, width or WIDTH)
        yield from _indented("→ ", change, names, width or WIDTH)


def verdict(answer: DoctorJson) -> str:
    """Whether anything is missing."""
    if not answer.lacks:
        return "Nothing is missing that a good answer needs."
    missing = "1 thing is" if answer.lacks == 1 else f"{answer.lacks:,} things are"
    return f"{missing} missing that a good answer needs."


def _found(finding: FindingJson, names: int, width: int) -> Iterator[str]:
    example = f" (see trace {finding.example})" if finding.example else ""
    sign = LACKS if finding.lacks else WORTH_KNOWING
    yield from _indented(f"{sign} {finding.check:<{names}}  ", finding.sentence + example, names, width)


def _indented(head: str, text: str, names: int, width: int) -> Iterator[str]:
    """The text in lines, the first one after its head."""
    margin = " " * (names + MARGIN)
    lines = wrap(printable(text), max(width - len(margin), LEAST_WIDTH), break_on_hyphens=False)
    for number, line in enumerate(lines):
        yield (margin if number else f"{head:>{len(margin)}}") + line


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
