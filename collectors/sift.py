"""Which records of a segment the store can't read, found by passes that only parse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from collectors.frames import framed
from collectors.kinds import BadRecord, Kind
from collectors.otlp_check import canonical
from queries.errors import DataRefused

Parse = Callable[[str, bytes], int]
"""Parses the body of a landing table's insert without inserting; raises DataRefused."""


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that the store can't parse."""

    index: int  # its place in the segment
    size: int  # bytes
    why: str


@dataclass(frozen=True, slots=True)
class Sifted:
    """A segment's records, told apart."""

    rest: list[bytes]
    refused: list[RefusedRecord]  # in their order


def sift(kind: Kind, every: Sequence[bytes], parse: Parse) -> Sifted | None:
    """Tells the records that can be parsed from those that can't; None if all together can be.

    The rest is written anew: a protobuf parser skips a known field of a wrong wire type, or one that the schema
    doesn't know, where ClickHouse may refuse the message. All are, at once: if one sender does such things, it does
    them in each request. Raises StoreError other than DataRefused.
    """
    if _parses(kind, every, parse):
        return None
    anew = {index: written_anew(kind, record) for index, record in enumerate(every)}
    held = {index: record for index, record in anew.items() if record}  # the others hold nothing that we know
    refused = sorted(refused_records(kind, held, parse), key=lambda record: record.index)
    gone = {record.index for record in refused}
    return Sifted([record for index, record in held.items() if index not in gone], refused)


def refused_records(kind: Kind, numbered: Mapping[int, bytes], parse: Parse) -> list[RefusedRecord]:
    """Those of the records that can't be parsed, found by halving."""
    found = []
    parts = [list(numbered)]
    while parts:
        part = parts.pop()
        try:
            parse(kind.value, b"".join(framed(kind, (numbered[index] for index in part))))
        except DataRefused as error:
            if len(part) == 1:
                found.append(RefusedRecord(part[0], len(numbered[part[0]]), str(error)))
            else:
                middle = len(part) // 2
                parts += [part[:middle], part[middle:]]
    return found


def written_anew(kind: Kind, record: bytes) -> bytes:
    """The same record as the protobuf library writes it; as it is if it can't read it."""
    try:
        return record if kind is Kind.EVENTS else canonical(kind, record)
    except BadRecord:
        return record


def _parses(kind: Kind, every: Sequence[bytes], parse: Parse) -> bool:
    try:
        parse(kind.value, b"".join(framed(kind, every)))
    except DataRefused:
        return False
    return True
