"""The machine that a benchmark ran on, and the versions of what was measured."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from queries.store import Store


def machine(store: Store) -> dict[str, str]:
    """Each property with its value as text."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": str(cores),
        "memory": f"{memory / 2**30:.1f} GiB",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "engine": str(store.select("SELECT version() AS version")["version"][0]),
        "chdb": version("chdb"),
        "clickhouse-connect": version("clickhouse-connect"),
    }


def busy(properties: dict[str, str]) -> str:
    """A warning if others use the machine; "" if not."""
    if float(properties["load before"]) <= float(properties["cores"]) / 2:
        return ""
    return f"The machine was busy before it began (load {properties['load before']}): figures by the clock mean little."


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
