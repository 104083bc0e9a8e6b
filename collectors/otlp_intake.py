"""What both receivers do with a request: bound what it may take, check, append, count."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from google.protobuf.message import Message
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

from collectors.kinds import AppendRequest, Count, Kind, Outcome, Overloaded
from collectors.otlp_check import check

P = ParamSpec("P")
T = TypeVar("T")

OFF_LOOP_BYTES = 1 << 20
"""The work on a body larger than this is done in a thread, so that small senders don't wait for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request, and all requests together, may take."""

    request_bytes: int = 64 << 20
    """Largest request, once decompressed."""
    in_flight_bytes: int = 512 << 20
    """Of all requests that have no answer yet; beyond it senders are told to come back."""
    silence_s: float = 30.0
    """How long a sender may stay silent in the middle of a request."""
    whole_s: float = 120.0
    """How long a whole request may take to arrive, a byte at a time or not."""


class Claim:
    """The memory that one request takes until it is answered."""

    def __init__(self, intake: "Intake") -> None:
        self._intake = intake
        self.bytes = 0

    def grow(self, size: int) -> None:
        """Takes `size` more bytes. Raises Overloaded if all requests together would take too much."""
        self._intake.in_flight += size
        self.bytes += size
        if self._intake.in_flight > self._intake.limits.in_flight_bytes:
            raise Overloaded("too many bytes are waiting to be written", 1)


class Intake:
    """Takes the requests of every receiver of one event loop."""

    def __init__(self, append: AppendRequest, count: Count, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.count = count
        self.in_flight = 0
        self._append = append
        self._thread = ThreadPoolExecutor(1, "otlp-large")  # one: a large JSON request takes ten times its size

    @contextmanager
    def claim(self) -> Iterator[Claim]:
        """What a request takes while it is under way."""
        claim = Claim(self)
        try:
            yield claim
        finally:
            self.in_flight -= claim.bytes

    async def work(self, size: int, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Does what takes time in proportion to `size` bytes, where it holds up nobody."""
        if size <= OFF_LOOP_BYTES:
            return do(*args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: do(*args, **kwargs))

    async def take(self, kind: Kind, record: bytes) -> Message | None:
        """Keeps a request's protobuf bytes: returns once they are on disk, with what the sender should know (or None).

        Raises BadRecord (TooLarge once unfolded), Refused. A request without records is a success, and leaves
        nothing.
        """
        checked = await self.work(len(record), check, kind, record)
        if checked.records:
            try:
                await self._append(kind, record, checked.unfolded)
            except OSError as error:
                raise Overloaded("the disk takes no data now") from error
            self.count(kind, Outcome.ACCEPTED, checked.records)
        return _partly(checked.without_data) if checked.without_data else None

    def close(self) -> None:
        """Ends the thread, once the receivers have stopped."""
        self._thread.shutdown()


def _partly(without_data: int) -> Message:
    answer = ExportMetricsServiceResponse()
    answer.partial_success.rejected_data_points = without_data
    answer.partial_success.error_message = (
        f"{without_data} metrics have no data that OTLP 1 knows (an older sender's?); nothing of them is kept"
    )
    return answer
