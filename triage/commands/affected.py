"""Which customers were affected, how, and whether they have got through since.

Asks the running service at --url; with nothing running there, opens the data directory itself.

  triage affected --service payment --from 2h
  triage affected --route /checkout --from 2026-11-22T10:00:00Z --to 2026-11-22T11:00:00Z --format csv > hit.csv
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import UTC, datetime

from triage.affected.asking import Asked, Source
from triage.affected.text import FAILURE, ROW, SLOW_SPAN, affected_text
from triage.commands.options import STORE, add_settings, settings_from
from triage.commands.source import open_source
from triage.commands.status import Failure, Status
from triage.incident.asking import Part, affected_csv_of, affected_of
from triage.terminal import terminal_width

FILTERS = {
    "service": "only failures of this service",
    "operation": "only failures of spans with this name, such as 'POST /charge'",
    "route": "only failures on this http.route",
    "partner": "only failed calls to this partner",
    "version": "only failures of this service.version",
}
TABLE_ROWS = 50


def add_options(parser: ArgumentParser) -> None:
    """The question, the window and the format."""
    for name, meaning in FILTERS.items():
        parser.add_argument(f"--{name}", metavar=name[0].upper(), help=meaning)
    parser.add_argument(
        "--incident",
        metavar="ID",
        help="everyone hit by this incident, over all of its symptoms and time, or from --from to --to",
    )
    parser.add_argument("--slower-than", metavar="MS", help="spans that took longer than this, instead of failures")
    parser.add_argument("--from", dest="from_", metavar="T", help="start: 15m, 2h, 1d (ago) or RFC 3339 (default: 1h)")
    parser.add_argument("--to", metavar="T", help="end, which itself is not meant (default: now)")
    parser.add_argument("--as-of", metavar="T", help="answer as it would have been at this moment (default: now)")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table", help="(default: table)")
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help=f"customers shown in a table or JSON, 0 for all (default: {TABLE_ROWS} in a table, else all)",
    )
    add_settings(parser, {*STORE, "url", "token"})


def run(options: Namespace) -> Status:
    """Prints the answer."""
    if options.limit is not None and options.limit < 0:
        raise Failure(Status.WRONG, "--limit counts customers: write 0 for all, or a number from 1 up")
    if options.limit and options.format == "csv":
        raise Failure(Status.WRONG, "--limit is for a table or JSON: as CSV everyone is written")
    if options.incident:
        return _of_incident(options)
    asked = _asked(options)
    try:
        asked.question(datetime.now(UTC))
    except ValueError as error:
        raise Failure(Status.WRONG, str(error)) from None
    with open_source(settings_from(options)) as source:
        for text in _texts(source, asked, options):
            sys.stdout.write(text)
    return Status.DONE


def _of_incident(options: Namespace) -> Status:
    given = [name for name in (*FILTERS, "slower_than", "as_of") if getattr(options, name) is not None]
    if given:
        raise Failure(Status.WRONG, f"--incident says what failed: leave out --{given[0].replace('_', '-')}")
    part = Part(options.from_, options.to)
    with open_source(settings_from(options)) as source:
        if options.format == "csv":
            sys.stdout.writelines(affected_csv_of(source, options.incident, part))
            return Status.DONE
        rows = TABLE_ROWS if options.limit is None and options.format == "table" else options.limit
        answer = affected_of(source, options.incident, rows or None, part)
    if options.format == "json":
        sys.stdout.write(answer.model_dump_json(indent=2) + "\n")
    else:
        counted = ROW if answer.of_rows else SLOW_SPAN if answer.slow else FAILURE
        sys.stdout.writelines(line + "\n" for line in affected_text(answer, terminal_width(), counted))
    return Status.DONE


def _asked(options: Namespace) -> Asked:
    return Asked(
        service=options.service,
        operation=options.operation,
        route=options.route,
        partner=options.partner,
        version=options.version,
        slower_than_ms=options.slower_than,
        from_=options.from_,
        to=options.to,
        as_of=options.as_of,
    )


def _texts(source: Source, asked: Asked, options: Namespace) -> Iterator[str]:
    if options.format == "csv":
        yield from source.affected_csv(asked)
        return
    rows = TABLE_ROWS if options.limit is None and options.format == "table" else options.limit
    answer = source.affected(asked, rows or None)
    if options.format == "json":
        yield answer.model_dump_json(indent=2) + "\n"
        return
    for line in affected_text(answer, terminal_width()):
        yield line + "\n"
    if answer.next:
        yield "(--limit 0 shows all, --format csv or json writes all)\n"
