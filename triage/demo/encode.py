"""Protobuf by hand: the few OTLP messages that the shop speaks, several times faster than through generated classes.

Field numbers are those of opentelemetry-proto (trace.proto, logs.proto, common.proto, resource.proto).
"""

from struct import Struct

from triage.demo.request import Attribute, Attributes, Event, Link, Log, Operation, Resource, Span, Trouble, Value
from triage.demo.request import fixed_attributes as fixed

_KEPT_PAIRS = 50_000
_TIMES = Struct("<BQBQ").pack
_TIME = Struct("<BQ").pack
_DOUBLE = Struct("<Bd").pack
_FLAGS = b"\x85\x01\x01\x01\x00\x00"  # sampled (1), and it is known whether the parent is remote (0x100): it is not


def varint(number: int) -> bytes:
    """An unsigned number in protobuf's base-128 form."""
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


_VARINTS = tuple(varint(number) for number in range(1 << 14))


def message(tag: int, body: bytes) -> bytes:
    """A length-delimited field; `tag` is its first byte."""
    size = len(body)
    return bytes((tag,)) + (_VARINTS[size] if size < 1 << 14 else varint(size)) + body


def value(of: Value) -> bytes:
    """An AnyValue's body."""
    if isinstance(of, str):
        return message(0x0A, of.encode())
    if isinstance(of, bool):
        return b"\x10\x01" if of else b"\x10\x00"
    if isinstance(of, int):
        return b"\x18" + varint(of & 0xFFFFFFFFFFFFFFFF)
    if isinstance(of, float):
        return _DOUBLE(0x21, of)
    return message(0x2A, b"".join(message(0x0A, value(part)) for part in of))


def key_value(pair: Attribute) -> bytes:
    """A KeyValue's body."""
    return message(0x0A, pair[0].encode()) + message(0x12, value(pair[1]))


class Encoder:
    """Encodes spans and log records, remembering what it has encoded before."""

    def __init__(self) -> None:
        self._heads: dict[tuple[Operation, int, Trouble | None], bytes] = {}
        self._pairs: dict[tuple[Attribute, int], bytes] = {}

    def span(self, trace_id: bytes, span: Span) -> bytes:
        """A Span as the field `spans` of ScopeSpans."""
        key = (span.operation, span.status, span.trouble)
        head = self._heads.get(key) or self._head(*key)
        parent = b"\x22\x08" + span.parent_id if span.parent_id else b""
        body = b"\x0a\x10%b\x12\x08%b%b%b%b" % (
            trace_id, span.span_id, parent, _TIMES(0x39, span.start_ns, 0x41, span.end_ns), head
        )  # fmt: skip
        if span.attributes:
            body += self._attributes(span.attributes, 0x4A)
        if span.events:
            body += b"".join(message(0x5A, self._event(event)) for event in span.events)
        if span.links:
            body += b"".join(message(0x6A, _link(link)) for link in span.links)
        return message(0x12, body)

    def log(self, trace_id: bytes, log: Log) -> bytes:
        """A LogRecord as the field `log_records` of ScopeLogs."""
        severity = b"\x10" + varint(log.severity) + message(0x1A, log.severity.name.encode())
        body = message(0x2A, message(0x0A, log.body.encode()))
        ids = b"\x4a\x10" + trace_id + b"\x52\x08" + log.span_id + b"\x45\x01\x00\x00\x00"
        times = _TIME(0x09, log.time_ns) + _TIME(0x59, log.time_ns)
        event = message(0x62, log.event.encode()) if log.event else b""
        return message(0x12, times + severity + body + self._attributes(log.attributes, 0x32) + ids + event)

    def resource(self, resource: Resource) -> bytes:
        """A Resource as the field `resource` of ResourceSpans, ResourceLogs and ResourceMetrics."""
        return message(0x0A, self._attributes(resource.attributes, 0x0A))

    def _head(self, operation: Operation, status: int, trouble: Trouble | None) -> bytes:
        """What all spans of an operation that end alike share: name, kind, fixed attributes, status."""
        head = message(0x2A, operation.name.encode()) + b"\x30" + varint(operation.kind) + _FLAGS
        head += self._attributes(fixed(operation, status, trouble), 0x4A)
        if trouble is not None:
            head += message(0x7A, (message(0x12, trouble.message.encode()) if trouble.message else b"") + b"\x18\x02")
        self._heads[operation, status, trouble] = head
        return head

    def _attributes(self, attributes: Attributes, tag: int) -> bytes:
        return b"".join([self._pairs.get((pair, tag)) or self._pair(pair, tag) for pair in attributes])

    def _pair(self, pair: Attribute, tag: int) -> bytes:
        if len(self._pairs) >= _KEPT_PAIRS:  # ids come and go; what is common is soon back
            self._pairs.clear()
        encoded = self._pairs[pair, tag] = message(tag, key_value(pair))
        return encoded

    def _event(self, event: Event) -> bytes:
        return (
            _TIME(0x09, event.time_ns) + message(0x12, event.name.encode()) + self._attributes(event.attributes, 0x1A)
        )


def _link(link: Link) -> bytes:
    return b"\x0a\x10" + link.trace_id + b"\x12\x08" + link.span_id
