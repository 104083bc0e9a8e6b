"""Where settings come from: the command line, before the environment, before triage.toml, before the defaults."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from triage.setting_types import READERS, Part, write_size
from triage.settings import MB, MIB, Row, Settings, table
from triage.window import format_duration

MOST_KEYS = 19  # for each meaning, in the tables
FILE = Path("triage.toml")
PREFIX = "TRIAGE_"
NO_SETTINGS = re.compile(
    r"TRIAGE_(CONFIG|TEST_.*"
    r"|(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_.*)?))"  # Kubernetes sets these for a service called triage
)
DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
CLUSTER = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
TOKEN = re.compile(r"[!-~]+")
LONGEST_KEPT = timedelta(days=36_500)
SHORTEST = timedelta(seconds=1)
SIZES = {"max_body": (MIB, 2047 * MIB), "max_memory": (64 * MB, None)}
"""The least and the most; gRPC knows no larger message than 2 GiB."""
LONGEST = {"watch_every": timedelta(minutes=5), "query_time_limit": timedelta(hours=1)}


class SettingsError(ValueError):
    """A setting that can't be used: one sentence that says which, why, and what would be right."""


@dataclass(frozen=True)
class Given:
    """A setting's text, and where it stands."""

    name: str
    text: str
    where: str


def load(
    flags: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None, file: Path | None = None
) -> Settings:
    """The settings of this run; `flags` by setting name.

    `file` must exist; without one, TRIAGE_CONFIG names it, else triage.toml is read if it is there.
    Raises SettingsError.
    """
    rows = {row.name: row for row in table()}
    values = {given.name: _read(rows, given) for given in _given(flags or {}, environ or {}, file)}
    settings = replace(Settings(), **values)  # type: ignore[arg-type]  # each was read by its own type's reader
    for complaint in _complaints(settings):
        raise SettingsError(complaint)
    return settings


def named(
    flags: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None, file: Path | None = None
) -> frozenset[str]:
    """The settings that somebody gave, be it their default. Raises SettingsError."""
    return frozenset(given.name for given in _given(flags or {}, environ or {}, file))


def _given(flags: Mapping[str, str], environ: Mapping[str, str], file: Path | None) -> Iterator[Given]:
    """What was given, what goes before other sources last."""
    yield from _from_file(_file(file, environ))
    yield from _from_environment(environ)
    yield from (Given(row.name, flags[row.name], row.flag) for row in table() if row.name in flags)


