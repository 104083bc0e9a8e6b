"""The tables, as numbered files of DDL that are only ever added to, and what settings change in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from queries import catalogue
from queries.cluster import Cluster, made
from queries.connection import is_embedded
from queries.errors import SchemaMismatch
from queries.store import Store, Value

FILES = Path(__file__).parent / "schema"
WRITTEN = FILES / "settings.sql"
ALIKE = {"0014_names_and_errors@f2649fd65ffb": "0014_names_and_errors@0ba4f5ba031d"}
"""Names of files as they were for a while, and what they count as: what they did besides, a later file does again."""

TTL = re.compile(r"^TTL (.+\()\{(retention_\w+)\}\)$", re.MULTILINE)
CHANGED_VIEW = re.compile(r"ALTER TABLE (\w+) MODIFY QUERY\s+(.+)", re.DOTALL)
TTLS = r"""
    SELECT DISTINCT name, ttl[1] AS counted, toUInt32(ttl[2]) AS days
    FROM (
        SELECT name, extractGroups(engine_full, ' TTL (.+\\()(\\d{1,9})\\)(?: SETTINGS |$)') AS ttl
        FROM system.tables
        WHERE database = {database:String} AND engine LIKE '%MergeTree'  -- of a view it costs much to be told
    )
    WHERE notEmpty(ttl)
    ORDER BY name
"""
HELD = """
    SELECT
        concat(hostName(), ':', toString(tcpPort())) AS node,
        groupArrayIf(name, database = {database:String}) AS tables
    FROM system.tables
    GROUP BY node
