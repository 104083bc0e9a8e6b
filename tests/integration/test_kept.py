"""Loaded segments are kept for a while, and never in the way."""

import os
import time
from pathlib import Path

import pytest

from collectors.disk import Disk
from collectors.kept import HEADROOM, Kept, read_kept
from collectors.kinds import Kind
from collectors.segment import Segment, new_name

pytestmark = pytest.mark.integration

BODY = (b"\x63" + b"x" * 99) * 10  # ten records of 99 bytes


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path, 0, 0.0)


def loaded(directory: Path, count: int, age_s: float = 0) -> list[Segment]:
    """Segments that are loaded; each is a second older than the next."""
    segments = []
    for n in range(count):
        began = time.time() - age_s - count + n
        name = new_name(Kind.TRACES, int(began * 1e9))
        path = directory / f"{name}.sealed"
        path.write_bytes(BODY)
        os.utime(path, (began, began))
        segments.append(Segment(name, path, 1000))
    return segments


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_segment_is_compressed_when_there_is_time(tmp_path: Path, disk: Disk) -> None:
    kept = Kept(tmp_path / "kept", disk)
    (one,) = loaded(tmp_path, 1)
    kept.keep(one)
    assert (kept.bytes, names(tmp_path / "kept")) == (1000, [f"{one.name}.sealed"])
    assert kept.compress_one()
    assert not kept.compress_one()
    (path,) = (tmp_path / "kept").iterdir()
    assert (path.name, read_kept(path)) == (f"{one.name}.zst", BODY)
    assert kept.bytes == path.stat().st_size < 100


def test_a_new_process_goes_on_with_what_was_kept(tmp_path: Path, disk: Disk) -> None:
    kept = Kept(tmp_path / "kept", disk)
    first, second = loaded(tmp_path, 2)
    kept.keep(first)
    kept.compress_one()
    kept.keep(second)
    (tmp_path / "kept" / f"{first.name}.sealed").write_bytes(BODY)  # killed before it was removed
    (tmp_path / "kept" / f"{second.name}.tmp").write_bytes(b"half")
    again = Kept(tmp_path / "kept", disk)
    assert again.bytes == kept.bytes
    assert names(tmp_path / "kept") == [f"{first.name}.zst", f"{second.name}.sealed"]
    assert again.compress_one()
    assert not again.compress_one()


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path, disk: Disk) -> None:
    kept = Kept(tmp_path / "kept", disk, keep_bytes=3500)
    segments = loaded(tmp_path, 5)
    for one in segments:
        kept.keep(one)
    kept.trim()
    assert names(tmp_path / "kept") == [f"{one.name}.sealed" for one in segments[2:]]
    assert kept.bytes == 3000


def test_those_that_are_too_old_go(tmp_path: Path, disk: Disk) -> None:
    kept = Kept(tmp_path / "kept", disk, keep_s=100)
    old, young = loaded(tmp_path, 3, age_s=200), loaded(tmp_path, 2)
    for one in old + young:
        kept.keep(one)
    kept.trim()
    assert names(tmp_path / "kept") == [f"{one.name}.sealed" for one in young]


def test_they_go_before_the_disk_is_too_full_to_take_records(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tmp_path / "kept", disk)
    segments = loaded(tmp_path, 5)
    for one in segments:
        kept.keep(one)
    monkeypatch.setattr(Disk, "room", HEADROOM - 2000)
    kept.trim()
    assert names(tmp_path / "kept") == [f"{one.name}.sealed" for one in segments[2:]]


def test_with_nothing_to_be_kept_a_segment_is_removed(tmp_path: Path, disk: Disk) -> None:
    kept = Kept(tmp_path / "kept", disk, keep_s=0)
    (one,) = loaded(tmp_path, 1)
    kept.keep(one)
    assert not one.path.exists()
    assert kept.bytes == 0
