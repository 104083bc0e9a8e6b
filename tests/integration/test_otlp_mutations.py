"""Good requests with something broken in them: taken where a parser nobody here wrote takes them, refused in words
where it doesn't, never an error of ours; and what was taken can be loaded."""

import asyncio
import base64
import gzip
import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.frames import framed, varint
from collectors.kept import Kept
from collectors.kinds import Kind
from collectors.loader import Loader
from collectors.otlp_check import canonical
from collectors.otlp_json import to_protobuf
from collectors.quarantine import Quarantine
from collectors.segments import Limits as SegmentLimits
from collectors.segments import SegmentLog
from queries import schema
from queries.errors import DataRefused
from queries.store import Store
from tests.integration.otlp_receivers import FIXTURES, JSON, PROTOBUF, Receivers, one_span

pytestmark = pytest.mark.integration

SEED = int(os.environ.get("TRIAGE_TEST_SEED", "20261122"))
IN_CI = 500
IN_FULL = 10_000

REFERENCE: dict[Kind, type[Message]] = {
    Kind.TRACES: ExportTraceServiceRequest,
    Kind.LOGS: ExportLogsServiceRequest,
    Kind.METRICS: ExportMetricsServiceRequest,
}
EXAMPLES = [(Kind.TRACES, "trace"), (Kind.METRICS, "metrics"), (Kind.LOGS, "logs"), (Kind.LOGS, "events")]


@dataclass(frozen=True)
class Case:
    """A mutated request, and how it is sent."""

    kind: Kind
    body: bytes
    way: str  # "http", "gzip", "grpc", "json"


# --- mutations -------------------------------------------------------------------------------------------------------


def flip(body: bytearray, r: random.Random) -> None:
    body[r.randrange(len(body))] ^= 1 << r.randrange(8)


def replace(body: bytearray, r: random.Random) -> None:
    body[r.randrange(len(body))] = r.randrange(256)


def truncate(body: bytearray, r: random.Random) -> None:
    del body[r.randrange(len(body)) :]


def insert(body: bytearray, r: random.Random) -> None:
    at = r.randrange(len(body))
    body[at:at] = r.choice([r.randbytes(r.randint(1, 12)), b"\x00", b"\xff" * 10, b"\x0b\x0c", b"\xd8\x00"])


def splice(body: bytearray, r: random.Random) -> None:
    """Puts a piece of the request somewhere else in it."""
    start, at = r.randrange(len(body)), r.randrange(len(body))
    piece = body[start : start + r.randint(1, 60)]
    body[at : at + r.choice([0, len(piece)])] = piece


def delete(body: bytearray, r: random.Random) -> None:
    at = r.randrange(len(body))
    del body[at : at + r.randint(1, 8)]


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flip,
    flip,
    replace,
    truncate,
    insert,
    splice,
    delete,
)

WRONG_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 1.5, 2**31, 2**63, 2**64, 10**30, -(2**63) - 1),
    *("", "x", "12", "-5", "1e3", "NaN", "Infinity", "0af7651916cd43dd8448eb211c80319c", "AAE="),
    *([], {}, [[]], [None], [{}], {"values": []}, {"intValue": "1"}, {"key": "k"}),
)


def wrong_type(tree: Any, r: random.Random) -> None:  # noqa: ANN401  parsed JSON
    """Puts a value of any type where another stood, or takes it away."""
    holder = r.choice(list(holders(tree)))
    key = r.choice(list(holder.keys() if isinstance(holder, dict) else range(len(holder))))
    if r.random() < 0.1:
        del holder[key]
    else:
        holder[key] = r.choice(WRONG_VALUES)


def holders(tree: Any) -> Iterator[Any]:  # noqa: ANN401  parsed JSON
    """Every object and array that holds something."""
    if isinstance(tree, dict | list) and tree:
        yield tree
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from holders(item)