"""


@dataclass(frozen=True)
class Retention:
    """For how many days after their arrival rows are kept."""

    retention_traces_days: int = 14
    retention_logs_days: int = 14
    retention_metrics_days: int = 30
    retention_rollups_days: int = 90
    retention_kpis_days: int = 730


@dataclass(frozen=True)
class Meanings:
    """The attribute keys that name a customer, an order, its amount and its currency, best first; the partners."""

    customer: tuple[str, ...] = ("customer.id", "user.id", "enduser.id", "app.customer.id")
    order: tuple[str, ...] = ("order.id",)
    amount: tuple[str, ...] = ("order.amount",)
    currency: tuple[str, ...] = ("order.currency",)
    partners: tuple[str, ...] = ()

    def codes(self) -> Iterator[tuple[str, int]]:
        """Each key with its code, as `attribute_meanings` holds them. Raises ValueError for too many keys."""
        for lowest, keys in ((1, self.customer), (21, self.order), (41, self.amount), (61, self.currency)):
            if len(keys) > MOST_KEYS:
                raise ValueError(
                    f"at most {MOST_KEYS} attributes may mean the same; {len(keys)} were given: {', '.join(keys)}"
                )
            yield from ((key, lowest + place) for place, key in enumerate(keys))
        yield from STANDARD.items()


@dataclass(frozen=True)
class Counterpart:
    """Two tables that hold the same rows: `schema.table` of each, the columns to compare ("" for none), in grace_s."""

    left_table: str
    left_column: str
    right_table: str
    right_column: str
    grace_s: int


MOST_KEYS = 19
STANDARD = {  # OpenTelemetry semantic conventions 1.44, with the deprecated names that are still sent
    "http.response.status_code": 101,
    "http.status_code": 102,
    "http.route": 103,
    "service.peer.name": 104,
    "peer.service": 105,
    "server.address": 106,
    "error.type": 107,
    "net.peer.name": 108,
    "rpc.response.status_code": 109,
    "rpc.grpc.status_code": 109,
    "db.system.name": 110,
    "db.system": 110,
}


def apply(
    store: Store,
    retention: Retention | None = None,
    meanings: Meanings | None = None,
    cluster: Cluster | None = None,
    counterparts: Sequence[Counterpart] = (),
    *,
    shorten: Set[str] = frozenset(),
) -> list[str]:
    """Brings the tables up to what this program needs, on every node of a cluster; says what is new: files, retentions.

    Writes what attributes mean, too: it holds for what is inserted from now on, a retention for all rows. One that is
    shorter than the tables' lets rows go for good, and is taken only where `shorten` names it. Raises SchemaMismatch
    where the tables are newer than the program, or were made by files that have changed since, or a node lacks some.
    """
    first, *_ = files()
    if cluster and (wrong := lacking(_held(store, cluster))):
        raise SchemaMismatch(wrong)  # first of all: a table made here would be no replica of its siblings
    for statement in [*(cluster.databases() if cluster else ()), *statements(first, cluster=cluster)]:
        store.command(statement)
    new = _unapplied(store)
    alone = not cluster and (is_embedded(store.dsn) or first in new)  # nobody loads meanwhile
    for path in new:
        for statement in statements(path, retention, cluster):
            store.command(statement)
            if alone and (view := CHANGED_VIEW.match(statement)):
                _reopen(store, view[1])
        store.command("INSERT INTO schema_applied (Name) VALUES ({name:String})", name=_written_as(path))
    retained = _retain(store, retention or Retention(), cluster, shorten)
    _write(store, meanings or Meanings(), counterparts, cluster)
    return [*(path.stem for path in new), *retained]


def show(retention: Retention | None = None, cluster: Cluster | None = None) -> str:
    """The statements that make the tables, in order."""
    if cluster is None:
        return "\n".join(rendered(path, retention or Retention()) for path in files())
    every = [*cluster.databases(), *(each for path in files() for each in statements(path, retention, cluster))]
    return "\n\n".join(f"{statement};" for statement in every)


def statements(path: Path, retention: Retention | None = None, cluster: Cluster | None = None) -> list[str]:
    """The statements of a DDL file, as one server or a cluster takes them."""
    of_one_server = list(catalogue.statements(rendered(path, retention or Retention())))
    return list(cluster.statements(of_one_server, names())) if cluster else of_one_server


@cache
def names() -> frozenset[str]:
    """Those of all tables and views."""
    return frozenset(made(each) for path in files() for each in statements(path)) - {""}


def files() -> list[Path]:
    """The DDL files, in the order in which they are applied."""
    return sorted(FILES.glob("[0-9]*.sql"))


def lacking(held: Mapping[str, Set[str]]) -> str | None:
    """What is wrong where a node lacks tables that others have, by the tables of each; None if nothing."""
    there = set[str]().union(*held.values())
    for node, tables in sorted(held.items()):
        if missing := there - tables:
            return (
                f"{node} lacks {len(missing)} of {len(there)} tables that other nodes of its cluster have "
                f"({', '.join(sorted(missing)[:3])}): give it those of its shard, as docs/clickhouse.md says"
            )
    return None


def rendered(path: Path, retention: Retention) -> str:
    """A DDL file with the retention filled in."""
    text = path.read_text()
    for name, days in asdict(retention).items():
        text = text.replace("{" + name + "}", str(days))
    return text


def _reopen(store: Store, view: str) -> None:
    """A view that was just changed knows what it has loaded by other tokens than after the engine's next start.

    On a server others load meanwhile: what a detached view is not told would be lost.
    """
    store.command(f"DETACH TABLE {view}")
    store.command(f"ATTACH TABLE {view}")


def _held(store: Store, cluster: Cluster) -> dict[str, Set[str]]:
    held = store.select(cluster.of_every_node(HELD), database=cluster.local)
    return {node: names() & set(tables) for node, tables in held.rows()}


def _unapplied(store: Store) -> list[Path]:
    names = store.select("SELECT DISTINCT Name FROM schema_applied")["Name"]
    applied = {ALIKE.get(name, name) for name in names}
    known = {_written_as(path): path for path in files()}
    stems = {path.stem for path in files()}
    for name in sorted(applied - known.keys()):
        stem, _, _ = name.partition("@")
        if stem in stems:
            raise SchemaMismatch(
                f"the tables were made by another version of this program ({stem} has changed since): "
                "use that version, or begin with an empty data directory or database"
            )
        raise SchemaMismatch(f"the tables are newer than this program (it does not know {stem}): use the newer program")
    return [path for name, path in known.items() if name not in applied]


def _written_as(path: Path) -> str:
    """A file as `schema_applied` names it: a change of its statements gives it another name."""
    return f"{path.stem}@{sha256(''.join(catalogue.statements(path.read_text())).encode()).hexdigest()[:12]}"


def _retain(store: Store, retention: Retention, cluster: Cluster | None, shorten: Set[str]) -> list[str]:
    """Changes each TTL whose days are not those of the settings, and says which; one that is not ours stays."""
    question = cluster.of_every_node(TTLS) if cluster else TTLS
    held = store.select(question, database=cluster.local if cluster else store.database)
    changed: dict[str, str] = {}
    told: list[str] = []
    for table, counted, held_days in held.rows():
        setting = _retained().get((table, counted))
        days = asdict(retention)[setting] if setting else held_days
        if setting and days < held_days and setting not in shorten:
            option = f"--{setting.removesuffix('_days').replace('_', '-')} {days}d"
            told.append(f"retention of {table}: still {held_days}d (`triage schema apply {option}` shortens it)")
        elif days != held_days:
            changed[table] = f"{counted}{days})"
            told.append(f"retention of {table}: {days}d (was {held_days}d)")
    for table, ttl in changed.items():  # what is not materialized keeps its rows' old end, merges or not
        statement = f"ALTER TABLE {table} MODIFY TTL {ttl} SETTINGS materialize_ttl_after_modify = 1"
        store.command(cluster.placed(statement, cluster.local, names()) if cluster else statement)
    return told


@cache
def _retained() -> dict[tuple[str, str], str]:
    """The setting that each table's TTL has its days from, by the table and what the TTL says before them."""
    every = [each for path in files() for each in catalogue.statements(path.read_text())]
    return {(made(each), match[1]): match[2] for each in every if (match := TTL.search(each))}


def _write(store: Store, meanings: Meanings, counterparts: Sequence[Counterpart], cluster: Cluster | None) -> None:
    keys, codes = zip(*meanings.codes(), strict=True)
    given: dict[str, Value] = {"keys": keys, "codes": codes, "names": meanings.partners, **_columns(counterparts)}
    for statement in catalogue.statements(WRITTEN.read_text()):
        placed = cluster.placed(statement, cluster.local, names()) if cluster else statement
        store.command(placed, **{name: given[name] for name in catalogue.parameters(statement)})


def _columns(pairs: Sequence[Counterpart]) -> dict[str, Value]:
    return {
        "left": [pair.left_table for pair in pairs],
        "left_column": [pair.left_column for pair in pairs],
        "right": [pair.right_table for pair in pairs],
        "right_column": [pair.right_column for pair in pairs],
        "grace_s": [pair.grace_s for pair in pairs],
    }
