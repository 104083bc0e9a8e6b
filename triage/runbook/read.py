"""A runbook from its YAML. What is wrong is said in a sentence that names the row and the key."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from triage.plain_yaml import Yaml, read_yaml
from triage.runbook.matchers import Matcher, read_matchers
from triage.runbook.model import KINDS, NOBODY, Contact, LikelyCause, Link, Ownership, Responder, Row, Runbook
from triage.symptom import Cause
from triage.window import parse_duration

ROW_KEYS = ("name", "matchers", "symptom", "ended", "causes", "mitigation", "owner", "links", "sla")
OWNER_KEYS = ("name", "slack", "escalate_after", "escalate_to")


class RunbookError(Exception):
    """The runbook can't be used: a sentence that says where and why."""


class NoRunbook(RunbookError):
    """Its file can't be read, whatever it says."""


def load_runbook(path: Path) -> Runbook:
    """The runbook in a file. Raises RunbookError."""
    try:
        return read_runbook(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise NoRunbook(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RunbookError(f"{path} is no UTF-8 text") from None


def read_runbook(text: str, where: str = "the runbook") -> Runbook:
    """The runbook that a YAML text writes down. Raises RunbookError."""
    try:
        given = read_yaml(text, where)
    except ValueError as error:
        raise RunbookError(str(error)) from None
    try:
        whole = _mapping(given, "it", ("rows", "owners"))
        rows = tuple(_row(row, f"row {number}") for number, row in enumerate(_list(whole.get("rows"), "rows"), start=1))
        owners = tuple(_owners(_list(whole.get("owners"), "owners")))
        _check_rows(rows)
    except ValueError as error:
        raise RunbookError(f"{where}: {error}") from None
    return Runbook(rows, owners)


def _check_rows(rows: Sequence[Row]) -> None:
    names = [row.name for row in rows]
    if not rows:
        raise ValueError("it has no rows: write at least one, which catches all")
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two rows are called {min(twice)!r}: give each its own name")


def _row(given: Yaml, where: str) -> Row:
    keys = _mapping(given, where, ROW_KEYS)
    where = f"row {_text(keys, 'name', where, needed=True)!r}"
    return Row(
        name=_text(keys, "name", where),
        matchers=tuple(_matchers(keys.get("matchers"), where)),
        symptom=_text(keys, "symptom", where, needed=True),
        ended=_text(keys, "ended", where),
        causes=_causes(keys.get("causes"), where),
        mitigation=_texts(keys.get("mitigation"), f"{where}: mitigation"),
        owner=_responder(keys.get("owner"), f"{where}: owner"),
        links=tuple(_link(link, f"{where}: links") for link in _list(keys.get("links"), f"{where}: links")),
        sla=_contact(keys.get("sla"), f"{where}: sla"),
    )


def _matchers(given: Yaml, where: str) -> Iterator[Matcher]:
    if isinstance(given, str):
        given = [given]
    for text in _texts(given, f"{where}: matchers"):
        try:
            yield from read_matchers(text)
        except ValueError as error:
            raise ValueError(f"{where}: matchers: {error}") from None


def _causes(given: Yaml, where: str) -> dict[str, LikelyCause]:
    known = tuple(Cause)
    causes = _mapping(given or {}, f"{where}: causes", known)
    return {name: _cause(cause, f"{where}: cause {name!r}") for name, cause in causes.items()}


def _cause(given: Yaml, where: str) -> LikelyCause:
    if isinstance(given, str):
        return LikelyCause(given.strip())
    keys = _mapping(given, where, ("text", "first"))
    return LikelyCause(_text(keys, "text", where, needed=True), _texts(keys.get("first"), f"{where}: first"))


def _responder(given: Yaml, where: str) -> Responder:
    keys = _mapping(given or {}, where, OWNER_KEYS)
    after = keys.get("escalate_after")
    return Responder(
        name=_text(keys, "name", where),
        slack=_text(keys, "slack", where),
        escalate_after=None if after is None else _duration(after, f"{where}: escalate_after"),
        escalate_to=_contact(keys.get("escalate_to"), f"{where}: escalate_to"),
    )


def _duration(given: Yaml, where: str) -> timedelta:
    try:
        return parse_duration(str(given))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _contact(given: Yaml, where: str) -> Contact:
    if given is None:
        return NOBODY
    if isinstance(given, str):
        return Contact(given.strip())
    keys = _mapping(given, where, ("name", "slack"))
    return Contact(_text(keys, "name", where), _text(keys, "slack", where))


def _link(given: Yaml, where: str) -> Link:
    keys = _mapping(given, where, ("title", "url"))
    url = _text(keys, "url", where, needed=True)
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"{where}: {url!r} is no address that starts with http:// or https://")
    return Link(_text(keys, "title", where) or url, url)


def _owners(given: Sequence[Yaml]) -> Iterator[Ownership]:
    for number, one in enumerate(given, start=1):
        where = f"owner {number}"
        keys = _mapping(one, where, (*KINDS, "name", "slack"))
        kinds = [kind for kind in KINDS if kind in keys]
        if len(kinds) != 1:
            raise ValueError(f"{where}: say whose it is by one of {', '.join(KINDS)}")
        owner = Contact(_text(keys, "name", where, needed=True), _text(keys, "slack", where))
        yield Ownership(kinds[0], _text(keys, kinds[0], where, needed=True), owner)


def _mapping(given: Yaml, where: str, known: Sequence[str]) -> Mapping[str, Yaml]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{where} is no table of keys: write {known[0]}: …")
    for name in given:
        if name not in known:
            raise ValueError(f"{where} has an unknown key {str(name)[:60]!r}; known are {', '.join(known)}")
    return given


def _list(given: Yaml, where: str) -> Sequence[Yaml]:
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ValueError(f"{where} is no list: begin each line with a dash")
    return given


def _texts(given: Yaml, where: str) -> tuple[str, ...]:
    texts = _list(given, where)
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f"{where}: each is a text; put quotes around what holds a colon")
    return tuple(str(text).strip() for text in texts)


def _text(keys: Mapping[str, Yaml], name: str, where: str, *, needed: bool = False) -> str:
    given = keys.get(name)
    if given is not None and not isinstance(given, str):
        raise ValueError(f"{where}: {name} is no text")
    text = (given or "").strip()
    if needed and not text:
        raise ValueError(f"{where} lacks {name!r}")
    return text
