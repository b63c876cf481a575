import pytest

from alpha_oracle.adapters.embedded.log_file import MAX_BYTES, LogFile


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


def test_a_log_grown_large_is_set_aside_at_a_start(log):
    log.path.write_bytes(b"x" * (MAX_BYTES + 1))
    log.begin()
    assert not log.path.exists()
    assert log.path.with_name("postgres.log.1").stat().st_size == MAX_BYTES + 1
