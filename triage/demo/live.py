"""The live mouth: the real OpenTelemetry SDK with its OTLP exporters, paced by the wall clock."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from math import inf
from threading import Event
from time import time_ns

from triage.demo.request import SECOND_NS, Request
from triage.demo.sdk import Sdk


def run_live(requests: Iterator[Request], sdk: Sdk, told: Callable[[Request, float], None], stop: Event) -> None:
    """Exports each request when it has ended, and tells it then; returns when there are no more, or on `stop`.

    With it is told when the first of those began that are still to be told of.
    """
    for request, untold_ns in paced(requests, stop):
        sdk.export(request)
        told(request, untold_ns)


def paced(requests: Iterator[Request], stop: Event) -> Iterator[tuple[Request, float]]:
    """Gives requests (which come in order of start) in order of end, each as soon as the clock is there.

    Each comes with the start of the first of those that are still to come.
    """
    under_way: list[tuple[int, bytes, Request]] = []
    for request in requests:
        while under_way and under_way[0][0] <= request.entry.start_ns:
            if _wait(under_way[0][0], stop):
                return
            ended = heappop(under_way)[2]
            yield ended, min(_first_start_ns(under_way), request.entry.start_ns)
        heappush(under_way, (request.end_ns, request.trace_id, request))
    while under_way:
        if _wait(under_way[0][0], stop):
            return
        ended = heappop(under_way)[2]
        yield ended, _first_start_ns(under_way)


def _first_start_ns(under_way: list[tuple[int, bytes, Request]]) -> float:
    return min((request.entry.start_ns for _, _, request in under_way), default=inf)


def _wait(until_ns: int, stop: Event) -> bool:
    """Waits for the clock; whether it was told to stop meanwhile."""
    return stop.wait(max(0.0, (until_ns - time_ns()) / SECOND_NS))
