"""Runs the benchmarks that are named, or all, and prints each figure beside what it must be."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench import ask, calm, detect, e2e, fresh, kpi, load, million, pages, passes, small
from tests.bench.engine import opened
from tests.bench.figures import Figure, as_json, crossed, missed, table
from tests.bench.machine import busy, machine
from tests.bench.scale import QUICK, Scale

LEAST_SPANS = 100_000

Benchmark = Callable[[Scale, Path], Iterator[Figure]]

BENCHMARKS: dict[str, Benchmark] = {
    "load": load.run,
    "e2e": e2e.run,
    "small": small.run,
    "ask": ask.run,
    "fresh": fresh.run,
    "kpi": kpi.run,
    "pages": pages.run,
    "million": million.run,
    "detect": detect.run,
    "calm": calm.run,
    "passes": passes.run,
}


def main() -> int:
    """0 if every figure is what it must be, else 1."""
    options = _options()
    scale = QUICK if options.quick else Scale()
    if options.spans:
        scale = replace(scale, spans=options.spans, window_spans=min(scale.window_spans, options.spans // 10))
    scale = replace(
        scale,
        detect_seeds=options.seeds or scale.detect_seeds,
        kept=options.kept,
        calm_seeds=options.seeds or scale.calm_seeds,
        calm_days=options.days or scale.calm_days,
        passes=options.passes or scale.passes,
    )
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix="bench-") as directory:
        scratch = Path(directory)
        with opened(scratch / "empty", handles=1) as store:
            properties = machine(store)
        _tell("; ".join(f"{name} {value}" for name, value in properties.items()))
        if warning := busy(properties):
            _tell(warning)
        figures = []
        for name in options.benchmarks or BENCHMARKS:
            for measured in BENCHMARKS[name](scale, scratch):
                figure = replace(measured, target=None) if options.quick else measured
                _tell(str(figure))
                figures.append(figure)
    if options.quick:
        _tell("These sizes only show that all works: the figures say nothing.")
    lines = (
        [as_json(figures, properties)]
        if options.json
        else [*map(": ".join, properties.items()), "", *table(figures), *crossed(figures, "detect")]
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(missed(figures)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("benchmarks", nargs="*", type=_benchmark, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that all works, in a minute or two")
    parser.add_argument(
        "--spans", type=_spans, metavar="N", help="spans that `ask` and `pages` ask among (default: 10_000_000)"
    )
    parser.add_argument(
        "--seeds", type=_seeds, metavar="N-M", help="seeds that `detect` (default: 1-20) and `calm` (1-3) play"
    )
    parser.add_argument("--passes", type=int, metavar="N", help="passes that `passes` makes (default: 8640, a day's)")
    parser.add_argument("--days", type=int, metavar="N", help="days that `calm` lasts (default: 7)")
    parser.add_argument(
        "--kept",
        type=Path,
        metavar="FILE",
        help="where `detect` keeps what it found, and beside it `calm` its weeks; they go on where they were stopped",
    )
    parser.add_argument(
        "--scratch", type=_directory, metavar="DIR", help="where to put the tables (default: the system's)"
    )
    return parser.parse_args()


def _benchmark(name: str) -> str:
    if name not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    return name


def _spans(text: str) -> int:
    try:
        spans = int(text)  # 100_000_000 is a number too
    except ValueError:
        spans = 0
    if spans < LEAST_SPANS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of spans from {LEAST_SPANS:,} up")
    return spans


def _seeds(text: str) -> Sequence[int]:
    first, _, last = text.partition("-")
    try:
        seeds = range(int(first), int(last or first) + 1)
    except ValueError:
        seeds = range(0)
    if not seeds:
        raise argparse.ArgumentTypeError(f"{text!r} are no seeds: write 3, or 1-5")
    return seeds


def _directory(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is no directory")
    return Path(text)


def _tell(*lines: str) -> None:
    """Progress goes to standard error."""
    for line in lines:
        sys.stderr.write(line.rstrip() + "\n")


if __name__ == "__main__":
    sys.exit(main())
