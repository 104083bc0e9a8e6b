"""A shop's history, lived once; processes forked from there let it break, each in another way."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypedDict, cast

from tests.bench.staged import SPANS_EACH
from triage.demo.model import Shop
from triage.demo.post import Post
from triage.demo.scenarios import scenario_named
from triage.demo.stream import posts
from triage.demo.truth import Truth

NEVER = "9999-01-01T00:00:00Z"
NOTICE_S = 90
"""What is told of a change is planned so long before it."""


class Told(TypedDict, total=False):
    """Of a customer, as the truth tells."""

    customer: str
    first: str


class Story:
    """A calm shop from its opening on. Until `breaks` is called, all processes forked from here live the same day."""

    def __init__(self, seed: int, opens_s: float, ends_s: float, rate: float, faults: int = 2) -> None:
        self._shop = Shop("calm", seed, rate)
        self._faults = [self._shop.fault() for _ in range(faults)]
        self._truths = [Truth(self._shop, fault) for fault in self._faults]
        self._posts = posts(self._shop, opens_s, ends_s, *self._faults, heard=self._truths, spans_each=SPANS_EACH)

    def history(self, until_s: float) -> Iterator[Post]:
        """What is sent until shortly before that time: so that what begins then has not been told yet."""
        for post in self._posts:
            yield post
            if post.at_ns >= (until_s - NOTICE_S) * 1e9:
                return

    def breaks(self, scenarios: Sequence[str], begins_s: Sequence[float]) -> Iterator[Post]:
        """What is sent from there to the end, each scenario being on from its time on, and at the end still."""
        for name, second, fault in zip(scenarios, begins_s, self._faults, strict=False):
            fault.scenario = scenario_named(name)
            fault.begin(second)
        return self._posts

    def truths(self) -> list[Happened]:
        """What each fault did, once all was sent."""
        return [Happened(json.loads(truth.to_json())) for truth in self._truths]


class Happened:
    """The truth about a fault."""

    def __init__(self, truth: dict[str, object]) -> None:
        told = cast(list[Told], truth["customers"])
        self.customers = {each["customer"] for each in told}
        firsts = [each["first"] for each in told if each.get("first")] or [str(truth["start"] or NEVER)]
        self.first = min(map(datetime.fromisoformat, firsts))
        """When the first request failed (or was slow), or the first row was wrong; else when the fault began."""


def copied(engine: Path, to: Path) -> None:
    """Copies an engine's directory that nobody has open. The data of parts never changes and is shared."""
    shutil.copytree(engine, to, symlinks=True, copy_function=_shared)


def _shared(source: str, target: str) -> None:
    if source.endswith(".bin"):
        os.link(source, target)
    else:
        shutil.copyfile(source, target)
