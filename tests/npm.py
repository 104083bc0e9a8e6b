"""What tests need from npm, installed as package-lock.json has it."""

import fcntl
import subprocess
from pathlib import Path


def packages(directory: Path) -> Path:
    """`node_modules` of a directory with a lock file. Installed once, whichever of the tests' processes comes first."""
    lock, modules = directory / "package-lock.json", directory / "node_modules"
    modules.mkdir(exist_ok=True)
    with lock.open() as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        installed = modules / ".installed"
        if not installed.exists() or installed.read_bytes() != lock.read_bytes():
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
            assert done.returncode == 0, f"npm ci failed: {done.stderr}"
            installed.write_bytes(lock.read_bytes())
    return modules
