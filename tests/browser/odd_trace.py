"""A trace as odd as they come: hostile names, loops, orphans, clocks that differ, spans that share an id."""

import time

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.integration.otlp import Request, attributes, span, traces

ODD = 0xDD
LONG = 0xFF
LONG_SPANS = 12_000
MS = 1_000_000
MARKUP = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
RIGHT_TO_LEFT = "pay\u202ement\u2066\x00\x07"
ENDLESS = "x" * 100_000
ERROR = Status(code=Status.STATUS_CODE_ERROR, message=f"boom {MARKUP}")


def requests() -> tuple[Request, ...]:
    """What its services send."""
    now = time.time_ns() - 60_000 * MS

    def odd(number: int, parent: int, name: str, after_ms: float, took_ms: float, **fields: object) -> Span:
        return span(number, ODD, parent, now + int(after_ms * MS), int(took_ms * MS), name=name, **fields)

    server, client = {"kind": Span.SPAN_KIND_SERVER}, {"kind": Span.SPAN_KIND_CLIENT}
    named = attributes({"customer.id": f"K/17@é{MARKUP}", "javascript:alert(1)": f"https://evil.example/{ENDLESS}"})
    checkout = traces(
        odd(1, 0, f"POST {MARKUP}", 0, 900, status=ERROR, attributes=named, **server),
        odd(8, 8, "its own parent", 330, 2),
        odd(9, 1, "", 340, 0),
        odd(11, 1, "call", 400, 50, **client),
        *(
            odd(20 + level, 19 + level if level else 1, f"level {level}", 500 + level, 300 - level)
            for level in range(40)
        ),
        resource={"service.name": f"checkout{MARKUP}"},
    )
    payment = traces(
        odd(2, 1, f"charge {RIGHT_TO_LEFT}", -40, 300, status=ERROR, **server),
        odd(4, 77, "orphan", 100, 50),
        odd(5, 0, "second root", 300, 5),
        odd(6, 7, "loop a", 320, 5),
        odd(7, 6, "loop b", 321, 2),
        odd(11, 1, "called", -20_000, 30, **server),
        resource={"service.name": RIGHT_TO_LEFT},
    )
    endless = traces(odd(3, 2, ENDLESS, 10, 100), resource={"service.name": ENDLESS})
    return checkout, payment, endless
