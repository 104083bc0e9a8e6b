"""Incidents: lists them, shows one, and takes down what people do about it.

Asks the running service at --url; with nothing running there, opens the data directory itself.

  triage incidents
  triage incidents show INC-7F3K
  triage incidents reconcile INC-7F3K                    # rows that are wrong, what each system says, what is right
  triage incidents compensate INC-7F3K --format csv      # what would make it good: a proposal, nothing executes it
  triage incidents note INC-7F3K "rolled back payment 2.4.0" --author ana
"""

import getpass
import sys
from argparse import ArgumentParser, Namespace

from triage.affected.asking import Source
from triage.commands.handouts import HANDOUTS, hand_out
from triage.commands.options import STORE, add_settings, settings_from
from triage.commands.source import open_source
from triage.commands.status import Failure, Status
from triage.incident.acting import Act
from triage.incident.asking import act, incident, incidents
from triage.incident.model import State
from triage.incident.text import incident_text, list_text
from triage.incident.wire import IncidentJson
from triage.terminal import terminal_width

ACTIONS = ("list", "show", *HANDOUTS, "ack", "note", "mitigate", "resolve", "reopen")


def add_options(parser: ArgumentParser) -> None:
    """What to do, with which incident."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="(default: list)")
    parser.add_argument("id", nargs="?", metavar="ID", help="the incident, such as INC-7F3K")
    parser.add_argument("text", nargs="?", metavar="TEXT", help="what to take down with it")
    parser.add_argument("--author", metavar="NAME", help="who does it (default: the user of this machine)")
    parser.add_argument("--state", choices=[state.value for state in State], help="only incidents in this state")
    parser.add_argument(
        "--format",
        choices=("table", "json", "csv"),
        default="table",
        help="csv: of reconcile and compensate (default: table)",
    )
    add_settings(parser, {*STORE, "url", "token"})


def run(options: Namespace) -> Status:
    """Prints what was asked for, or how the incident stands now."""
    if options.action != "list" and not options.id:
        raise Failure(Status.WRONG, f"{options.action} needs an incident: `triage incidents list` shows their ids")
    if options.action == "note" and not (options.text or "").strip():
        raise Failure(Status.WRONG, "note needs a text")
    if options.format == "csv" and options.action not in HANDOUTS:
        raise Failure(Status.WRONG, f"--format csv is of {' and '.join(HANDOUTS)}: {options.action} has table and json")
    with open_source(settings_from(options)) as source:
        if options.action == "list":
            return _list(source, options)
        if options.action in HANDOUTS:
            return hand_out(source, options)
        answer = _one(source, options)
    if options.format == "json":
        sys.stdout.write(answer.model_dump_json(indent=2) + "\n")
    elif options.action == "show":
        sys.stdout.writelines(line + "\n" for line in incident_text(answer))
    else:
        print(f"{'Noted: ' if options.action == 'note' else ''}{answer.id} is {answer.state}.")
    return Status.DONE


def _list(source: Source, options: Namespace) -> Status:
    answer = incidents(source, options.state)
    if options.format == "json":
        sys.stdout.write(answer.model_dump_json(indent=2) + "\n")
    else:
        sys.stdout.writelines(line + "\n" for line in list_text(answer, terminal_width()))
    return Status.DONE


def _one(source: Source, options: Namespace) -> IncidentJson:
    if options.action == "show":
        return incident(source, options.id)
    said = Act(author=options.author or user(), text=options.text or "")
    return act(source, options.id, options.action, said)


def user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
