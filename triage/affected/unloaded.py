"""What was accepted and is not loaded yet: an answer lacks it, and says so."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEGMENT = re.compile(r"(?:traces|logs|events)-(\d{20})-.+\.(?:open|sealed)")
SOON = timedelta(seconds=10)
"""So long a running service may take to load what it accepted."""


def unloaded_since(data: Path, *, is_loading: bool) -> datetime | None:
    """When the oldest traces, log records or row changes came that wait in a data directory; None of none.

    Where a service `is_loading`, what came a moment ago does not count.
    """
    names = [each.name for each in (data / "segments").glob("*-*.*")]
    began_ns = min((int(found[1]) for name in names if (found := SEGMENT.fullmatch(name))), default=None)
    since = None if began_ns is None else datetime.fromtimestamp(began_ns / 1e9, UTC)
    return None if since is None or (is_loading and datetime.now(UTC) - since < SOON) else since


def said_of(since: datetime) -> str:
    """That something waits, and since when."""
    return f"Not all is loaded that was accepted since {since:%Y-%m-%d %H:%M:%S} UTC: what it tells is missing here."
