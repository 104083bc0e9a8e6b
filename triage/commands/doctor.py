"""What the telemetry lacks for a good answer, and what to change.

Asks the running service at --url; with nothing running there, opens the data directory itself. What is examined are
whole ten seconds, which the answer names. Exit status: 0 if nothing is missing, 1 if something is.

  triage doctor
  triage doctor --from 2026-11-22T10:00:00Z --to 2026-11-22T11:00:00Z --format json
"""

import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from triage.affected.asking import Opened, Running, Source
from triage.commands.options import STORE, add_settings, settings_from
from triage.commands.source import open_source
from triage.commands.status import Failure, Status
from triage.doctor.examination import examine
from triage.doctor.text import doctor_text
from triage.doctor.wire import DoctorJson
from triage.terminal import terminal_width
from triage.window import parse_window

PATH = "/api/v1/doctor"


def add_options(parser: ArgumentParser) -> None:
    """The window and the format."""
    parser.add_argument("--from", dest="from_", metavar="T", help="start: 15m, 2h, 1d (ago) or RFC 3339 (default: 1h)")
    parser.add_argument("--to", metavar="T", help="end, which itself is not meant (default: now)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="(default: table)")
    add_settings(parser, {*STORE, "url", "token"})


def run(options: Namespace) -> Status:
    """Prints what was found."""
    try:
        parse_window(options.from_, options.to, datetime.now(UTC))
    except ValueError as error:
        raise Failure(Status.WRONG, str(error)) from None
    with open_source(settings_from(options)) as source:
        answer = _ask(source, options.from_, options.to)
    if options.format == "json":
        sys.stdout.write(answer.model_dump_json(indent=2) + "\n")
    else:
        for line in doctor_text(answer, terminal_width()):
            sys.stdout.write(line + "\n")
    return Status.NO if answer.lacks else Status.DONE


def _ask(source: Source, from_: str | None, to: str | None) -> DoctorJson:
    match source:
        case Running(remote):
            given = {name: text for name, text in (("from", from_), ("to", to)) if text is not None}
            return DoctorJson.model_validate_json(remote.get(PATH, given))
        case Opened(store):
            return DoctorJson.of(examine(store, parse_window(from_, to, datetime.now(UTC))))
        case _:
            raise TypeError(f"nobody knows how to ask {source!r}")
