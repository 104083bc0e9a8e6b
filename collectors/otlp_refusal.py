"""A refusal in the protocol's own words: HTTP status, gRPC code, and the `google.rpc.Status` that says why."""

import json
from dataclasses import dataclass

from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from collectors.bearer import Unauthenticated
from collectors.kinds import BadRecord, Outcome, Refused, TooLarge

INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED = 3, 5, 7, 8
UNIMPLEMENTED, UNAVAILABLE, UNAUTHENTICATED = 12, 14, 16
"""The codes of `google.rpc.Status` that are used here; gRPC's status codes are the same numbers."""


class Unsupported(Exception):
    """A request that is no OTLP export as this receiver speaks it: its HTTP status, and what would be right."""

    def __init__(self, http_status: int, what: str) -> None:
        super().__init__(what)
        self.http_status = http_status


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused. `retry_after_s` is set if, and only if, trying again is right."""

    outcome: Outcome
    http_status: int
    code: int
    message: str
    retry_after_s: int | None = None

    def protobuf(self) -> bytes:
        """A `google.rpc.Status`, with RetryInfo where trying again is right."""
        status = Status(code=self.code, message=self.message)
        if self.retry_after_s is not None:
            status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=self.retry_after_s)))
        return bytes(status.SerializeToString())

    def json(self) -> bytes:
        """The same as protobuf's JSON."""
        status: dict[str, object] = {"code": self.code, "message": self.message}
        if self.retry_after_s is not None:
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            status["details"] = [{"@type": kind, "retryDelay": f"{self.retry_after_s}s"}]
        return json.dumps(status).encode()


REFUSALS = (BadRecord, Refused, Unauthenticated, Unsupported)
"""What `refusal` has words for."""


def refusal(error: BadRecord | Refused | Unauthenticated | Unsupported) -> Refusal:
    """The same in the protocol's words."""
    match error:
        case TooLarge():
            return Refusal(Outcome.TOO_LARGE, 413, RESOURCE_EXHAUSTED, str(error))
        case BadRecord():
            return Refusal(Outcome.BAD, 400, INVALID_ARGUMENT, str(error))
        case Unauthenticated():
            return Refusal(Outcome.UNAUTHENTICATED, 401, UNAUTHENTICATED, str(error))
        case Unsupported(http_status=status):
            code = {403: PERMISSION_DENIED, 404: NOT_FOUND, 405: UNIMPLEMENTED}.get(status, INVALID_ARGUMENT)
            return Refusal(Outcome.UNSUPPORTED, status, code, str(error))
        case Refused(retry_after_s=seconds):
            return Refusal(Outcome.OVERLOADED, 503, UNAVAILABLE, str(error), seconds)
