"""Where in its database's log a change stands, whichever connector read it there."""

from collections.abc import Mapping

from collectors.sources.reading import Json, compact

FIELDS = (
    "lsn",  # PostgreSQL
    "gtid", "file", "pos", "row",  # MySQL, MariaDB
    "change_lsn", "commit_lsn", "event_serial_no",  # SQL Server, Db2
    "changeLsn", "commitLsn",  # Informix
    "scn", "commit_scn", "redo_thread", "rs_id", "ssn", "row_id",  # Oracle
    "vgtid", "shard",  # Vitess
    "ord", "stxnid", "wallTime",  # MongoDB, within the second of ts_ms
)  # fmt: skip
TIMES = ("ts_ns", "ts_us", "ts_ms")


def position(source: Json) -> str:
    """As `name=value` with spaces between; a time only where nothing else says it, and "" where not even that does.

    PostgreSQL's `sequence` is left out where there is an lsn: a part of it is how far the connector had confirmed.
    """
    if not isinstance(source, Mapping):
        return ""
    found = [name for name in FIELDS if source.get(name) not in (None, "")]
    if not found:
        found = [name for name in ("sequence",) if source.get(name)]
    if not found or source.get("connector") == "mongodb":
        found += [name for name in TIMES if source.get(name) is not None][:1]
    return " ".join(f"{name}={_text(source[name])}" for name in found)[:1000]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else compact(value)