def cases(count: int, r: random.Random) -> Iterator[Case]:
    """So many mutated requests, over every signal and way of sending."""
    texts = [(kind, (FIXTURES / f"{name}.json").read_bytes()) for kind, name in EXAMPLES]
    for _ in range(count):
        kind, text = r.choice(texts)
        way = r.choice(["http", "gzip", "grpc", "json", "json"])
        if way == "json" and r.random() < 0.6:
            tree = json.loads(text)
            for _ in range(r.choice([1, 1, 2])):
                if tree:
                    wrong_type(tree, r)
            yield Case(kind, json.dumps(tree).encode(), way)
            continue
        body = bytearray(text if way == "json" else to_protobuf(kind, text))
        for _ in range(r.choice([1, 1, 1, 2, 3])):
            if body:
                r.choice(MUTATIONS)(body, r)
        yield Case(kind, bytes(body), way)


# --- what a parser nobody here wrote says ----------------------------------------------------------------------------


def reference(case: Case) -> bool | None:
    """Whether opentelemetry-proto and protobuf's JSON reader accept it; None where they object to its text only."""
    return _json_reference(case) if case.way == "json" else _protobuf_reference(case)


def _protobuf_reference(case: Case) -> bool | None:
    try:
        REFERENCE[case.kind].FromString(case.body)
    except DecodeError as error:
        return None if "UTF-8" in str(error) else False
    return True


LENIENT = re.compile("duplicate key|Unpaired surrogate")
"""What json_format objects to anywhere, and we only where it matters, or not at all."""


def _json_reference(case: Case) -> bool | None:
    request = REFERENCE[case.kind]()
    try:
        tree = json.loads(case.body.decode(errors="replace"), object_pairs_hook=_without_duplicates)
        json_format.ParseDict(_translated(tree, request.DESCRIPTOR), request, ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, OverflowError) as error:
        return None if LENIENT.search(str(error)) else False
    return True


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("duplicate key")
    return dict(pairs)


def _translated(tree: Any, of: Any) -> dict[str, Any]:  # noqa: ANN401  parsed JSON, a descriptor
    """OTLP's JSON as protobuf's. Raises TypeError where json_format takes what protobuf's JSON forbids."""
    if not isinstance(tree, dict):  # json_format takes a string for an object with a field for each sign
        raise TypeError("no object")
    fields = {field.json_name: field for field in of.fields}
    return {
        name: item if item is None or name not in fields else _value(item, fields[name]) for name, item in tree.items()
    }


def _value(item: Any, field: Any) -> Any:  # noqa: ANN401  parsed JSON, a descriptor
    if not field.is_repeated:
        return _single(item, field)
    if not isinstance(item, list):
        raise TypeError("no array")
    return [_single(one, field) for one in item]


def _single(item: Any, field: Any) -> Any:  # noqa: ANN401  parsed JSON, a descriptor
    if field.message_type:
        return _translated(item, field.message_type)
    if field.name in ("trace_id", "span_id", "parent_span_id"):
        if not re.fullmatch("([0-9a-fA-F]{2})*", item):
            raise TypeError("no hex")
        return base64.b64encode(bytes.fromhex(item)).decode()
    if field.type == field.TYPE_BYTES and not re.fullmatch("[A-Za-z0-9+/_-]*={0,2}", item):
        raise TypeError("no base64")
    if field.enum_type and isinstance(item, str) and item not in field.enum_type.values_by_name:
        return int(item)  # json_format ignores a name that it doesn't know
    if field.type == field.TYPE_DOUBLE and isinstance(item, bool):
        raise TypeError("no number")
    return item


# --- the receivers ---------------------------------------------------------------------------------------------------


def send(receivers: Receivers, case: Case) -> tuple[bool, str]:
    """Whether the receiver took it, and what it said."""
    if case.way == "grpc":
        code, said = receivers.outcome(case.kind, case.body)
        assert code in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT), (code, said)
        return code is grpc.StatusCode.OK, said
    if case.way == "gzip":
        response = receivers.post(case.kind, gzip.compress(case.body, 1), content_encoding="gzip")
    else:
        response = receivers.post(case.kind, case.body, JSON if case.way == "json" else PROTOBUF)
    assert response.status_code in (200, 400), response
    return response.status_code == 200, response.text


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    with Receivers() as receivers:
        yield receivers


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('store')}", handles=1)
    schema.apply(store)
    yield store
    store.close()


