"""What is told of a part that is down."""

import json
from datetime import UTC, datetime

import pytest

from alpha_oracle.bootstrap.children import ChildBoard, ChildReport, ChildState, board_path, reports
from alpha_oracle.bootstrap.component_states import last_log_line

SINCE = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
EVENT = {"event": "process_cannot_run", "error": "the port is taken", "level": "error"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("first\nlast\n", "last"),
        ("last, cut off", "last, cut off"),
        ("words\n\n\n", "words"),
        (f"words\n{json.dumps(EVENT)}\n", "process_cannot_run: the port is taken"),
        ('{"half\n', '{"half'),
        ("", None),
        ("x" * 40_000 + "\nlast\n", "last"),
    ],
    ids=["line", "no end", "blank lines", "event", "half an event", "empty", "long"],
)
def test_the_last_line_of_a_log_is_told_as_a_person_reads_it(tmp_path, text, told):
    path = tmp_path / "worker.log"
    path.write_text(text)
    assert last_log_line(path) == told


def test_a_log_that_is_not_there_has_no_last_line(tmp_path):
    assert last_log_line(tmp_path / "worker.log") is None


def test_what_is_noted_of_processes_is_read_as_it_was_written(home):
    (home / "run").mkdir()
    board = ChildBoard(home)
    worker = ChildReport(
        name="worker",
        state=ChildState.CRASH_LOOP,
        since=SINCE,
        pid=12,
        restarts=5,
        last_exit="exit code 1",
    )
    board.put(worker)
    feed = ChildReport(name="feed", since=SINCE)
    board.put(feed)
    assert reports(home) == {"worker": worker, "feed": feed}
    board.clear()
    assert reports(home) == {}


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"name": "worker"}]', "null"])
def test_notes_that_cannot_be_read_are_none(home, text):
    (home / "run").mkdir()
    board_path(home).write_text(text)
    assert reports(home) == {}
