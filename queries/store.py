"""The one door to ClickHouse: the embedded engine by default, any server by its DSN.

A store holds a small pool of handles. A handle serves one query at a time; several run in parallel
and release the GIL. Never fork after opening one.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar, cast

import polars as pl
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from queries import catalogue
from queries.connection import Setting, connect, is_embedded, on_disk, shown, translated
from queries.errors import DataRefused
from queries.pool import Pool

Value: TypeAlias = str | int | float | datetime | Sequence[str] | Sequence[int] | Sequence[Sequence[str]]

View = TypeVar("View", bytes, memoryview)

Bound: TypeAlias = str | int | float | list[str] | list[int] | list[list[str]]

LANDINGS = {"traces": "ResourceSpans", "logs": "ResourceLogs", "metrics": "ResourceMetrics"}
EVENTS = "events"


@dataclass(frozen=True)
class Limits:
    """What one query may use, and how long a caller waits for a free handle.

    Each statement of a question may take `time_s`; of one that is streamed, `WHOLE_LIST` times as long.
    """

    memory_bytes: int = 2_000_000_000
    time_s: float = 30.0
    threads: int = 2
    wait_s: float = 30.0


class Store:
    """One database of an engine. Thread-safe. Open it with `Store.open`."""

    def __init__(self, dsn: str, database: str, handles: int, limits: Limits, *, clustered: bool = False) -> None:
        self.dsn = dsn
        self.database = database
        self.limits = limits
        self.clustered = clustered
        self.written = float("-inf")
        """When people or detectors last wrote here, by the monotonic clock; telemetry does not count."""
        self.unloaded_since: Callable[[], datetime | None] = lambda: None
        """When the oldest telemetry came that was accepted for these tables and is not in them; None of none."""
        self._keeper = self._connect("default")  # never lent: the embedded engine goes with its last handle
        try:
            with translated(inserting=False):
                self._keeper.command(f"CREATE DATABASE IF NOT EXISTS `{database}`")
            self._pool = Pool(lambda: self._connect(database), handles, limits.wait_s)
        except BaseException:
            self._keeper.close()
            raise

    @staticmethod
    def open(
        dsn: str, *, database: str = "otel", handles: int = 4, limits: Limits | None = None, clustered: bool = False
    ) -> Store:
        """A store on `dsn`: `chdb:///DIRECTORY` (embedded) or `http(s)://[USER:PASSWORD@]HOST[:PORT]`.

        The database is created where there is none. `clustered`: its tables stand for those of many nodes.
        Raises ValueError for what is no address, StoreLocked when another process holds the directory,
        StoreUnavailable when the server cannot be reached.
        """
        if not re.fullmatch(r"[A-Za-z_]\w*", database):
            raise ValueError(f"{database!r} is no database name: use letters, digits and _")
        return Store(dsn, database, handles, limits or Limits(), clustered=clustered)

    def __repr__(self) -> str:
        return f"<Store {self.database} on {shown(self.dsn)}>"

    def ask(self, name: str, /, **parameters: Value) -> pl.DataFrame:
        """The answer to the question `queries/<name>.sql`, whole, as a typed frame."""
        return _frame(self._answer(name, parameters))

    def stream(self, name: str, /, **parameters: Value) -> Iterator[pl.DataFrame]:
        """The same answer block by block, for those too long to hold as rows: what waits is compressed Arrow.

        Who asks for all that there is waits for a file, not for a page, so it may take longer than other answers.
        """
        longer: dict[str, Setting] = {"max_execution_time": self.limits.time_s * WHOLE_LIST}
        with pa.ipc.open_stream(self._answer(name, parameters, longer)) as blocks:
            for block in blocks:
                yield pl.DataFrame(pl.from_arrow(block))

    def select(self, sql: str, **parameters: Value) -> pl.DataFrame:
        """The answer to a statement that is no file of ours: housekeeping and tests."""
        with self._pool.handle() as client, translated(inserting=False):
            body = client.raw_query(sql, parameters=_formatted(parameters), fmt="ArrowStream")
        return _frame(body)

    def insert(self, landing: str, body: bytes, token: str) -> None:
        """Loads one segment into every table that hangs on its landing table, and onto the disk; once for each `token`.

        `body` is the segment as written: for OTLP, records of a varint length and a request's bytes.
        A repeated insert must bring the same bytes, or fewer of its records: tables that have the token take none.
        Raises DataRefused, QueryTooExpensive, StoreBusy, StoreUnavailable.
        """
        payload, fmt, settings = _payload(landing, body, inline=not is_embedded(self.dsn))
        settings["insert_deduplication_token"] = token
        with self._pool.handle() as client, translated(inserting=True):
            client.raw_insert(f"landing_{landing}", insert_block=payload, fmt=fmt, settings=settings)
            on_disk(self.dsn)

    def note_written(self) -> None:
        """What was answered before now may not know what somebody wrote here."""
        self.written = time.monotonic()

    def parse(self, landing: str, body: bytes) -> int:
        """The number of records of a segment, read but stored nowhere. Raises DataRefused."""
        payload, fmt, settings = _payload(landing, body, inline=not is_embedded(self.dsn))
        with self._pool.handle() as client, translated(inserting=True):
            client.raw_insert(f"reading_{landing}", insert_block=payload, fmt=fmt, settings=settings)
        return body.count(b"\n") if landing == EVENTS else len(list(records(body)))

    def command(self, sql: str, **parameters: Value) -> None:
        """Runs a statement that answers nothing: schema and housekeeping."""
        with self._pool.handle() as client, translated(inserting=False):
            client.command(sql, parameters=_formatted(parameters))

    def close(self) -> None:
        """Waits for what is running and lets the engine go. Closing twice does nothing."""
        self._pool.close()
        self._keeper.close()

    def _answer(self, name: str, parameters: Mapping[str, Value], settings: dict[str, Setting] | None = None) -> bytes:
        question = catalogue.question(name)
        given = _bound(question, parameters)
        with (
            self._pool.handle() as client,
            translated(inserting=False),
            _prepared(client, question, given, settings) as bound,
        ):
            answer = question.steps[-1].statement
            return client.raw_query(answer, parameters=_used(answer, bound), settings=settings, fmt="ArrowStream")

    def _connect(self, database: str) -> Client:
        settings: dict[str, Setting] = {
            "max_memory_usage": self.limits.memory_bytes,
            "max_execution_time": self.limits.time_s,
            "max_threads": self.limits.threads,
            **SETTINGS,
            **(CLUSTERED if self.clustered else {}),
        }
        return connect(self.dsn, database, settings, answer_within_s=self.limits.time_s * WHOLE_LIST + 30)


WHOLE_LIST = 10
"""How many times as long a list of everyone may take."""

SETTINGS: dict[str, Setting] = {
    "use_index_for_in_with_subqueries_max_values": 1000,  # not thousands of ids: reading costs less
    "output_format_arrow_string_as_string": 1,
    "output_format_arrow_low_cardinality_as_dictionary": 0,
    "enable_materialized_cte": 1,
    "allow_experimental_nullable_tuple_type": 1,
    "allow_suspicious_low_cardinality_types": 1,  # what a view derives from a LowCardinality column is one too
    "async_insert": 0,
    "max_partitions_per_insert_block": 0,
}
CLUSTERED: dict[str, Setting] = {
    "distributed_foreground_insert": 1,  # a segment is loaded once every shard has its rows
    "distributed_product_mode": "global",
    "prefer_global_in_and_join": 1,  # temporary tables are where the question is asked, not on the shards
    "skip_unavailable_shards": 0,  # no answer, rather than half of one
}
LOADING: dict[str, Setting] = {
    "max_insert_threads": 1,  # a token is recognised only if the data splits into the same blocks again
    "max_insert_block_size": 1_000_000,
    "short_circuit_function_evaluation": "disable",  # cheaper than branching for each value: see 0001
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    "max_execution_time": 600,  # s: a large segment on a busy machine is slow, not wrong
}


def records(body: View) -> Iterator[View]:
    """The records of a segment: each a varint length and that many bytes. Raises DataRefused on a torn one."""
    position, end = 0, len(body)
    while position < end:
        length, shift = 0, 0
        while True:
            if position >= end:
                raise DataRefused("the segment ends inside a record's length")
            byte = body[position]
            position += 1
            length |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        if position + length > end:
            raise DataRefused(f"the segment ends inside a record of {length} bytes")
        yield body[position : position + length]
        position += length


def varint(number: int) -> bytes:
    """`number` as protobuf writes a length."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def _payload(landing: str, body: bytes, *, inline: bool) -> tuple[bytes, str, dict[str, Setting]]:
    """What the engine reads: OTLP requests joined are one message whose rows are its repeated field.

    A server is sent the protobuf schema; the embedded engine reads the file, since of what it is sent it leaves
    a copy in the working directory.
    """
    if landing == EVENTS:
        return body, "JSONEachRow", dict(LOADING)
    requests = list(records(memoryview(body)))  # no copy: a segment in memory once less for each handle
    path = catalogue.landing_proto(landing)
    settings: dict[str, Setting] = {
        **LOADING,
        "format_schema_source": "string" if inline else "file",
        "format_schema": path.read_text() if inline else str(path),
        "format_schema_message_name": LANDINGS[landing],
    }
    return b"".join((varint(sum(map(len, requests))), *requests)), "ProtobufList", settings


