"""What the command line says to whoever uses it wrongly, and what its help tells."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import pytest

from tests.integration.command import FREE_PORTS, TRIAGE, triage
from triage import cli
from triage.cli import COMMANDS, main
from triage.settings import table

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Said:
    status: int
    out: str
    err: str


Say = Callable[..., Said]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in this process, in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Said:
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return run


def test_help_names_every_command(tmp_path: Path) -> None:
    """With a sentence for each."""
    said = triage("--help", cwd=tmp_path)
    assert said.returncode == 0
    assert {line.split()[0] for line in said.stdout.splitlines() if line.startswith("    ")} >= set(COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["afected"], ["kpi", "--help"]], ids=" ".join)
def test_nothing_is_loaded_that_the_command_does_without(arguments: list[str]) -> None:
    """The engine above all, which takes a second: whoever mistypes is told at once."""
    program = "import sys, atexit\natexit.register(lambda: print(*sys.modules))\nfrom triage.cli import main\nmain()"
    said = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    loaded = set(said.stdout.splitlines()[-1].split())
    assert "triage.cli" in loaded
    assert not loaded & {"chdb", "clickhouse_connect", "pyarrow", "fastapi", "grpc", "plotly"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, say: Say, tmp_path: Path) -> None:
    """And does nothing else when asked for it."""
    said = say(name, "--help")
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"usage: triage {name}")
    assert not list(tmp_path.iterdir())


def test_the_help_of_up_is_made_from_the_table_of_settings(say: Say) -> None:
    """Every setting is there, with its variable; those that are secret are no options."""
    said = " ".join(say("up", "--help").out.split())
    for row in table():
        assert row.variable in said
        assert (f"{row.flag} " in said) == row.has_flag


def test_the_help_of_the_demo_names_what_it_takes_of_a_shop_s_settings(say: Say) -> None:
    """Slack above all, where real people read; and how much it logs without being told."""
    said = " ".join(say("demo", "--help").out.split())
    for name in ("webhook_url", "bot_token", "channel", "signing_secret", "api_url"):
        assert f"TRIAGE_SLACK_{name.upper()}" in said
    assert "[TRIAGE_LOG_LEVEL; default: warning]" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "triage: the following arguments are required: COMMAND (see triage --help)"),
        (("afected",), "triage: argument COMMAND: invalid choice: 'afected'"),
        (("affected", "--servce", "x"), "triage affected: '--servce' is unknown here (see triage affected --help)"),
        (("doctor", "now"), "triage doctor: 'now' is unknown here (see triage doctor --help)"),
        (("affected", "--from", "yesterday"), "triage affected: 'yesterday' is no time: write 2026-11-22T10:00:00Z"),
        (("affected", "--from", "1h", "--to", "2h"), "triage affected: the window is empty: it begins at"),
        (("affected", "--slower-than", "fast"), "triage affected: 'fast' is no number of milliseconds"),
        (
            ("affected", "--slower-than", "1e300"),
            "triage affected: '1e300' is too long: it may be at most 9,223,37",
        ),
        (("affected", "--limit", "-1"), "triage affected: --limit counts customers"),
        (("affected", "--limit", "5", "--format", "csv"), "triage affected: --limit is for a table or JSON: as CSV"),
        (("--data=x", "affected"), "triage affected: '--data=x' is unknown here (see triage affected --help)"),
        (("-x", "up"), "triage up: '-x' is unknown here (see triage up --help)"),
        (("affected", "--format", "xml"), "triage affected: argument --format: invalid choice: 'xml'"),
        (("affected", "--url", "ftp://x"), "triage affected: --url: is no address that starts with http"),
        (("up", "--web", "8080"), "triage up: --web: '8080' is no address: write HOST:PORT"),
        (
            ("up", "--web", "0.0.0.0:0"),
            "triage up: web: 0.0.0.0:0 can be reached from other machines, and there is no token",
        ),
        (("up", "--only", "cook"), "triage up: --only: 'cook' is none of collect, watch, web"),
        (("up", "--config", "absent.toml"), "triage up: absent.toml cannot be read: No such file or directory"),
        (("up", *FREE_PORTS, "--data", "/proc/triage"), "triage up: data: /proc/triage cannot be used"),
        (("up", "--clickhouse", "tcp://db"), "triage up: --clickhouse: is no ClickHouse address"),
        (("demo", "--scenario", "fire"), "triage demo: no scenario is called 'fire'; there are: calm, "),
        (("demo", "--for", "long"), "triage demo: --for: 'long' is no duration"),
        (("shop", "--rate", "0"), "triage shop: --rate must be more than 0"),
        (("shop", "--otlp", "nowhere"), "triage shop: 'nowhere' is no address of a collector"),
        (("shop", "--truth", "."), "triage shop: argument --truth: '.' is a directory: name a file"),
        (("shop", "--hooks", "http://a..b:4318"), "triage shop: 'http://a..b:4318' is no address of a collector"),
        (("postmortem", "INC-1", "-o", "/"), "triage postmortem: argument -o/--output: '/' is a directory"),
        (("doctor", "--url", ""), "triage doctor: url is empty: name the service, such as http://127.0.0.1:8080"),
        (("schema", "drop"), "triage schema: argument action: invalid choice: 'drop'"),
    ],
)
def test_wrong_usage_gets_one_sentence(arguments: tuple[str, ...], sentence: str, say: Say) -> None:
    """Exit status 2, one line that says what is wrong, no traceback, nothing on standard output."""
    said = say(*arguments)
    assert said.err.startswith(sentence)
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def test_an_unknown_variable_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    """For every command that takes settings."""
    said = triage("up", cwd=tmp_path, env={"TRIAGE_CUSTOMER_KEY": "shopper"})
    assert said.returncode == 2
    assert (
        said.stderr == "triage up: TRIAGE_CUSTOMER_KEY: there is no such setting; the nearest is TRIAGE_CUSTOMER_KEYS\n"
    )


@pytest.mark.parametrize("name", ["web", "otlp-http", "otlp-grpc"])
def test_a_port_in_use_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    """It names the setting and the address."""
    others = {"web", "otlp-http", "otlp-grpc"} - {name}
    free = [part for other in others for part in (f"--{other}", "127.0.0.1:0")]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = triage("up", *free, f"--{name}", address, cwd=tmp_path)
    assert said.stderr.splitlines()[-1].startswith(
        f"triage up: {name.replace('-', '_')}: cannot listen on {address}: another program listens there already"
    )
    assert said.returncode == 2


def test_with_nothing_running_and_no_data_a_question_says_how_to_go_on(say: Say) -> None:
    """Exit status 3."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    said = say("affected", "--url", url)
    assert (said.status, said.out) == (3, "")
    assert said.err == (
        f"triage affected: nothing answers at {url}, and there is no data in triage-data:"
        " start it with `triage up`, or name it with --url or TRIAGE_URL\n"
    )


