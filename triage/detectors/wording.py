"""Numbers and names as a detector's sentence says them."""

from __future__ import annotations

from datetime import datetime

from triage.odd import one_line

LONGEST_NAME = 80


def percent(ratio: float) -> str:
    """`31 %`, `0.2 %`, `under 0.1 %`; `100 %` only of all."""
    if ratio < 0:
        told = percent(-ratio)
        return {"under 0.1 %": "over -0.1 %", "over 99.9 %": "under -99.9 %"}.get(told, f"-{told}")
    if 0.999 < ratio < 1:
        return "over 99.9 %"
    if ratio >= 1 or 0.0995 <= ratio <= 0.99:
        return f"{100 * ratio:.0f} %"
    if ratio >= 0.00095:
        return f"{100 * ratio:.1f}".removesuffix(".0") + " %"
    return "under 0.1 %" if ratio > 0 else "0 %"


def milliseconds(duration_ms: float) -> str:
    """`45 ms`, `3.2 s`."""
    return f"{duration_ms:.0f} ms" if duration_ms < 1000 else f"{duration_ms / 1000:.1f} s"


def clock(moment: datetime, like: datetime | None = None) -> str:
    """`10:02`; with its day where that is not the other moment's: `27 Nov 10:02`."""
    return f"{moment:%H:%M}" if like is None or moment.date() == like.date() else f"{moment.day} {moment:%b %H:%M}"


def name(text: str) -> str:
    """A name that a sender chose: on one line, and no longer than it may be."""
    return one_line(text, LONGEST_NAME) or "(no name)"


def said(error: str) -> str:
    """What a failure says, behind a colon; nothing where it says nothing."""
    return f": {name(error)}" if error else ""


def windowed(window_s: int, to: datetime) -> str:
    """`the 30 s until 10:02`, `the 5 min until 10:02`: read later, it is as true."""
    return f"the {window_s} s until {clock(to)}" if window_s < 120 else f"the {window_s // 60} min until {clock(to)}"


def out_of(failures: int, requests: int) -> str:
    """`5,274 of 5,513`."""
    return f"{failures:,} of {requests:,}"
