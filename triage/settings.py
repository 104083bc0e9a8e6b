"""Every setting, in one table: its name, type, default and a line of help.

A setting is called the same everywhere: `otlp_grpc` in triage.toml, TRIAGE_OTLP_GRPC in the environment, and
`--otlp-grpc` on the command line (but for secrets, which every user of the machine could read there).
"""

from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from triage import kpi
from triage.runbook import SHIPPED
from triage.setting_types import READERS, Address, Dsn, File, LogLevel, Part, Size, Url

T = TypeVar("T")
MIB = 1 << 20
MB = 10**6
GB = 10**9


def setting(default: T, help: str, *, secret: bool = False) -> T:  # noqa: A002 - argparse's word for it
    """A row of the table. A secret is no command line option, and is never shown."""
    return field(default=default, repr=not secret, metadata={"help": help, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run of the program was told; durations are timedeltas, sizes bytes."""

    data: Path = setting(Path("triage-data"), "directory for segments, quarantine and the embedded engine's files")
    clickhouse: Dsn = setting(
        Dsn(""),
        "a ClickHouse server, http(s)://USER:PASSWORD@HOST:PORT; without it the engine runs embedded in DATA",
        secret=True,
    )
    database: str = setting("otel", "database that holds the tables")
    cluster: str = setting(
        "", "ClickHouse cluster that the server is part of, as its configuration names it; none: one server"
    )
    otlp_grpc: Address = setting(Address("127.0.0.1", 4317), "where OTLP/gRPC is taken")
    otlp_http: Address = setting(Address("127.0.0.1", 4318), "where OTLP/HTTP is taken")
    web: Address = setting(Address("127.0.0.1", 8080), "where pages and the JSON API are served")
    probes: Address = setting(
        Address("127.0.0.1", 8081), "where a process that only watches answers /healthz, /readyz and /metrics"
    )
    only: tuple[Part, ...] = setting((), "run only this part: collect, watch or web; may be given again")
    base_url: Url = setting(Url(""), "what links to pages start with, where that is not the web listener's address")
    url: Url = setting(Url("http://127.0.0.1:8080"), "the running service that commands ask")
    token: str = setting(
        "",
        "bearer token of senders and API clients, and what a person logs in with; needed beyond loopback",
        secret=True,
    )

    customer_keys: tuple[str, ...] = setting(
        ("customer.id", "user.id", "enduser.id", "app.customer.id"), "attributes that name a customer, best first"
    )
    order_keys: tuple[str, ...] = setting(("order.id",), "attributes that name an order, best first")
    amount_keys: tuple[str, ...] = setting(("order.amount",), "attributes that hold an order's amount, best first")
    currency_keys: tuple[str, ...] = setting(("order.currency",), "attributes that hold its currency, best first")
    partners: tuple[str, ...] = setting(
        (),
        "peers that are partners; none: every service.peer.name or peer.service that no service reports as,"
        " databases left out",
    )

    retention_traces: timedelta = setting(timedelta(days=14), "how long spans are kept")
    retention_logs: timedelta = setting(timedelta(days=14), "how long log records are kept")
    retention_metrics: timedelta = setting(timedelta(days=30), "how long metric points are kept")
    retention_rollups: timedelta = setting(
        timedelta(days=90), "how long the rollups that answers are made from are kept"
    )
    retention_kpis: timedelta = setting(timedelta(days=730), "how long the business figures' values are kept")

    segment_age: timedelta = setting(
        timedelta(milliseconds=500),
        "a segment of spans is loaded once it is this old, one of logs when twice, of metrics when ten times;"
        " where one of its kind is still being loaded, up to twenty times later",
    )
    segment_size: Size = setting(Size(32 * MB), "a segment is loaded once it is this large")
    keep_segments: timedelta = setting(timedelta(hours=1), "how long a loaded segment is kept, compressed")
    backlog_limit: Size = setting(Size(1 * GB), "senders are asked to wait while more than this is not loaded yet")
    min_free_disk: Size = setting(Size(1 * GB), "senders are asked to wait while less than this is free")
    max_body: Size = setting(Size(64 * MIB), "largest OTLP request that is taken, after decompression")

    handles: int = setting(4, "queries that run at a time")
    max_memory: Size = setting(Size(2 * GB), "memory that one query may use")
    query_time_limit: timedelta = setting(
        timedelta(seconds=30), "time that one query may take; a list of everyone ten times as long"
    )
    log_level: LogLevel = setting(LogLevel.INFO, "least severe message that is logged: debug, info, warning or error")

    runbook: File = setting(
        File(""), "runbook.yaml: who answers which symptom, and how; none: the one that comes with triage"
    )
    kpis: File = setting(File(""), "kpis.yaml: the business figures; none: those of the simulated shop")
    watch_every: timedelta = setting(timedelta(seconds=10), "how often the detectors look")
    critical_operations: tuple[str, ...] = setting(
        (),
        "operations that customers buy by, such as 'POST /checkout', with * for any text;"
        " none: what is named after checkout, order, payment or purchase, or has /pay or /buy in it",
    )

    slack_webhook_url: Url = setting(Url(""), "Slack incoming webhook that alerts are sent to", secret=True)
    slack_bot_token: str = setting("", "Slack bot token, for messages that are kept up to date", secret=True)
    slack_channel: str = setting("", "Slack channel that the bot writes to")
    slack_signing_secret: str = setting("", "proves that a button was pressed in Slack", secret=True)
    slack_api_url: Url = setting(Url("https://slack.com/api"), "Slack's API, or a proxy or a test in its place")

    github_webhook_secret: str = setting("", "secret of GitHub's webhook", secret=True)
    grafana_hmac_secret: str = setting("", "HMAC secret of Grafana's webhook contact point", secret=True)
    launchdarkly_secret: str = setting("", "signing secret of LaunchDarkly's webhook", secret=True)
    unleash_token: str = setting("", "Authorization header of Unleash's webhook, with or without Bearer", secret=True)
    debezium_secret: str = setting("", "Standard Webhooks secret (whsec_…) of Debezium Server's HTTP sink", secret=True)
    kafka_bootstrap_servers: str = setting("", "Kafka brokers to read row changes from, HOST:PORT,…; none: no Kafka")
    kafka_topics: tuple[str, ...] = setting((), "topics to read; one that begins with ^ is a regular expression")
    kafka_group: str = setting("triage", "consumer group that reads them")
    kafka_properties: File = setting(
        File(""), "file of librdkafka's properties (name=value), for security and whatever else"
    )
    row_key_columns: tuple[str, ...] = setting(
        (), "column or table.column that is a row's key where a row change comes without it; none: the first column"
    )
    row_customer_columns: tuple[str, ...] = setting(
        ("customer_id", "user_id"), "columns of changed rows that name a customer, best first"
    )
    row_order_columns: tuple[str, ...] = setting(("order_id",), "columns of changed rows that name an order")
    row_idempotency_columns: tuple[str, ...] = setting(
        ("idempotency_key", "event_id"), "columns of changed rows that tell repeated messages, best first"
    )
    sequence_columns: tuple[str, ...] = setting(
        ("sequence", "seq", "version"), "columns of changed rows that count up with each change, best first"
    )
    quantity_columns: tuple[str, ...] = setting(
        ("on_hand", "available", "quantity"), "columns of changed rows that hold a stock, best first"
    )
    row_counterparts: tuple[str, ...] = setting(
        (),
        "tables of two systems that hold the same rows: SCHEMA.TABLE.COLUMN=SCHEMA.TABLE.COLUMN, or SCHEMA.TABLE="
        "SCHEMA.TABLE for their existence, and @30s for how long one may lag; none: tables whose keys look alike",
    )

    def runs(self, part: Part) -> bool:
        """Whether this process runs the part."""
        return not self.only or part in self.only

    def listeners(self) -> dict[str, Address]:
        """The addresses that this process listens on, by setting."""
        collect = {"otlp_grpc": self.otlp_grpc, "otlp_http": self.otlp_http} if self.runs(Part.COLLECT) else {}
        web = {"web": self.web} if self.runs(Part.WEB) else {}
        return collect | web or {"probes": self.probes}

    @property
    def runbook_file(self) -> Path:
        """Where the runbook is."""
        return Path(self.runbook) if self.runbook else SHIPPED

    @property
    def kpis_file(self) -> Path:
        """Where the business figures are named."""
        return Path(self.kpis) if self.kpis else kpi.SHIPPED

    @property
    def store_dsn(self) -> str:
        """Where the tables are: the server that was named, or the engine's directory inside DATA."""
        return self.clickhouse or f"chdb://{(self.data / 'clickhouse').absolute()}"


@dataclass(frozen=True)
class Row:
    """A row of the table, as help and docs show it."""

    name: str
    type: object
    default: str
    help: str
    secret: bool

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return f"TRIAGE_{self.name.upper()}"

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def has_flag(self) -> bool:
        """Whether it can be given on the command line, which every user of the machine can read."""
        return not self.secret or self.type is Dsn  # a server's address may come without a password

    @property
    def metavar(self) -> str:
        """What stands for its value in help."""
        return READERS[self.type].metavar


def table() -> Iterator[Row]:
    """The rows, in the order in which they are declared."""
    return map(_row, fields(Settings))


def _row(declared: "Field[object]") -> Row:
    default = READERS[declared.type].write(declared.default)
    return Row(declared.name, declared.type, default, declared.metadata["help"], declared.metadata["secret"])
