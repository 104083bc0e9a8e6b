"""The messages of OTLP, read so that no string can fail a batch.

They are opentelemetry-proto's own descriptors, copied into a private pool with `bytes` in place of `string`: the same
wire, but invalid UTF-8 is a value to repair in SQL, and no parse error that takes the other 511 spans with it.
"""

from collections.abc import Callable, Mapping

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from collectors.kinds import Kind

SERVICES: Mapping[Kind, FileDescriptor] = {
    Kind.TRACES: trace_service_pb2.DESCRIPTOR,
    Kind.LOGS: logs_service_pb2.DESCRIPTOR,
    Kind.METRICS: metrics_service_pb2.DESCRIPTOR,
}
"""The three signals, each with the file that declares its service."""


def export_request(kind: Kind) -> Descriptor:
    """What senders of this signal send, as opentelemetry-proto declares it (with strings)."""
    (service,) = SERVICES[kind].services_by_name.values()
    return service.methods_by_name["Export"].input_type


def service_name(kind: Kind) -> str:
    """The full name of the gRPC service of this signal."""
    (service,) = SERVICES[kind].services_by_name.values()
    return service.full_name


def _requests(change: Callable[[FieldDescriptorProto], None]) -> Mapping[Kind, type[Message]]:
    pool, added = DescriptorPool(), set[str]()
    for file in SERVICES.values():
        _add(pool, file, added, change)
    return {kind: GetMessageClass(pool.FindMessageTypeByName(export_request(kind).full_name)) for kind in SERVICES}


def _add(
    pool: DescriptorPool, file: FileDescriptor, added: set[str], change: Callable[[FieldDescriptorProto], None]
) -> None:
    """Adds a file to the pool with its fields changed, after those that it imports."""
    if file.name in added:
        return
    added.add(file.name)
    for imported in file.dependencies:
        _add(pool, imported, added, change)
    copy = FileDescriptorProto.FromString(file.serialized_pb)
    for message in copy.message_type:
        _change_fields(message, change)
    pool.Add(copy)


def _change_fields(message: DescriptorProto, change: Callable[[FieldDescriptorProto], None]) -> None:
    for field in message.field:
        change(field)
    for nested in message.nested_type:
        _change_fields(nested, change)


def _string_to_bytes(field: FieldDescriptorProto) -> None:
    if field.type == FieldDescriptorProto.TYPE_STRING:
        field.type = FieldDescriptorProto.TYPE_BYTES


def _only_the_last(field: FieldDescriptorProto) -> None:
    _string_to_bytes(field)
    if field.type in (FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_BYTES):
        field.label = FieldDescriptorProto.LABEL_OPTIONAL


REQUESTS: Mapping[Kind, type[Message]] = _requests(_string_to_bytes)
"""The class that reads the requests of each signal."""

SKIMMED: Mapping[Kind, type[Message]] = _requests(_only_the_last)
"""The class that parses the same bytes and keeps the last of whatever is repeated: millions of spans take no memory."""
