"""Programs that others wrote in Go, built from the module proxy."""

import json
import os
import shutil
import subprocess
from pathlib import Path

ALERTMANAGER = "github.com/prometheus/alertmanager@v0.35.0"
BUILT_WITHIN_S = 1200


def program(directory: Path) -> Path:
    """The program whose go.mod this directory has."""
    built = directory.resolve() / "target" / directory.name
    _go("build", "-o", str(built), ".", cwd=directory)
    return built


def alertmanager(directory: Path) -> Path:
    """Alertmanager, built in this directory. Its pages, which only a release has, are left empty."""
    downloaded = json.loads(_go("mod", "download", "-json", ALERTMANAGER, cwd=directory))
    source = directory / "source"
    shutil.copytree(downloaded["Dir"], source, copy_function=shutil.copyfile)
    for path in (source, *source.rglob("*/")):
        path.chmod(0o755)  # what the module cache holds is read-only
    pages = source / "ui" / "app" / "dist"
    pages.mkdir()
    (pages / "index.html").touch()
    _go("build", "-o", str(directory / "alertmanager"), "./cmd/alertmanager", cwd=source)
    return directory / "alertmanager"


def _go(*arguments: str, cwd: Path) -> str:
    env = os.environ | {"GOFLAGS": "-buildvcs=false", "GOWORK": "off"}
    done = subprocess.run(
        ["go", *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=BUILT_WITHIN_S, check=False
    )
    assert done.returncode == 0, f"go {arguments[0]} failed: {done.stderr}{done.stdout}"
    return done.stdout
