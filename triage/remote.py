"""A running service, asked over HTTP."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from queries.connection import shown
from triage.setting_types import Address

TIMEOUT = httpx.Timeout(60, connect=5)
JSON, CSV = "application/json", "text/csv"
HEALTH, ALIVE = "/healthz", {"status": "alive"}
"""What says that it is alive, and what it says."""


class NoService(Exception):
    """Nothing answers there, or what answers is no triage service."""


class Refusal(Exception):
    """The service answers that the request is wrong, in a sentence; retrying is of no use."""


@dataclass(frozen=True)
class Remote:
    """The service at `url`; every method raises NoService and Refusal."""

    url: str
    token: str

    def __str__(self) -> str:
        return shown(self.url)

    def is_running(self) -> bool:
        """Whether anything listens there at all."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            with socket.create_connection((parts.hostname, port), timeout=5):
                return True
        except ConnectionRefusedError:
            return False
        except OSError as error:
            raise NoService(f"nothing answers at {self} ({error})") from None

    def is_triage(self) -> bool:
        """Whether what listens there answers as a triage service does."""
        try:
            return bool(json.loads(self.get(HEALTH, {})) == ALIVE)
        except (NoService, Refusal, ValueError):
            return False

    def get(self, path: str, parameters: Mapping[str, str]) -> str:
        """The text of the answer, which is JSON."""
        with self._answer(JSON, path, parameters) as answer:
            return answer.read().decode("utf-8")

    def post(self, path: str, body: Mapping[str, str | bool]) -> str:
        """Sends a JSON document; the text of the answer, which is another."""
        with self._answer(JSON, path, {}, body) as answer:
            return answer.read().decode("utf-8")

    def lines(self, path: str, parameters: Mapping[str, str]) -> Iterator[str]:
        """The answer's text as it comes, in pieces; it is CSV."""
        with self._answer(CSV, path, parameters) as answer:
            yield from answer.iter_text()

    @contextmanager
    def _answer(
        self, form: str, path: str, parameters: Mapping[str, str], body: Mapping[str, str | bool] | None = None
    ) -> Iterator[httpx.Response]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        host = urlsplit(self.url).hostname or ""
        through_proxy = not Address(host, 0).is_loopback  # a proxy's loopback is another machine's
        try:
            with (
                httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT, trust_env=through_proxy) as client,
                client.stream("GET" if body is None else "POST", path, params=dict(parameters), json=body) as answer,
            ):
                if answer.status_code != HTTPStatus.OK:
                    self._refuse(path, answer.status_code, answer.read())
                if not answer.headers.get("content-type", "").startswith(form):
                    raise NoService(f"what answers at {self} is no triage service (its answer is not {form})")
                yield answer
        except httpx.TimeoutException:
            raise NoService(f"{self} does not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoService(f"nothing answers at {self} ({error})") from None

    def _refuse(self, path: str, status: int, body: bytes) -> None:
        if status == HTTPStatus.UNAUTHORIZED:
            raise Refusal(f"{self} wants {'another' if self.token else 'a'} token: set TRIAGE_TOKEN to the service's")
        sentence = problem_sentence(body)
        if sentence is None or (status == HTTPStatus.NOT_FOUND and path != HEALTH and not self.is_triage()):
            raise NoService(f"what answers at {self} is no triage service (HTTP status {status})")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NoService(f"{self} cannot answer now: {sentence}")
        raise Refusal(sentence)


def problem_sentence(body: bytes) -> str | None:
    """What an RFC 9457 problem document says in one line; None if it is none."""
    try:
        problem = json.loads(body)
    except ValueError:
        return None
    if not isinstance(problem, dict) or "title" not in problem:
        return None
    return str(problem.get("detail") or problem["title"])
