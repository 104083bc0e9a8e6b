"""The runbook: shows the table, or checks it.

`check` names rows that can never match, have no owner, nothing to do, or nobody to escalate to, and detectors that no
row answers. Exit status: 0 if nothing is wrong, 1 if something is, 2 if the file can't be read.

  triage runbook show
  triage runbook check --runbook ops/runbook.yaml
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from triage.commands.options import add_settings, settings_from
from triage.commands.status import Failure, Status
from triage.runbook import SHIPPED
from triage.runbook.check import complaints
from triage.runbook.model import Contact, Row, Runbook
from triage.runbook.read import NoRunbook, RunbookError, load_runbook
from triage.settings import Settings
from triage.terminal import printable
from triage.window import format_duration


def add_options(parser: ArgumentParser) -> None:
    """What to do, and the file."""
    parser.add_argument("action", nargs="?", choices=("show", "check"), default="show", help="(default: show)")
    add_settings(parser, {"runbook"})


def run(options: Namespace) -> Status:
    """Prints the table, or what is wrong with it."""
    settings = settings_from(options)
    try:
        runbook = load_runbook(settings.runbook_file)
    except RunbookError as error:
        is_checked = options.action == "check" and not isinstance(error, NoRunbook)
        raise Failure(Status.NO if is_checked else Status.WRONG, str(error)) from None
    if options.action == "show":
        sys.stdout.writelines(line + "\n" for line in runbook_text(runbook))
        return Status.DONE
    return _check(runbook, settings)


def _check(runbook: Runbook, settings: Settings) -> Status:
    found = list(complaints(runbook))
    sys.stdout.writelines(f"✗ {printable(complaint)}\n" for complaint in found)
    if not found:
        name = "The runbook that comes with triage" if settings.runbook_file == SHIPPED else str(settings.runbook_file)
        print(f"{name} has {len(runbook.rows)} rows, and each can match and has an owner.")
    return Status.NO if found else Status.DONE


def runbook_text(runbook: Runbook) -> Iterator[str]:
    """The table, a paragraph a row, and whose what is."""
    for number, row in enumerate(runbook.rows, start=1):
        yield from (printable(line) for line in _row_text(number, row))
        yield ""
    for one in runbook.owners:
        yield printable(f"{one.kind} {one.pattern}: {_contact(one.owner)}")


def _row_text(number: int, row: Row) -> Iterator[str]:
    yield f"{number}. {row.name}: {row.symptom}"
    yield f"   if {', '.join(map(str, row.matchers)) or 'nothing else fits'}"
    for name, cause in row.causes.items():
        yield f"   cause {name}: {cause.text}"
        yield from (f"     first: {step}" for step in cause.first)
    yield from (f"   do: {step}" for step in row.mitigation)
    owner = row.owner
    if owner:
        late = (
            "" if owner.escalate_after is None else f", after {format_duration(owner.escalate_after)} without an answer"
        )
        yield f"   owner: {_contact(owner)}{late} {_contact(owner.escalate_to)}".rstrip()
    yield from (f"   see {link.title}: {link.url}" for link in row.links)
    if row.sla:
        yield f"   partner's SLA: {_contact(row.sla)}"


def _contact(contact: Contact) -> str:
    return f"{contact.name} (Slack {contact.slack})" if contact.slack else contact.name
