"""What tests need from Maven, as a pom.xml names it."""

import fcntl
import subprocess
from pathlib import Path

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def classpath(directory: Path) -> str:
    """What `java -cp` takes to have all that the directory's pom.xml names. Fetched once."""
    pom, target = directory / "pom.xml", directory.resolve() / "target"
    target.mkdir(exist_ok=True)
    with pom.open() as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        fetched, found = target / "pom.xml", target / "classpath"
        if not fetched.exists() or fetched.read_bytes() != pom.read_bytes():
            command = ["mvn", "--quiet", "--batch-mode", f"{PLUGIN}:build-classpath", f"-Dmdep.outputFile={found}"]
            done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=600, check=False)
            assert done.returncode == 0, f"mvn failed: {done.stdout}{done.stderr}"
            fetched.write_bytes(pom.read_bytes())
    return found.read_text().strip()