@contextmanager
def _prepared(
    client: Client, question: catalogue.Question, given: Mapping[str, Bound], settings: dict[str, Setting] | None
) -> Iterator[Mapping[str, Bound]]:
    """All that the answering statement may name, while the temporary tables that it reads exist."""
    bound = dict(given)
    for step in question.steps[:-1]:
        if step.condition and not bound[step.condition]:
            continue
        if step.binds:
            bound |= zip(step.binds, _row(client, step.statement, bound, settings), strict=True)
        else:
            client.command(step.statement, parameters=_used(step.statement, bound), settings=settings)
    yield bound
    if question.temporary:
        client.command(f"DROP TEMPORARY TABLE IF EXISTS {', '.join(question.temporary)}")


def _row(
    client: Client, statement: str, bound: Mapping[str, Bound], settings: dict[str, Setting] | None
) -> list[Bound]:
    """The values of a statement's one row."""
    body = client.raw_query(statement, parameters=_used(statement, bound), settings=settings, fmt="JSONCompactEachRow")
    return cast(list[Bound], json.loads(body))


def _used(statement: str, bound: Mapping[str, Bound]) -> dict[str, Bound]:
    return {name: bound[name] for name, _ in catalogue.PARAMETER.findall(statement)}


def _bound(question: catalogue.Question, parameters: Mapping[str, Value]) -> dict[str, Bound]:
    expected = question.parameters.keys()
    if expected != parameters.keys():
        raise TypeError(f"{question.name} takes {sorted(expected)}, was given {sorted(parameters)}")
    return _formatted(parameters)


def _formatted(parameters: Mapping[str, Value]) -> dict[str, Bound]:
    return {name: _text(value) for name, value in parameters.items()}


def _text(value: Value) -> Bound:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, str | int | float):
        return value
    return cast(list[str] | list[int] | list[list[str]], list(value))


def _frame(body: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(body) if body else pl.DataFrame()
