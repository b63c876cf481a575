import select
import subprocess

import pytest

from alpha_oracle.adapters.embedded.log_file import LogFile


@pytest.fixture
def log(tmp_path):
    return LogFile(tmp_path / "postgres.log")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("could not write: No space left on device", "free space on the disk of"),
        ("mkdir: Read-only file system", "make the disk of"),
        ("open: Permission denied", "belong to the user who starts it"),
        ("database files are incompatible with server", "another version's"),
        ("PANIC: could not locate a valid checkpoint", "restore it from a backup"),
    ],
    ids=["disk full", "read-only", "permission", "version", "damaged"],
)
def test_the_end_of_the_log_comes_with_advice_on_one_line(log, tmp_path, said, advice):
    log.begin()
    log.path.write_text(f"first\n\n{said}\n")
    told = log.explanation(tmp_path / "postgres")
    assert said in told
    assert advice in told
    assert str(log.path) in told
    assert "\n" not in told


def test_a_server_that_ends_without_a_word_is_told_too(log, tmp_path):
    log.path.touch()
    log.begin()
    assert "it said nothing" in log.explanation(tmp_path)


def test_only_what_this_start_said_is_told(log, tmp_path):
    log.path.write_text("No space left on device\n")
    log.begin()
    with log.path.open("a") as file:
        file.write("something else\n")
    told = log.explanation(tmp_path)
    assert "something else" in told
    assert "No space" not in told


def test_what_several_writers_say_is_in_the_file_once_they_are_gone(log):
    with log.opened() as fd:
        writers = [
            subprocess.Popen(["/bin/sh", "-c", f"seq 1000 | sed s/^/{name}/"], stdout=fd)
            for name in ("a", "b")
        ]
        for writer in writers:
            writer.wait()
        assert not select.select([log._told], [], [], 0)[0]
    assert log.await_last_words()
    lines = log.path.read_text().split()
    assert sorted(lines) == sorted(f"{name}{n}" for name in ("a", "b") for n in range(1, 1001))


def test_a_shorter_log_than_at_the_start_is_told_whole(log, tmp_path):
    log.path.write_text("x" * 1000)
    log.begin()
    log.path.write_text("the disk broke\n")
    assert "the disk broke" in log.explanation(tmp_path)
