"""Back-tests the KPI detector: scores each row of a series, from the rows before it alone.

Prints the rows as CSV with a column `score`, 0 (usual) to 1. FILE may be - for standard input.

  triage kpi score orders.csv
  triage kpi score orders.csv --time minute --value conversion --direction down
"""

import csv
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from triage.commands.status import Failure, Status
from triage.kpi.scoring import scores
from triage.kpi.scoring.series import Series, SeriesError, read_series
from triage.terminal import printable


def add_options(parser: ArgumentParser) -> None:
    """What to do, the file and its columns."""
    parser.add_argument("action", choices=("score",), help="scores a series")
    parser.add_argument("file", metavar="FILE.csv", help="a CSV file, or - for standard input")
    parser.add_argument("--time", metavar="COL", default="timestamp", help="the column of times (default: timestamp)")
    parser.add_argument("--value", metavar="COL", default="value", help="the column of values (default: value)")
    parser.add_argument(
        "--direction", choices=("both", "up", "down"), default="both", help="which moves count (default: both)"
    )


def run(options: Namespace) -> Status:
    """Prints the rows with their scores."""
    series = _read(options)
    if "score" in series.header:
        raise Failure(Status.WRONG, f"{options.file} has a column 'score' already: rename it")
    for remark in series.remarks:
        print(printable(f"{options.file}: {remark}"), file=sys.stderr)
    found = scores(series.times, series.values, options.direction)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([*series.header, "score"])
    out.writerows([*row, f"{score:.6f}"] for row, score in zip(series.rows, found, strict=True))
    return Status.DONE


def _read(options: Namespace) -> Series:
    try:
        if options.file == "-":
            return read_series(sys.stdin, "standard input", options.time, options.value)
        with Path(options.file).open(encoding="utf-8-sig", newline="") as lines:
            return read_series(lines, options.file, options.time, options.value)
    except SeriesError as error:
        raise Failure(Status.WRONG, printable(str(error))) from None
    except UnicodeDecodeError:
        raise Failure(Status.WRONG, f"{options.file} is no text in UTF-8") from None
    except OSError as error:
        raise Failure(Status.WRONG, f"{options.file} can't be read: {error.strerror}") from None
