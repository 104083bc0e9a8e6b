"""Runs the verification plan of an incident's postmortem: is it over, and have its customers got through?

Each check runs over the last minutes; what it found goes into the incident's timeline. Ends with 1 unless all passed.
Asks the running service at --url; with nothing running there, opens the data directory itself.

  triage verify INC-7F3K
"""

import sys
from argparse import ArgumentParser, Namespace

from triage.commands.incidents import user
from triage.commands.options import STORE, add_settings, settings_from
from triage.commands.source import open_source
from triage.commands.status import Status
from triage.incident.acting import Act
from triage.postmortem.asking import verified
from triage.postmortem.verification import result_lines
from triage.terminal import printable


def add_options(parser: ArgumentParser) -> None:
    """Which incident's."""
    parser.add_argument("id", metavar="ID", help="the incident, such as INC-7F3K")
    parser.add_argument("--author", metavar="NAME", help="who runs it (default: the user of this machine)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="(default: table)")
    add_settings(parser, {*STORE, "url", "token"})


def run(options: Namespace) -> Status:
    """Prints what each check found."""
    with open_source(settings_from(options)) as source:
        found = verified(source, options.id, Act(author=options.author or user()))
    if options.format == "json":
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        sys.stdout.writelines(line + "\n" for line in result_lines(found, printable))
    return Status.DONE if found.passed else Status.NO
