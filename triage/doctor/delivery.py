"""Does everything arrive, when it happened, and whole?"""

from collections.abc import Iterator
from datetime import timedelta

from triage.doctor.examined import Examined
from triage.doctor.finding import Finding, share
from triage.window import format_duration

STEADY_MINUTES = 10
"""A service whose spans arrived in fewer minutes of the window has no habit that it could break."""

SILENT_MINUTES = 5
TIMES_USUAL = 5
AHEAD = timedelta(minutes=1)


def signals(examined: Examined) -> Iterator[Finding]:
    """Signals of which there is nothing."""
    if not examined.spans:
        yield Finding(
            "signals",
            "not one span began in this window",
            "point the services' OTLP exporters here (OTEL_EXPORTER_OTLP_ENDPOINT), or ask for another window",
        )
    if not examined.log_records:
        yield Finding(
            "signals",
            "not one log record was written in this window",
            "export logs over OTLP too: they name customers where spans don't, and tell what a failing span meant",
        )
    if not examined.data_points:
        yield Finding(
            "signals",
            "not one metric was reported in this window",
            "export metrics over OTLP too: business figures are told by them",
        )


def gaps(examined: Examined) -> Iterator[Finding]:
    """Services whose spans arrived steadily, and then for a while, or no more, did not."""
    for row in examined.ask("arrivals").iter_rows(named=True):
        usual, longest = row["usual_pause"], row["longest_pause"]
        if row["minutes"] < STEADY_MINUTES or longest < max(SILENT_MINUTES, TIMES_USUAL * usual):
            continue
        since = f"{row['silent_from']:%Y-%m-%d %H:%M} UTC"
        when = f"since {since}" if row["is_silent"] else f"for {longest} minutes from {since} on"
        habit = "every minute" if usual <= 1 else f"every {usual} minutes"
        yield Finding(
            "gaps",
            f"nothing of {row['service']} arrived {when}; before, something did {habit}",
            "see whether it still runs and reaches this collector; what it did meanwhile is in no answer",
            service=row["service"],
            count=longest,
            of=row["minutes"] + longest,
        )


def dates(examined: Examined) -> Iterator[Finding]:
    """Services whose clocks can't be right."""
    for row in examined.ask("arrivals").iter_rows(named=True):
        service, misdated, ahead = row["service"], row["misdated"], timedelta(seconds=row["ahead"])
        if misdated:
            yield Finding(
                "dates",
                f"{share(misdated, row['spans'], 'spans')} of {service} are dated before 2000 or over a day ahead",
                "set its clock right, or the unit that it sends times in: OTLP wants nanoseconds since 1970",
                service=service,
                count=misdated,
                of=row["spans"],
            )
        elif ahead > AHEAD:
            yield Finding(
                "dates",
                f"spans of {service} were dated up to {format_duration(ahead)} later than they arrived",
                "set its clock right (chrony, NTP): what it does seems to happen after all else",
                service=service,
                of=row["spans"],
            )


def sampling(examined: Examined) -> Iterator[Finding]:
    """Services that leave spans out."""
    for sent in examined.services:
        if sent.sampled:
            yield Finding(
                "sampling",
                f"{share(sent.sampled, sent.spans, 'spans')} of {sent.service} were sampled: others were left out",
                "send every span (OTEL_TRACES_SAMPLER=parentbased_always_on): customers left out are in no answer",
                service=sent.service,
                count=sent.sampled,
                of=sent.spans,
            )
