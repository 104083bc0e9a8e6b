"""Do spans say who sent them, and do they fit together?"""

from collections.abc import Iterator

from triage.doctor.examined import Examined
from triage.doctor.finding import Finding, share

UNNAMED = "unknown_service"
"""What SDKs call a service that was not given a name."""

LEAST_CALLS = 10
CLOCKS_DIFFER_MS = 10
LEAST_LOG_RECORDS = 20


def names(examined: Examined) -> Iterator[Finding]:
    """Spans of nobody."""
    for sent in examined.services:
        if not sent.service or sent.service.startswith(UNNAMED):
            yield Finding(
                "names",
                f"{share(sent.spans, examined.spans, 'spans')} name no service"
                + (f" (they say {sent.service})" if sent.service else ""),
                "set service.name on the resource of their process (OTEL_SERVICE_NAME)",
                service=sent.service,
                count=sent.spans,
                of=examined.spans,
            )


def versions(examined: Examined) -> Iterator[Finding]:
    """Services that don't say which version of them runs."""
    for sent in examined.services:
        if sent.service and sent.without_version:
            yield Finding(
                "versions",
                f"{share(sent.without_version, sent.spans, 'spans')} of {sent.service} name no version",
                "set service.version on its resource (OTEL_RESOURCE_ATTRIBUTES): else no deploy can be blamed",
                service=sent.service,
                count=sent.without_version,
                of=sent.spans,
            )


def roots(examined: Examined) -> Iterator[Finding]:
    """Traces that begin with a call by somebody unknown, or in the midst of a service's work."""
    found = list(examined.ask("rootless").iter_rows(named=True))
    traces = sum(sent.roots for sent in examined.services) + sum(row["traces"] for row in found)
    for row in found:
        service = row["service"]
        send = f"send the spans of whoever calls {service} here too, or let it not take over their trace context"
        flush = (
            f"see whether {service} is ended before it exports its last spans (a timeout, a kill, a frozen "
            "function): end the span before the deadline, and flush before the process stops"
        )
        if row["is_called"]:
            begin, change = f"they begin at {service}, called by somebody who sends no spans", send
        elif row["is_at_work"]:
            begin, change = f"they begin inside {service}, whose own span around it never came", flush
        else:
            begin = f"they begin at an internal span of {service}, whose parent, a caller's or its own, never came"
            change = f"{send}; or, where nobody calls it, {flush}"
        yield Finding(
            "roots",
            f"{share(row['traces'], traces, 'traces')} have no root: {begin}",
            change,
            service=service,
            count=row["traces"],
            of=traces,
            example=row["example"],
        )


def parents(examined: Examined) -> Iterator[Finding]:
    """Spans that were lost on their way."""
    for row in examined.ask_sample("orphans").iter_rows(named=True):
        yield Finding(
            "parents",
            f"{share(row['orphans'], row['spans'], 'spans')} of {row['service']} looked at name a parent that never "
            "came",
            f"see whether those who call {row['service']} drop spans: full export queues (OTEL_BSP_MAX_QUEUE_SIZE), "
            "processes that end without flushing",
            service=row["service"],
            count=row["orphans"],
            of=row["spans"],
            example=row["example"],
        )


def clocks(examined: Examined) -> Iterator[Finding]:
    """Services whose clocks disagree with their callers'."""
    for row in examined.ask_sample("clocks").iter_rows(named=True):
        ahead_ms = row["ahead_ns"] / 1e6
        impossible = row["outside"] * 2 > row["calls"]
        if row["calls"] >= LEAST_CALLS and impossible and abs(ahead_ms) >= CLOCKS_DIFFER_MS:
            yield Finding(
                "clocks",
                f"the clock of {row['callee']} is {abs(ahead_ms):,.0f} ms {'ahead of' if ahead_ms > 0 else 'behind'} "
                f"that of {row['caller']}: {share(row['outside'], row['calls'], 'calls')} looked at can't be as told",
                "set both clocks by a time service (chrony, NTP); until then who came first can't be told between them",
                service=row["callee"],
                count=row["outside"],
                of=row["calls"],
            )


def logs(examined: Examined) -> Iterator[Finding]:
    """Services whose log records are of no trace."""
    tracing = {sent.service for sent in examined.services}
    for row in examined.ask("logs").iter_rows(named=True):
        records = row["log_records"]
        if row["service"] in tracing and records >= LEAST_LOG_RECORDS and row["without_trace"] == records:
            yield Finding(
                "logs",
                f"all {records:,} log records of {row['service']} belong to no trace",
                "let its logging write the trace and span id (OpenTelemetry's logging bridges do)",
                service=row["service"],
                count=records,
                of=records,
            )
