"""ClickHouse's HTTP interface in front of the embedded engine, in a process of its own.

    python tests/clickhouse_http.py DIRECTORY [--port PORT] [--password PASSWORD] [--config FILE]

Prints its port once it answers. It speaks what clients use: the statement in the URL, the body or a form;
`param_*`, `database` and settings in the URL; the data of an `INSERT … FORMAT` in the body; errors by
`X-ClickHouse-Exception-Code`; sessions, with their temporary tables. Answers are never compressed.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import chdb

TRANSPORT = {  # what the interface itself consumes; all else in the URL is a setting
    "query", "database", "default_format", "user", "password", "session_id", "session_timeout", "session_check",
    "query_id", "quota_key", "compress", "decompress", "wait_end_of_query", "buffer_size", "client_protocol_version",
    "role", "enable_http_compression", "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "cancel_http_readonly_queries_on_client_close",
}  # fmt: skip
INSERT = re.compile(
    rb"\s*INSERT\s+INTO\s+(?P<target>[\w.`]+(?:\s*\([^()]*\))?)\s+FORMAT\s+(?P<format>\w+)[ \t]*\n?", re.IGNORECASE
)
FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
ANSWERS = re.compile(rb"\s*(--[^\n]*\n\s*)*\(*\s*(SELECT|WITH|SHOW|DESCRIBE|EXISTS|EXPLAIN|CHECK)\b", re.IGNORECASE)
STATUS = {  # ClickHouse, src/Server/HTTP/exceptionCodeToHTTPStatus.cpp
    47: HTTPStatus.NOT_FOUND,
    60: HTTPStatus.NOT_FOUND,
    81: HTTPStatus.NOT_FOUND,
    62: HTTPStatus.BAD_REQUEST,
    53: HTTPStatus.BAD_REQUEST,
    457: HTTPStatus.BAD_REQUEST,
    159: HTTPStatus.REQUEST_TIMEOUT,
    516: HTTPStatus.FORBIDDEN,
    202: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True)
class Asked:
    """One request: its statement (with an insert's data behind it) and what the URL or form says besides."""

    statement: bytes
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, str]:
        return {name.removeprefix("param_"): value for name, value in self.fields.items() if name.startswith("param_")}

    @property
    def settings(self) -> dict[str, str]:
        return {n: v for n, v in self.fields.items() if n not in TRANSPORT and not n.startswith("param_")}


@dataclass(frozen=True)
class Answer:
    body: bytes
    format: str | None
    rows: int = 0


class Session:
    """A handle and the settings that its last request had: temporary tables live as long as it does."""

    def __init__(self, directory: str) -> None:
        self.handle = chdb.connect(directory)  # type: ignore[no-untyped-call]  # it has no types
        self.busy = threading.Lock()
        self._settings: Mapping[str, str] = {}

    def run(self, asked: Asked) -> Answer:
        for name in self._settings.keys() - asked.settings.keys():
            self.handle.query(f"SET {name} = DEFAULT")
        self._settings = asked.settings
        for name, value in asked.settings.items():
            self.handle.query(f"SET {name} = {quoted(value)}")
        if database := asked.fields.get("database"):
            self.handle.query(f"USE `{database}`")
        if insert := INSERT.match(asked.statement):
            return load(self.handle, insert, asked)
        default = asked.fields.get("default_format", "TabSeparated")
        result = self.handle.query(asked.statement.decode(), default, params=asked.parameters)
        return Answer(result.bytes() or b"", answer_format(asked.statement, default), result.rows_read())


class Engine:
    """The embedded engine. A request that names no session has one of its own."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._sessions: dict[str, Session] = {"": Session(directory)}  # keeps the engine open

    def run(self, asked: Asked) -> Answer:
        if not (name := asked.fields.get("session_id")):
            session = Session(self.directory)
            try:
                return session.run(asked)
            finally:
                session.handle.close()
        session = self._sessions.get(name) or self._sessions.setdefault(name, Session(self.directory))
        if not session.busy.acquire(blocking=False):
            raise RuntimeError(
                "Code: 373. DB::Exception: Session is locked by a concurrent client. (SESSION_IS_LOCKED)"
            )
        try:
            return session.run(asked)
        finally:
            session.busy.release()


def load(handle: chdb.Connection, insert: re.Match[bytes], asked: Asked) -> Answer:
    """An insert's data goes through a file: a statement of the embedded engine carries none."""
    with tempfile.NamedTemporaryFile(suffix=".data") as data:
        data.write(asked.statement[insert.end() :])
        data.flush()
        target, fmt = insert["target"].decode(), insert["format"].decode()
        result = handle.query(f"INSERT INTO {target} FROM INFILE {quoted(data.name)} FORMAT {fmt}")
        return Answer(b"", None, result.rows_read())


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def answer_format(statement: bytes, default: str) -> str | None:
    """The format of the answer, None for a statement that answers nothing."""
    if named := FORMAT.search(statement):
        return named[1].decode()
    return default if ANSWERS.match(statement) else None


def form(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a multipart form, which clients use where parameters are too long for a URL."""
    parts = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body).get_payload()
    fields = {}
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, Message):
            name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(payload, bytes):
                fields[name] = payload.decode()
    return fields


class Interface(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine
    password: str

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self.reply(HTTPStatus.OK, b"Ok.\n")
        else:
            self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        asked = self.asked()
        if not self.admitted():
            self.fail(516, "default: Authentication failed: password is incorrect. (AUTHENTICATION_FAILED)")
            return
        try:
            answer = self.engine.run(asked)
        except (chdb.ChdbError, RuntimeError) as error:
            message = str(error)
            code = re.search(r"Code: (\d+)", message)
            self.fail(int(code[1]) if code else 1001, message.partition("DB::Exception: ")[2] or message)
            return
        headers = {"X-ClickHouse-Summary": json.dumps({"read_rows": str(answer.rows)})}
        if answer.format:
            headers["X-ClickHouse-Format"] = answer.format
        self.reply(HTTPStatus.OK, answer.body, headers)

    def asked(self) -> Asked:
        fields = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) if self.command == "POST" else b""
        content_type = self.headers.get("Content-Type", "")
        if content_type.startswith("multipart/form-data"):
            fields |= form(content_type, body)
            body = b""
        parts = [part for part in (fields.get("query", "").encode(), body) if part]
        return Asked(b"\n".join(parts), fields)

    def admitted(self) -> bool:
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        given = base64.b64decode(credentials).decode().partition(":")[2] if scheme == "Basic" else ""
        return given == self.password

    def fail(self, code: int, message: str) -> None:
        body = f"Code: {code}. DB::Exception: {message}\n".encode()
        status = STATUS.get(code, HTTPStatus.INTERNAL_SERVER_ERROR)
        self.reply(status, body, {"X-ClickHouse-Exception-Code": str(code)})

    def reply(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        always = {"X-ClickHouse-Timezone": "UTC", "Content-Length": str(len(body))}
        for name, value in {**always, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: the tests say what went wrong."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--password", default="")
    parser.add_argument("--config", default="", help="a server's configuration, such as the clusters that it knows")
    options = parser.parse_args()
    config = f"?config-file={options.config}" if options.config else ""
    Interface.engine = Engine(options.directory + config)
    Interface.password = options.password
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Interface)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
