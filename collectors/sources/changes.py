"""Our own way to be told of a change: what `POST /api/v1/changes` takes, one or an array."""

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, field_validator

from collectors.sources.events import LONGEST_ADDRESS, LONGEST_NAME, LONGEST_TITLE, Change, Event, web_link
from collectors.sources.proof import by_token
from collectors.sources.reading import (
    LATEST_NS,
    Json,
    Payload,
    Text,
    canonical,
    compact,
    from_rfc3339,
    parse,
    validated,
)
from collectors.sources.source import Columns, Delivery, Source

DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d|w)", re.ASCII)
AGO = re.compile(f"(?:{DURATION.pattern})+", re.ASCII)
UNITS_NS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9, "w": 604800 * 10**9}
SECONDS = re.compile(r"\d{1,10}(?:\.\d{1,9})?", re.ASCII)
DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
"""RFC 3339, of which the clock or its seconds may be left out, and the zone where it is UTC."""
SAID = "must be a time such as 2026-11-22T10:00:00Z, 15m (ago), now, or seconds since 1970"


@dataclass(frozen=True)
class Ago:
    """So long before it is told; 0 is now."""

    ns: int


NOW = Ago(0)


def _time(value: object) -> int | Ago:
    """Nanoseconds since 1970, or ago, written as the ends of a window are; null is now."""
    if value is None:
        return NOW
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError(SAID)
    text = text.strip().removesuffix(" ago")
    if text == "now":
        return NOW
    if AGO.fullmatch(text):
        return Ago(sum(round(float(number) * UNITS_NS[unit]) for number, unit in DURATION.findall(text)))
    if SECONDS.fullmatch(text):
        seconds, _, fraction = text.partition(".")
        return _within(int(seconds) * 10**9 + int(fraction.ljust(9, "0")))
    if not (found := DAY.fullmatch(text)):
        raise ValueError(SAID)
    day, clock, seconds, zone = found.groups()
    return _within(from_rfc3339(f"{day}T{clock or '00:00'}{seconds or ':00'}{zone or 'Z'}"))


def _within(ns: int) -> int:
    if ns < 0:
        raise ValueError("lies before 1970")
    if ns > LATEST_NS:
        raise ValueError("lies after the year 2262")
    return ns


class ChangeBody(Payload, extra="forbid"):
    """A change as we are told it."""

    kind: Literal["deploy", "flag", "config", "contract", "pipeline", "other"]
    id: Text = Field("", max_length=LONGEST_NAME)
    time: Annotated[int | Ago, PlainValidator(_time)] = NOW
    service: Text = Field("", max_length=LONGEST_NAME)
    version: Text = Field("", max_length=LONGEST_NAME)
    environment: Text = Field("", max_length=LONGEST_NAME)
    title: Text = Field("", max_length=LONGEST_TITLE)
    author: Text = Field("", max_length=LONGEST_NAME)
    url: Text = Field("", max_length=LONGEST_ADDRESS)
    status: Text = Field("", max_length=LONGEST_NAME)
    details: object = None

    @field_validator("url")
    @classmethod
    def _is_link(cls, url: str) -> str:
        if url and not web_link(url):
            raise ValueError("must start with https:// or http://")
        return url


def read(delivery: Delivery, _: Columns) -> Iterator[Event]:
    """Each change."""
    told = parse(delivery.body)
    many = told if isinstance(told, list) else [told]
    for number, one in enumerate(many):
        yield _change(one, delivery.received_ns, f"[{number}]" if isinstance(told, list) else "")


def _change(told: Json, received_ns: int, where: str) -> Change:
    body = validated(ChangeBody, told, where)
    said = f"{body.service} {body.version}".strip()
    return Change(
        id=f"api:{body.id or _id(told, body.time)}",
        time_ns=max(0, received_ns - body.time.ns) if isinstance(body.time, Ago) else body.time,
        kind=body.kind,
        source="api",
        service=body.service,
        version=body.version,
        environment=body.environment,
        title=body.title or (f"{body.kind} of {said}" if said else body.kind),
        author=body.author,
        url=body.url,
        status=body.status,
        details=compact(told.get("details") if isinstance(told, dict) else None),
    )


def _id(told: Json, at: int | Ago) -> str:
    """Of a change without one: its content if that says when, so that it may be told again; else it is a new one."""
    if isinstance(at, Ago):
        return uuid.uuid4().hex
    return hashlib.sha256(canonical(told).encode()).hexdigest()[:32]


CHANGES = Source("changes", by_token, read)