def _file(file: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = file or (Path(environ["TRIAGE_CONFIG"]) if environ.get("TRIAGE_CONFIG") else None)
    return named or (FILE if FILE.exists() else None)


def _from_file(file: Path | None) -> Iterator[Given]:
    if not file:
        return
    try:
        keys = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is no TOML: {error}") from None
    for name, value in keys.items():
        yield Given(name, _as_text(value, f"{file}: {name}"), f"{file}: {name}")


def _as_text(value: object, where: str) -> str:
    if isinstance(value, list) and all(isinstance(item, str) and "," not in item for item in value):
        return ",".join(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    no_section = "; there are no sections, all settings stand at the top" if isinstance(value, dict) else ""
    raise SettingsError(f"{where}: write a text, a number or a list of texts{no_section}")


def _from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX) and not NO_SETTINGS.fullmatch(variable):
            yield Given(variable.removeprefix(PREFIX).lower(), text, variable)


def _read(rows: Mapping[str, Row], given: Given) -> object:
    row = rows.get(given.name)
    if not row:
        in_environment = given.where.startswith(PREFIX)
        nearest = rows[nearest_name(given.name, rows)]
        raise SettingsError(
            f"{given.where}: there is no such setting; the nearest is "
            f"{nearest.variable if in_environment else nearest.name}"
        )
    try:
        return READERS[row.type].read(given.text.strip())
    except ValueError as error:
        raise SettingsError(f"{given.where}: {error}") from None


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known name that looks most like the given one."""
    return difflib.get_close_matches(name, known, n=1, cutoff=0)[0]


def _complaints(settings: Settings) -> Iterator[str]:
    """What is wrong with settings that are each right alone, a sentence each."""
    yield from _wrong_texts(settings)
    yield from _half_settings(settings)
    yield from _wrong_lengths(settings)
    yield from _open_listeners(settings)
    yield from _shared_ports(settings)


def _wrong_texts(settings: Settings) -> Iterator[str]:
    if not DATABASE.fullmatch(settings.database):
        yield f"database: {settings.database!r} is no name: write letters, digits and _, not beginning with a digit"
    if settings.cluster and not CLUSTER.fullmatch(settings.cluster):
        yield f"cluster: {settings.cluster!r} is no name: write letters, digits, _ and -"
    if settings.token and not TOKEN.fullmatch(settings.token):
        yield "token: it may only hold ASCII letters, digits and signs, no spaces (TRIAGE_TOKEN)"
    for name in ("customer", "order", "amount", "currency"):
        if len(getattr(settings, f"{name}_keys")) > MOST_KEYS:
            yield f"{name}_keys: name at most {MOST_KEYS} attributes"
    if not settings.customer_keys:
        yield "customer_keys: name at least one attribute, or no customer can be told"
    if set("?#") & set(settings.base_url):
        yield "base_url: links go on where it ends, so it may hold no ? and no #"


def _half_settings(settings: Settings) -> Iterator[str]:
    """What would do nothing for want of another setting."""
    if settings.kafka_bootstrap_servers and not settings.kafka_topics:
        yield "kafka_topics: name the topics of row changes, such as '^shop[.].*'"
    if settings.slack_bot_token and not settings.slack_channel:
        yield "slack_channel: name the channel that the bot writes to (TRIAGE_SLACK_CHANNEL)"
    if settings.slack_channel and not settings.slack_bot_token:
        yield "slack_bot_token: only a bot writes to slack_channel: set its token (TRIAGE_SLACK_BOT_TOKEN)"
    if settings.slack_signing_secret and not settings.slack_bot_token and settings.runs(Part.WATCH):
        yield "slack_bot_token: only a bot's messages have buttons to sign: set its token (TRIAGE_SLACK_BOT_TOKEN)"


def _wrong_lengths(settings: Settings) -> Iterator[str]:
    for name in ("traces", "logs", "metrics", "rollups", "kpis"):
        kept: timedelta = getattr(settings, f"retention_{name}")
        if not kept or kept % timedelta(days=1):
            yield f"retention_{name}: {format_duration(kept)} is no number of whole days, such as 14d"
        if kept > LONGEST_KEPT:
            yield f"retention_{name}: {format_duration(kept)} is longer than {format_duration(LONGEST_KEPT)}"
    for name, (least, most) in SIZES.items():
        size: int = getattr(settings, name)
        if size < least:
            yield f"{name}: {write_size(size)} is less than {write_size(least)}"
        if most is not None and size > most:
            yield f"{name}: {write_size(size)} is more than {write_size(most)}"
    for name, longest in LONGEST.items():
        length: timedelta = getattr(settings, name)
        if not SHORTEST <= length <= longest:
            allowed = f"{format_duration(SHORTEST)} to {format_duration(longest)}"
            yield f"{name}: {format_duration(length)} is not within {allowed}"


def _open_listeners(settings: Settings) -> Iterator[str]:
    for name, address in settings.listeners().items():
        if not address.is_loopback and not settings.token:
            yield (
                f"{name}: {address} can be reached from other machines, and there is no token: "
                "set TRIAGE_TOKEN, or listen on 127.0.0.1"
            )


def _shared_ports(settings: Settings) -> Iterator[str]:
    taken: dict[int, str] = {}
    for name, address in settings.listeners().items():
        if address.port and address.port in taken:
            yield f"{name}: port {address.port} is {taken[address.port]}'s already; give each its own"
        taken[address.port] = name