@pytest.fixture(scope="module")
def stranger() -> Iterator[str]:
    """The address of a server that is no triage service, and answers in the form that a path begins with."""
    forms = {
        "json": (200, "application/json", b"hello\n"),
        "html": (200, "text/html", b"hello\n"),
        "problem": (404, "application/problem+json", b'{"title": "Not Found", "status": 404}'),
    }

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, form, body = forms[self.path.split("/")[1]]
            self.send_response(status)
            self.send_header("content-type", form)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://me:s3cr3t@127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("form", ["html", "json", "problem"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("affected",),
        ("affected", "--format", "csv"),
        ("incidents",),
        ("incidents", "compensate", "INC-1", "--format", "csv"),
        ("postmortem", "INC-1"),
        ("slack", "preview", "INC-1"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_what_is_no_triage_service_is_told_so(arguments: tuple[str, ...], form: str, stranger: str, say: Say) -> None:
    """Exit status 3, nothing of its answer printed as ours, and no password."""
    said = say(*arguments, "--url", f"{stranger}/{form}")
    assert (said.status, said.out) == (3, "")
    assert said.err.startswith(f"triage {arguments[0]}: what answers at http://127.0.0.1:")
    assert "is no triage service" in said.err
    assert "s3cr3t" not in said.err


def test_ctrl_c_is_no_accident_while_a_command_is_loaded(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes seconds: it ends as it does later."""

    def interrupted(_: str) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    assert say("affected") == Said(130, "", "")


def test_what_is_no_terminal_gets_utf_8(tmp_path: Path) -> None:
    """Whatever the locale: a file of customers keeps their names."""
    Path(tmp_path, "é.csv").write_text("timestamp,value,naïve\n2026-01-01,1,→\n", "utf-8")
    said = triage("kpi", "score", "é.csv", cwd=tmp_path, env={"PYTHONIOENCODING": "latin-1"})
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines()[0] == "timestamp,value,naïve,score"
    assert "→" in said.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_answer_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Exit status 2: 1 would be an answer."""
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [*TRIAGE, "runbook", "show"], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (said.returncode, said.stderr) == (
        2,
        "triage runbook: cannot go on: [Errno 28] No space left on device\n",
    )


@pytest.mark.parametrize("stream", [1, 2])
def test_a_closed_stream_is_written_nothing(stream: int, tmp_path: Path) -> None:
    """Whoever closes it wants nothing from it: the exit status is the answer."""
    said = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {stream}>&-', "sh", *TRIAGE, "runbook", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_a_directory_that_is_gone_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Whoever starts the service there is told what to name."""
    gone = tmp_path / "gone"
    gone.mkdir()
    said = subprocess.run(
        ["/bin/sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *TRIAGE, "up", *FREE_PORTS],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 2
    assert said.stderr == "triage up: data: triage-data lies in a directory that is gone: name one from the root\n"


def test_a_password_in_the_service_s_address_is_not_shown(say: Say) -> None:
    """Nor where nothing answers there."""
    said = say("affected", "--url", "http://me:s3cr3t@127.0.0.1:1")
    assert said.status == 3
    assert said.err.startswith("triage affected: nothing answers at http://127.0.0.1:1, and there is no data")


def test_a_server_that_cannot_be_reached_is_told_in_a_sentence(tmp_path: Path) -> None:
    """Exit status 3, and its password is not shown."""
    said = triage("schema", "apply", "--clickhouse", "http://me:s3cr3t@127.0.0.1:1", cwd=tmp_path)
    assert said.returncode == 3
    (line,) = said.stderr.splitlines()
    assert line.startswith("triage schema: the store http://127.0.0.1:1 cannot be ")
    assert "s3cr3t" not in said.stderr
    assert "Traceback" not in said.stderr
