"""Does an entry's name say what was asked for, and no more? And does a phone say what failed?"""

from collections.abc import Iterator

from triage.doctor.examined import Examined
from triage.doctor.finding import Finding, share

NAMED = 3


def many_names(examined: Examined) -> Iterator[Finding]:
    """Services with nearly as many names as requests."""
    for row in examined.ask_recent("many_names", entry_services=examined.entry_services).iter_rows(named=True):
        yield Finding(
            "entry_names",
            f"the {row['requests']:,} requests to {row['service']} looked at have {row['names']:,} names, such as "
            f"{row['example']}: none can be compared with what came before",
            "name their spans after the route, not the path: GET /orders/{id}, which http.route says; those of "
            "messages after the queue, not the message",
            service=row["service"],
            count=row["names"],
            of=row["requests"],
        )


def shared_names(examined: Examined) -> Iterator[Finding]:
    """Names under which services are asked for different things."""
    for row in examined.ask_recent("shared_names", entry_services=examined.entry_services).iter_rows(named=True):
        asked = row["asked"]
        yield Finding(
            "entry_names",
            f"all {row['requests']:,} requests to {row['service']} looked at that are called {row['name']} are for "
            f"{len(asked):,} different things, such as {', '.join(asked[:NAMED])}: whoever got one seems to have "
            "recovered from another's failure",
            "name their spans after what is asked for: the method and http.route, or the GraphQL operation",
            service=row["service"],
            count=row["requests"],
            of=row["requests"],
        )


def untold_failures(examined: Examined) -> Iterator[Finding]:
    """Phones and browsers whose own spans say that all went well, whatever they were answered."""
    if not examined.entry_services:
        return
    for row in examined.ask_recent("untold_failures", entry_services=examined.entry_services).iter_rows(named=True):
        yield Finding(
            "entries",
            f"{share(row['untold'], row['failed'], 'requests')} of {row['service']} that failed in the end lie below "
            "spans of its own that say all went well: whom they hit counts as having noticed nothing",
            "set the status of these spans to Error where what was asked for failed",
            service=row["service"],
            count=row["untold"],
            of=row["failed"],
            example=row["example"],
        )