def loadable(store: Store, kind: Kind, record: bytes) -> bytes:
    """The record as the engine takes it: as it is, or written anew. Raises DataRefused."""
    try:
        store.parse(kind.value, b"".join(framed(kind, [record])))
    except DataRefused:
        record = canonical(kind, record)
        store.parse(kind.value, b"".join(framed(kind, [record])))
    return record


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [IN_CI, pytest.param(IN_FULL, marks=pytest.mark.full)])
def test_mutated_requests_are_taken_or_refused_and_what_is_taken_loads(
    receivers: Receivers, store: Store, count: int, record_property: Callable[[str, object], None]
) -> None:
    """Whatever is broken in a request: 200 where the reference accepts it, else 400 with the reason; and it loads."""
    record_property("seed", SEED)
    r = random.Random(SEED)
    outcomes: Counter[tuple[str, bool]] = Counter()
    for number, case in enumerate(cases(count, r)):
        receivers.kept.clear()
        took, said = send(receivers, case)
        expected = reference(case)
        about = f"seed {SEED}, mutation {number}: {case}, answered: {said}"
        assert expected is None or took == expected, about
        assert took or len(said) > 10, about
        outcomes[case.way, took] += 1
        for kind, record in receivers.kept:
            loadable(store, kind, record)
    assert all(outcomes[way, took] > count / 100 for way in ("http", "gzip", "grpc", "json") for took in (True, False))


WRONG_WIRE_TYPES = (
    b"\x08\x01",
    b"\x28\x01",
    b"\x32\x01\x00",
    b"\x42\x01\x00",
    b"\x48\x07",
    b"\x78\x01",
    b"\x3d\x01\x02\x03\x04",
)
"""A span's trace id, name, kind, end, attributes, status and start, each as what it isn't."""


def one_odd_span(fields: bytes) -> bytes:
    """A request of one span that begins with these bytes."""
    body = fields + b"\x0a\x10" + b"o" * 16
    for tag in (b"\x12", b"\x12", b"\x0a"):
        body = tag + varint(len(body)) + body
    return body


def test_odd_requests_are_loaded_and_harm_no_good_ones(receivers: Receivers, store: Store, tmp_path: Path) -> None:
    """What was taken of mutated requests goes through segments and loader with good ones: nothing is set aside, and
    every good span is in the table, once."""
    odd = [case for case in cases(2000, random.Random(SEED)) if case.kind is Kind.TRACES and case.way == "http"]
    receivers.kept.clear()
    for case in [*odd, *(Case(Kind.TRACES, one_odd_span(fields), "http") for fields in WRONG_WIRE_TYPES)]:
        send(receivers, case)
    records: list[bytes] = []
    for _, record in receivers.kept:
        records += [record, one_span(name=f"good {len(records)}", trace_id=b"g" * 16)]
    refused = [record for record in records if not parses(store, record)]
    assert refused, "the engine reads every one as it is: the test shows nothing"
    log = SegmentLog(tmp_path / "segments", SegmentLimits(disk_free_bytes=0))
    loader = Loader(log, store, Kept(tmp_path / "kept", log.disk), Quarantine(tmp_path / "quarantine"))
    for record in records:
        asyncio.run(log.append(Kind.TRACES, record))
    log.stop()
    assert loader.stop(60)
    log.close()
    good = store.select("SELECT SpanName FROM otel_traces WHERE TraceId = lower(hex('gggggggggggggggg'))")
    assert sorted(good["SpanName"]) == sorted(f"good {n}" for n in range(0, len(records), 2))
    assert len(good) > 20
    assert list((tmp_path / "quarantine").iterdir()) == []


def parses(store: Store, record: bytes) -> bool:
    try:
        store.parse("traces", b"".join(framed(Kind.TRACES, [record])))
    except DataRefused:
        return False
    return True
