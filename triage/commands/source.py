"""Who answers a command's question: the running service, or the store itself where none runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

from pydantic import ValidationError

from queries.errors import StoreLocked
from triage import __version__
from triage.affected.asking import Opened, Running, Source
from triage.commands.status import Failure, Status
from triage.remote import NoService, Refusal, Remote
from triage.settings import Settings
from triage.tables import opened

HANDLES = 2


@contextmanager
def open_source(settings: Settings) -> Iterator[Source]:
    """The service at the setting `url`; with nothing running there and tables at hand, the store. Raises Failure."""
    if not settings.url:
        raise Failure(Status.WRONG, f"url is empty: name the service, such as {Settings.url} (--url, TRIAGE_URL)")
    remote = Remote(settings.url, settings.token)
    try:
        if remote.is_running():
            with _understood(remote) as running:
                yield running
        elif not (_tables_meant(settings) and tables_at_hand(settings)):
            raise Failure(Status.UNREACHABLE, _nothing_there(settings, remote))
        else:
            with opened(settings, handles=HANDLES) as store:
                yield Opened(store)
    except StoreLocked as error:
        sentence = f"nothing answers at {remote}, and {error}; or name with --url where it answers"
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


def _tables_meant(settings: Settings) -> bool:
    """Whoever names a service and no tables means that service, and no other data that happens to lie here."""
    return settings.url == Settings.url or settings.data != Settings.data or bool(settings.clickhouse)


def tables_at_hand(settings: Settings) -> bool:
    """Whether there is a store to open: a server, or a directory that an engine has written to."""
    return bool(settings.clickhouse) or (settings.data / "clickhouse").is_dir()


def _nothing_there(settings: Settings, remote: Remote) -> str:
    sentence = f"nothing answers at {remote}"
    if settings.url == Settings.url or settings.data != Settings.data:
        sentence += f", and there is no data in {settings.data}"
    return f"{sentence}: start it with `triage up`, or name it with --url or TRIAGE_URL"
