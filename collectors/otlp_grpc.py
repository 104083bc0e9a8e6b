"""The OTLP/gRPC receiver: raw bytes in and out, so that what is wrong with them is said in OTLP's words.

Parsing is left to the check at receipt: grpcio's own would answer INTERNAL where INVALID_ARGUMENT is right.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import grpc.aio

from collectors.bearer import Admit, bearer
from collectors.compression import GZIP_MAGIC, gunzip
from collectors.kinds import BadRecord, Kind, Overloaded
from collectors.otlp_intake import Intake
from collectors.otlp_refusal import REFUSALS, refusal
from collectors.otlp_schema import SERVICES, service_name

Context = grpc.aio.ServicerContext[bytes, bytes]
Export = Callable[[AsyncIterator[bytes], Context], Awaitable[bytes]]

STATUS_DETAILS = "grpc-status-details-bin"
IDENTITY_AND_GZIP = 0b101
HANDSHAKE_MS = 10_000
"""How long a connection may say nothing before it begins to speak HTTP/2; grpcio's own patience is two minutes."""
IDLE_MS = 600_000
"""How long one may be without a call; senders connect anew by themselves."""
STREAMS = 128
"""How many calls one connection may have under way; a sender's library holds back what is more."""
CODES = {code.value[0]: code for code in grpc.StatusCode}


def server(intake: Intake, *, token: str | None = None) -> grpc.aio.Server:
    """The receiver, to be started on the running event loop once it has a port."""
    receiver = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", intake.limits.request_bytes),
            ("grpc.per_message_decompression", 0),  # it has no limit on what comes out; ours has
            ("grpc.compression_enabled_algorithms_bitset", IDENTITY_AND_GZIP),
            ("grpc.so_reuseport", 0),  # else two processes share a port, and neither says so
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # senders may keep idle connections alive
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
            ("grpc.max_connection_idle_ms", IDLE_MS),
            ("grpc.max_concurrent_streams", STREAMS),
        ]
    )
    admit = bearer(token)
    receiver.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(
                service_name(kind), {"Export": grpc.stream_unary_rpc_method_handler(_export(kind, intake, admit))}
            )
            for kind in SERVICES
        )
    )
    return receiver


def listen(receiver: grpc.aio.Server, host: str, port: int) -> int:
    """Binds the receiver, and says to which port (0 takes a free one). Raises OSError where that can't be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:  # grpcio writes pages to stderr instead of saying what is wrong
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
    return receiver.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def _export(kind: Kind, intake: Intake, admit: Admit) -> Export:
    async def export(_: AsyncIterator[bytes], context: Context) -> bytes:
        """Takes the call's one request; that it is a stream here lets the token be asked for before it is read."""
        try:
            with intake.claim() as claim:
                admit([value for key, value in context.invocation_metadata() or () if key == "authorization"])
                request = await _whole(context, intake.limits.whole_s)
                claim.grow(len(request))
                if request.startswith(GZIP_MAGIC):  # as protobuf this would be wire type 7, which there is not
                    request = await intake.work(len(request), gunzip, request, intake.limits.request_bytes)
                    claim.grow(len(request))
                answer = await intake.take(kind, request)
        except REFUSALS as error:
            refused = refusal(error)
            intake.count(kind, refused.outcome, 1)
            details = ((STATUS_DETAILS, refused.protobuf()),)
            await context.abort(CODES[refused.code], refused.message, details)
        return answer.SerializeToString() if answer is not None else b""

    return export


async def _whole(context: Context, within_s: float) -> bytes:
    """The call's request. Raises Overloaded if it takes too long to arrive, BadRecord where there is none."""
    try:
        async with asyncio.timeout(within_s):
            request: object = await context.read()
    except TimeoutError:
        raise Overloaded("the rest of the request did not arrive", 1) from None
    if not isinstance(request, bytes):  # grpc.aio.EOF
        await context.send_initial_metadata(())  # is cancelled where the sender gave up, or grpcio refused it
        raise BadRecord("the call brings no request")
    return request
