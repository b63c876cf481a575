import os
import signal
import subprocess
import sys
from threading import Thread

import pytest

from alpha_oracle.adapters.embedded.log_file import KEEPER
from alpha_oracle.adapters.embedded.log_keeper import Keeper, keep

LINES = [f"line {number}\n".encode() for number in range(2_000)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "worker.log"


def files(path):
    """The log's files, oldest first."""
    numbered = path.parent.glob("worker.log.*")
    return [*sorted(numbered, key=lambda one: -int(one.suffix[1:])), path]


def test_every_line_is_kept_whole_across_files(path):
    keeper = Keeper(path, max_bytes=1_000, kept=100)
    whole = b"".join(LINES[:500])
    for start in range(0, len(whole), 7):
        keeper.write(whole[start : start + 7])
    keeper.close()
    parts = [one.read_bytes() for one in files(path)]
    assert b"".join(parts) == whole
    assert len(parts) > 4
    assert all(part.endswith(b"\n") for part in parts)
    assert all(len(part) <= 1_020 for part in parts)


def test_full_files_are_bounded_in_number_and_the_newest_lines_stay(path):
    keeper = Keeper(path, max_bytes=1_000, kept=3)
    for line in LINES:
        keeper.write(line)
    keeper.close()
    assert [one.name for one in files(path)] == [
        *("worker.log.3", "worker.log.2", "worker.log.1", "worker.log"),
    ]
    kept = b"".join(one.read_bytes() for one in files(path))
    assert b"".join(LINES).endswith(kept)
    assert 3_000 < len(kept) <= 4_000


def test_a_line_without_an_end_does_not_fill_the_disk(path):
    keeper = Keeper(path, max_bytes=1_000, kept=2)
    for _ in range(100):
        keeper.write(b"x" * 100)
    keeper.close()
    assert sum(one.stat().st_size for one in files(path)) <= 3 * 2_000


def test_a_log_that_somebody_removes_is_begun_anew(path):
    keeper = Keeper(path)
    keeper.write(b"before\n")
    path.unlink()
    keeper.write(b"after\n")
    keeper.close()
    assert path.read_bytes() == b"after\n"


def test_what_a_full_disk_takes_is_told_by_its_size(small_disk):
    full = small_disk / "worker.log"
    keeper = Keeper(full)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 900_000)
    keeper.write(b"y" * 500_000)
    filler.unlink()
    keeper.write(b"again\n")
    keeper.close()
    assert full.read_bytes().endswith(b"[500000 bytes could not be written]\nagain\n")


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_it_ends_with_its_last_writer_and_not_before(path):
    source, sink = os.pipe()
    second = os.dup(sink)
    reading = Thread(target=keep, args=(source, Keeper(path)))
    reading.start()
    os.write(sink, b"first\n")
    os.close(sink)
    os.write(second, b"second\n")
    assert reading.is_alive()
    os.close(second)
    reading.join(120.0)
    assert not reading.is_alive()
    assert path.read_bytes() == b"first\nsecond\n"


def test_as_a_program_it_outlives_what_ends_its_writers(path):
    command = [sys.executable, "-I", "-S", str(KEEPER), str(path)]
    program = subprocess.Popen(command, stdin=subprocess.PIPE)
    program.stdin.write(b"before\n")
    program.stdin.flush()
    while not path.exists():
        assert program.poll() is None
    for wish in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        program.send_signal(wish)
    program.stdin.write(b"last words\n")
    program.stdin.close()
    assert program.wait(120.0) == 0
    assert path.read_bytes() == b"before\nlast words\n"
