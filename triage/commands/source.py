"""Who answers a command's question: the running service, or the store itself where none runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from json import JSONDecodeError

from pydantic import ValidationError

from queries.errors import StoreLocked
from triage import __version__
from triage.affected.asking import Opened, Running, Source
from triage.affected.unloaded import said_of, unloaded_since
from triage.commands.status import Failure, Status
from triage.remote import NoService, Refusal, Remote
from triage.settings import Settings
from triage.tables import opened

HANDLES = 2


@contextmanager
def open_source(settings: Settings) -> Iterator[Source]:
    """The service at the setting `url`; with none running there and tables at hand, the store. Raises Failure."""
    if not settings.url:
        raise Failure(Status.WRONG, f"url is empty: name the service, such as {Settings.url} (--url, TRIAGE_URL)")
    remote = Remote(settings.url, settings.token)
    at_hand = tables_at_hand(settings)
    try:
        answers = remote.is_running()
        if answers and (not at_hand or remote.is_triage()):
            with _understood(remote) as running:
                yield running
        elif not at_hand:
            raise Failure(Status.UNREACHABLE, _nothing_there(settings, remote))
        else:
            with opened(settings, handles=HANDLES) as store:
                if answers or settings.url != Settings.url:
                    tables = "the server's tables" if settings.clickhouse else f"the tables in {settings.data}"
                    print(f"no triage service answers at {remote}: {tables} are opened directly", file=sys.stderr)
                store.unloaded_since = partial(unloaded_since, settings.data, is_loading=bool(settings.clickhouse))
                if waits := store.unloaded_since():
                    print(f"{said_of(waits)} `triage up` loads it", file=sys.stderr)
                yield Opened(store)
    except StoreLocked as error:
        sentence = f"no triage service answers at {remote}, and {error}; or name with --url where it answers"
        raise Failure(Status.UNREACHABLE, sentence) from None
    except NoService as error:
        raise Failure(Status.UNREACHABLE, str(error)) from None
    except Refusal as error:
        raise Failure(Status.WRONG, str(error)) from None


@contextmanager
def _understood(remote: Remote) -> Iterator[Running]:
    """The service, whose answers are what this program takes them for. Raises NoService."""
    try:
        yield Running(remote)
    except (ValidationError, JSONDecodeError, UnicodeDecodeError):
        sentence = f"what answers at {remote} is no triage service, or not one of this version ({__version__})"
        raise NoService(sentence) from None


def tables_at_hand(settings: Settings) -> bool:
    """Whether there is a store to open: a server, or a directory that an engine has written to."""
    return bool(settings.clickhouse) or (settings.data / "clickhouse").is_dir()


def _nothing_there(settings: Settings, remote: Remote) -> str:
    where = f"nothing answers at {remote}, and there is no data in {settings.data}"
    return f"{where}: start it with `triage up`, or name it with --url or TRIAGE_URL"
