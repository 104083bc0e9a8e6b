"""A server that answers as Slack does, Web API and incoming webhook, with the trouble that it is told to make."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Trouble:
    """An answer other than "ok": a status, `retry_after` in seconds, an error of the API, another body; or none at all.

    `meanwhile` is what happens before the answer, whichever it is.
    """

    status: int = 200
    retry_after: str = ""
    error: str = ""
    drops: bool = False
    body: bytes = b""
    meanwhile: Callable[[], None] = lambda: None


@dataclass
class Slack:
    """What was posted, and the trouble that the next requests meet."""

    url: str = ""
    calls: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    """What was taken: method (or "webhook") and body."""
    refused: list[str] = field(default_factory=list)
    trouble: deque[Trouble] = field(default_factory=deque)
    refuses: dict[str, str] = field(default_factory=dict)
    """The error that every call of a method meets."""

    def texts(self, method: str) -> list[str]:
        """What the calls of a method said."""
        return [str(body["text"]) for name, body in self.calls if name == method]

    def answer(self, path: str, body: dict[str, object]) -> tuple[int, dict[str, str], bytes] | None:
        method = path.rpartition("/")[2] if path.startswith("/api/") else "webhook"
        trouble = self.trouble.popleft() if self.trouble else Trouble(error=self.refuses.get(method, ""))
        trouble.meanwhile()
        if trouble.drops:
            self.refused.append(method)
            return None
        headers = {"Retry-After": trouble.retry_after} if trouble.retry_after else {}
        if trouble.status != 200 or trouble.error or trouble.body:
            self.refused.append(method)
            said = json.dumps({"ok": False, "error": trouble.error or "ratelimited"}).encode()
            return trouble.status, headers, trouble.body or said
        self.calls.append((method, body))
        if method == "webhook":
            return 200, {}, b"ok"
        ts = str(body.get("ts") or f"1700000000.{len(self.calls):06}")
        return 200, {}, json.dumps({"ok": True, "channel": str(body.get("channel")), "ts": ts}).encode()


@contextmanager
def slack() -> Iterator[Slack]:
    """Such a server on loopback."""
    made = Slack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            answer = made.answer(self.path, body)
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            status, headers, text = answer
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(text)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
