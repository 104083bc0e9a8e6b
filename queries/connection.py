"""A handle to ClickHouse, embedded or a server; and in a sentence, what is wrong where there is none."""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from queries.errors import StoreLocked, StoreUnavailable, from_code

EMBEDDED = "chdb://"
STATUS = "status"  # the file that an engine locks, with its process id in it

Setting = str | int | float

SYNC_FILE_SYSTEM = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)  # Linux has it, and Python no name for it

# What goes wrong is raised, and said once: the client and its connections would print a line each before it.
for name in ("clickhouse_connect", "urllib3.connectionpool"):
    logging.getLogger(name).addHandler(logging.NullHandler())
    logging.getLogger(name).setLevel(logging.ERROR)


def is_embedded(dsn: str) -> bool:
    """Whether the engine runs in this process."""
    return dsn.startswith(EMBEDDED)


def connect(dsn: str, database: str, settings: Mapping[str, Setting], *, answer_within_s: float) -> Client:
    """A handle on `dsn`. It serves one query at a time, and has temporary tables of its own.

    Raises ValueError for what is no address, StoreLocked for a directory that another process holds,
    StoreUnavailable for a server that cannot be reached.
    """
    try:
        if is_embedded(dsn):
            path = _directory(dsn)
            return clickhouse_connect.get_client(
                interface="chdb", path=str(path), database=database, settings=dict(settings)
            )
        return clickhouse_connect.get_client(
            dsn=dsn,
            interface=_scheme(dsn),  # without it the client speaks http to an https address
            database=database,
            settings=dict(settings),
            send_receive_timeout=answer_within_s,
            autogenerate_session_id=True,  # a server keeps temporary tables by session
        )
    except ClickHouseError as error:
        raise StoreUnavailable(f"the store {shown(dsn)} cannot be opened: {reason(error)}") from error


def on_disk(dsn: str) -> None:
    """Waits until what was written to the store is on its disk. A server sees to that itself: `fsync_after_insert`.

    The embedded engine could, too, with a sync for each file of each part of each table; this is one for all of them.
    """
    if not is_embedded(dsn):
        return
    if SYNC_FILE_SYSTEM is None:
        os.sync()
        return
    directory = os.open(dsn.removeprefix(EMBEDDED), os.O_RDONLY)
    try:
        if SYNC_FILE_SYSTEM(directory):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(directory)


def shown(dsn: str) -> str:
    """The address as people may see it: without its password."""
    return re.sub(r"//.*@", "//", dsn)


@contextmanager
def translated(*, inserting: bool) -> Iterator[None]:
    """Turns what the engine and the way to it raise into errors of the store."""
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable(f"the store cannot be reached: {reason(error)}") from error
    except ClickHouseError as error:
        raise from_code(getattr(error, "code", None), str(error), inserting=inserting) from error
    except OSError as error:
        raise StoreUnavailable(f"the store broke off: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Why, in one line: what lies beneath a failed connection, without addresses of objects and stack traces."""
    beneath = getattr(error.__cause__, "reason", None) or error
    line = re.split(r",? Stack trace|\n", str(beneath))[0]
    line = re.sub(r"^.*e\.what\(\) = ", "", line)
    return re.sub(r"^\w+\(.*?\): ", "", line)


def _scheme(dsn: str) -> str:
    try:
        parts = urlsplit(dsn)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts.scheme
    except ValueError:
        pass
    raise ValueError(
        f"{shown(dsn)!r} is no address of a store: chdb:///DIRECTORY, or http(s)://[USER:PASSWORD@]HOST[:PORT]"
    )


def _directory(dsn: str) -> Path:
    path = Path(dsn.removeprefix(EMBEDDED))
    if not path.is_absolute() or "?" in dsn:  # the engine takes what follows a ? for options
        raise ValueError(f"{dsn!r} is no address of a store: chdb:///DIRECTORY, whole and without a question mark")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(PermissionError):  # somebody else's is theirs to close
            path.chmod(0o700)  # an earlier program left it open to all
    except OSError as error:
        raise StoreUnavailable(f"the store's directory {path} cannot be made: {error.strerror}") from error
    if holder := _holder(path):
        raise StoreLocked(f"{path} is held by another process ({holder}): stop it, or use another directory")
    return path


def _holder(directory: Path) -> int | None:
    """The other process whose engine has the directory. Asked first, since the engine itself doesn't say."""
    try:
        with (directory / STATUS).open() as status:
            try:
                fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = re.search(r"PID: (\d+)", status.read())
                return int(pid[1]) if pid and int(pid[1]) != os.getpid() else None
    except FileNotFoundError:
        pass
    return None
