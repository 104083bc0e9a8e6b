"""Sends row changes and webhooks beside the telemetry, to a collector that may know nothing of them."""

from queue import Queue
from threading import Event, Thread
from time import monotonic, time_ns

import httpx

from triage.demo.endpoint import HTTP_PORT, Endpoint
from triage.demo.post import Post
from triage.demo.request import SECOND_NS

TIMEOUT_S = 10.0
PATIENCE_S = 15.0
QUEUED = 64
_RETRIED = frozenset({429, 502, 503, 504})


class Herald:
    """Posts in turn, none before its time. What a path does not take is said once in `notes`, and it goes on."""

    def __init__(self, to: Endpoint) -> None:
        self.notes: list[str] = []
        port = to.port if to.protocol != "grpc" else HTTP_PORT
        self._base = Endpoint(to.host, port, "http/protobuf", to.secure, "" if to.protocol == "grpc" else to.path)
        self._client = httpx.Client(timeout=TIMEOUT_S, headers=to.headers, trust_env=to.through_proxy)
        self._queue: Queue[Post | None] = Queue(QUEUED)
        self._left: set[str] = set()
        self._hurry = Event()
        self._thread = Thread(target=self._work, name="shop-herald", daemon=True)
        self._thread.start()

    def send(self, post: Post) -> None:
        """Queues it; waits while too many are."""
        self._queue.put(post)

    def close(self) -> None:
        """Sends what is queued, and ends."""
        self._hurry.set()
        self._queue.put(None)
        self._thread.join(2 * PATIENCE_S)
        self._client.close()

    def _work(self) -> None:
        while (post := self._queue.get()) is not None:
            if post.path not in self._left:
                self._hurry.wait(max(0.0, (post.at_ns - time_ns()) / SECOND_NS))
                self._deliver(post)

    def _deliver(self, post: Post) -> None:
        give_up, pause_s = monotonic() + PATIENCE_S, 0.2
        while (why := self._refusal(post)) and monotonic() + pause_s < give_up and not self._final(why):
            self._hurry.wait(pause_s) if not self._hurry.is_set() else Event().wait(pause_s)
            pause_s *= 2
        if why:
            self._left.add(post.path)
            self.notes.append(f"the collector does not take {post.path} ({why}): the shop goes on without")

    def _refusal(self, post: Post) -> str:
        """Why it was not taken, "" if it was."""
        scheme = "https" if self._base.secure else "http"
        url = f"{scheme}://{self._base.target}{self._base.path}{post.path}"
        try:
            answer = self._client.post(url, content=post.body, headers=dict(post.headers))
        except httpx.HTTPError as error:
            return str(error) or type(error).__name__
        return "" if answer.status_code < 300 else f"HTTP {answer.status_code}"

    def _final(self, why: str) -> bool:
        return why.startswith("HTTP") and int(why.removeprefix("HTTP ")) not in _RETRIED
