"""The command line as its users run it: a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FREE_PORTS = ("--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--web", "127.0.0.1:0")
TRIAGE = (sys.executable, "-m", "triage")
START_S = 120


def triage(
    *arguments: str, cwd: Path, env: dict[str, str] | None = None, timeout_s: float = 180
) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [*TRIAGE, *arguments],
        cwd=cwd,
        env=_environment(env),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@dataclass
class Up:
    """A service that runs, and what it said of its addresses."""

    process: subprocess.Popen[str]
    said: str

    @property
    def url(self) -> str:
        return self._said(r"pages +(http://\S+)/")

    @property
    def otlp_http(self) -> str:
        return self._said(r"OTLP/HTTP +(http://\S+)")

    @property
    def probes(self) -> str:
        return self._said(r"probes +(http://\S+)/metrics")

    def _said(self, pattern: str) -> str:
        match = re.search(pattern, self.said)
        assert match, self.said
        return match[1]

    def stop(self) -> int:
        """Asks it to stop, and says how it ended."""
        self.process.terminate()
        return self.process.wait(START_S)


@contextmanager
def up(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Iterator[Up]:
    """`triage up` on free ports, once it is ready; ended if the test has not."""
    with (cwd / "up.log").open("w") as log:
        process = subprocess.Popen(
            [*TRIAGE, "up", *FREE_PORTS, *arguments],
            cwd=cwd,
            env=_environment(env),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield Up(process, _ready(process, cwd / "up.log"))
        finally:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()


def _ready(process: subprocess.Popen[str], log: Path) -> str:
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if line.lstrip().startswith("data "):
            return said
    raise AssertionError(f"it did not start: {said}{log.read_text()}")


def _environment(env: dict[str, str] | None) -> dict[str, str]:
    """The environment without settings of whoever runs the tests."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("TRIAGE_")}
    return ours | {"PYTHONFAULTHANDLER": "1"} | (env or {})
