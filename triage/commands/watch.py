"""The detectors alone, or again over the past.

Without --replay it runs as `triage up --only watch` does. With it, it prints the incidents that it would have opened;
nothing is written and nothing is sent.

  triage watch --replay 2h now
  triage watch --replay 2026-11-22T10:00:00Z 2026-11-22T11:00:00Z
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from triage.commands import up
from triage.commands.options import add_settings, settings_from
from triage.commands.source import tables_at_hand
from triage.commands.status import Failure, Status
from triage.detectors import detectors, symptoms_at
from triage.incident.book import MemoryBook
from triage.incident.impact import customers_on_rows
from triage.incident.model import Incident
from triage.incident.text import replay_text
from triage.incident.wire import IncidentJson
from triage.progress import Progress
from triage.runbook.live import LiveRunbook
from triage.runbook.read import RunbookError
from triage.setting_types import Part
from triage.settings import Settings, table
from triage.tables import opened
from triage.watch import Watch, moments
from triage.window import Window, parse_time


def add_options(parser: ArgumentParser) -> None:
    """The past, or nothing; and every setting but which part runs."""
    parser.add_argument(
        "--replay", nargs=2, metavar=("FROM", "TO"), help="times: 2h (ago), now, or 2026-11-22T10:00:00Z"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="(default: text)")
    add_settings(parser, {row.name for row in table()} - {"only"})


def run(options: Namespace) -> Status:
    """Watches until it is stopped, or replays."""
    settings = settings_from(options)
    if not options.replay:
        return up.serve(replace(settings, only=(Part.WATCH,)))
    now = datetime.now(UTC)
    try:
        window = Window(*(parse_time(text, now) for text in options.replay))
    except ValueError as error:
        raise Failure(Status.WRONG, f"--replay: {error}") from None
    found = list(replayed(settings, window))
    if options.format == "json":
        sys.stdout.writelines(IncidentJson.of(one).model_dump_json() + "\n" for one in found)
        return Status.DONE
    told = replay_text(window, settings.watch_every, [IncidentJson.of(one) for one in found])
    sys.stdout.writelines(f"{line}\n" for line in told)
    return Status.DONE


def replayed(settings: Settings, window: Window) -> Iterator[Incident]:
    """The incidents that passes over the past would have opened, the first first. Raises Failure, StoreError."""
    try:
        runbook = LiveRunbook(settings.runbook_file)
    except RunbookError as error:
        raise Failure(Status.WRONG, f"runbook: {error}") from None
    if not tables_at_hand(settings):
        sentence = f"there is no data in {settings.data} to watch again: name a directory with --data, or a server"
        raise Failure(Status.UNREACHABLE, f"{sentence} with --clickhouse")
    book = MemoryBook()
    with opened(settings) as store:
        detect = partial(symptoms_at, detectors=detectors(settings.critical_operations))
        watch = Watch(store, book, runbook, detect=detect, customers_of=customers_on_rows(store), past=True)
        progress = Progress()
        for moment in moments(window.from_, window.to, settings.watch_every):
            progress.show((moment - window.from_) / window.length, f"{moment:%Y-%m-%d %H:%M}")
            watch.look(moment)
        progress.clear()
    yield from reversed(book.incidents())
