"""The types a setting may have: how each is read from text, and written."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import NewType, TypeVar
from urllib.parse import urlsplit

from triage.window import format_duration, parse_duration

Size = NewType("Size", int)
"""A number of bytes."""
Url = NewType("Url", str)
"""An http or https address without a slash at its end; "" for none."""
File = NewType("File", str)
"""A file's path; "" for none."""
Dsn = NewType("Dsn", str)
"""A ClickHouse server, with its password; "" for the embedded engine."""

SIZE = re.compile(r"(\d+)\s*([KMGT]i?B|B)", re.ASCII)
SIZE_UNITS = {"B": 1} | {
    f"{letter}{suffix}": base**power
    for power, letter in enumerate("KMGT", start=1)
    for suffix, base in (("B", 1000), ("iB", 1024))
}


class Part(StrEnum):
    """A part of the service that can run alone."""

    COLLECT = "collect"
    WATCH = "watch"
    WEB = "web"


class LogLevel(StrEnum):
    """The least severe message that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Address:
    """Where a listener stands."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it. A name other than localhost is taken to lead outside."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def read_address(text: str) -> Address:
    """HOST:PORT or [IPV6]:PORT."""
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+):(\d{1,5})", text, re.ASCII)
    if not match or int(match[2]) > 65535 or not is_host(match[1]):
        raise ValueError(f"{text!r} is no address: write HOST:PORT, such as 127.0.0.1:4317")
    return Address(match[1].strip("[]"), int(match[2]))


def read_size(text: str) -> Size:
    """A number and its unit."""
    match = SIZE.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise ValueError(f"{text!r} is no size: write a number and its unit, such as 512MiB or 2GiB")
    return Size(int(match[1]) * SIZE_UNITS[match[2]])


def write_size(size: int) -> str:
    """In the largest unit that divides it."""
    unit = max((unit for unit, base in SIZE_UNITS.items() if size % base == 0), key=SIZE_UNITS.__getitem__)
    return f"{size // SIZE_UNITS[unit]}{unit}"


def read_count(text: str) -> int:
    """A whole number from 1 up."""
    if not re.fullmatch(r"0*[1-9]\d{0,8}", text, re.ASCII):
        raise ValueError(f"{text!r} is no whole number from 1 up")
    return int(text)


def read_names(text: str) -> tuple[str, ...]:
    """Names between commas; the text may be empty."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def read_parts(text: str) -> tuple[Part, ...]:
    """Parts between commas."""
    return tuple(_choice(Part, name) for name in read_names(text))


def read_url(text: str) -> Url:
    """An http or https address. The text is not repeated in the error: it may hold a secret."""
    if text and not _has_host(text):
        raise ValueError("is no address that starts with http:// or https:// and names a host")
    return Url(text.rstrip("/"))


def read_dsn(text: str) -> Dsn:
    """A ClickHouse server. The text is not repeated in the error: it may hold a password."""
    if text and not _has_host(text):
        raise ValueError("is no ClickHouse address: write http://USER:PASSWORD@HOST:8123 or https://…:8443")
    return Dsn(text)


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and is_host(parts.hostname or "") and (parts.port or 1) > 0
    except ValueError:
        return False


def is_host(text: str) -> bool:
    """Whether it can be looked up: no label is empty or longer than 63 bytes, no character blank or invisible."""
    try:
        text.encode("idna")
    except UnicodeError:
        return False
    return bool(text) and text.isprintable() and " " not in text


Choice = TypeVar("Choice", bound=StrEnum)


def _choice(choices: type[Choice], text: str) -> Choice:
    try:
        return choices(text.strip().lower())
    except ValueError:
        raise ValueError(f"{text!r} is none of {', '.join(choices)}") from None


@dataclass(frozen=True)
class Reader:
    """How a type's values are read from text (ValueError: a sentence), written, and called in help."""

    metavar: str
    read: Callable[[str], object]
    write: Callable[[object], str] = str


def read_path(text: str) -> Path:
    """A directory; `~` is the home directory."""
    if not text:
        raise ValueError("is empty: name a directory")
    return _path(text)


def read_file(text: str) -> File:
    """A file, or none; `~` is the home directory."""
    return File(str(_path(text)) if text else "")


def _path(text: str) -> Path:
    if "\0" in text:
        raise ValueError(f"{text!r} is no path: no name may hold a null byte")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"{text!r} is no path: there is no such home directory") from None


def _write_names(names: object) -> str:
    assert isinstance(names, tuple)
    return ",".join(names)


def _write_size(size: object) -> str:
    assert isinstance(size, int)
    return write_size(size)


def _write_duration(duration: object) -> str:
    assert isinstance(duration, timedelta)
    return format_duration(duration)


READERS: dict[object, Reader] = {
    str: Reader("TEXT", str),
    File: Reader("FILE", read_file),
    int: Reader("N", read_count),
    Path: Reader("DIR", read_path),
    Address: Reader("HOST:PORT", read_address),
    Url: Reader("URL", read_url),
    Dsn: Reader("DSN", read_dsn),
    Size: Reader("SIZE", read_size, _write_size),
    timedelta: Reader("DURATION", parse_duration, _write_duration),
    LogLevel: Reader("LEVEL", lambda text: _choice(LogLevel, text)),
    tuple[str, ...]: Reader("NAME,…", read_names, _write_names),
    tuple[Part, ...]: Reader("PART", read_parts, _write_names),
}
