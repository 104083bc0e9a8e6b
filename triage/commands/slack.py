"""Slack: shows the message that would be sent about an incident, as text and as Slack's blocks; sends nothing.

triage slack preview INC-7F3K
"""

import json
import sys
from argparse import ArgumentParser, Namespace
from urllib.parse import quote

from triage.affected.asking import Opened, Running
from triage.commands.options import STORE, add_settings, settings_from
from triage.commands.source import open_source
from triage.commands.status import Failure, Status
from triage.incident.book import StoredBook
from triage.slack.wiring import writer
from triage.terminal import printable


def add_options(parser: ArgumentParser) -> None:
    """Which incident."""
    parser.add_argument("action", choices=("preview",))
    parser.add_argument("id", metavar="ID", help="the incident, such as INC-7F3K")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="Slack's blocks as JSON, or text (the default)"
    )
    add_settings(parser, {*STORE, "url", "token", "base_url"})


def run(options: Namespace) -> Status:
    """Prints the message."""
    settings = settings_from(options)
    with open_source(settings) as source:
        match source:
            case Running(remote):
                text = remote.get(f"/api/v1/incidents/{quote(options.id, safe='')}/message", {})
                said = json.loads(text)
            case Opened(store):
                incident = StoredBook(store).incident(options.id)
                if incident is None:
                    raise Failure(Status.WRONG, f"there is no incident {options.id!r}")
                said = dict(writer(settings).main(incident).as_json())
            case _:
                raise TypeError(f"nobody knows how to ask {source!r}")
    if options.format == "json":
        sys.stdout.write(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(printable(line) + "\n" for line in str(said["text"]).split("\n"))
    return Status.DONE
