"""Processes kept running: real ones, that live and die within moments."""

import os
import signal
import sys
from contextlib import contextmanager
from threading import Condition

import psutil
import pytest

from alpha_oracle.bootstrap.children import ChildState, told_exit
from alpha_oracle.bootstrap.upkeep import Command, Patience, Upkeep

PATIENCE = Patience(
    first_pause_seconds=0.01, longest_pause_seconds=0.02, steady_seconds=60.0, quick_deaths=3
)
SECONDS = 300.0


class Witness:
    """Hears all that is told of a process."""

    def __init__(self):
        self.told = []
        self.ended = []
        self.looped = []
        self._news = Condition()

    def hear(self, report):
        with self._news:
            self.told.append(report)
            self._news.notify_all()

    def hear_end(self, report):
        self.ended.append(report)

    def hear_loop(self, report):
        self.looped.append(report)

    def await_report(self, holds):
        """Wait for a report for which something holds; return it."""
        with self._news:
            assert self._news.wait_for(lambda: any(map(holds, self.told)), SECONDS)
            return next(filter(holds, self.told))


@contextmanager
def kept(script, folder, *, patience=PATIENCE):
    """Keep a line of shell running; gives who hears of it."""
    witness = Witness()
    command = Command(
        name="shell",
        arguments=["/bin/sh", "-c", script],
        cwd=folder,
        log_path=folder / "shell.log",
        environment={"PATH": os.environ["PATH"]},
    )
    upkeep = Upkeep(
        command=command,
        changed=witness.hear,
        ended=witness.hear_end,
        looping=witness.hear_loop,
        patience=patience,
    )
    upkeep.start()
    try:
        yield witness
    finally:
        upkeep.stop()


def is_running(report):
    return report.state is ChildState.RUNNING


def test_a_killed_process_is_started_again_and_how_it_ended_is_told(tmp_path):
    with kept("exec sleep 1000", tmp_path) as witness:
        first = witness.await_report(is_running)
        os.kill(first.pid, signal.SIGKILL)
        again = witness.await_report(lambda one: is_running(one) and one.restarts == 1)
        assert again.pid != first.pid
        assert again.last_exit == "killed by SIGKILL"
        assert [one.last_exit for one in witness.ended] == ["killed by SIGKILL"]
        assert witness.looped == []
    assert not psutil.pid_exists(again.pid)
    assert witness.told[-1].state is ChildState.ENDED


def test_quick_deaths_in_a_row_are_a_crash_loop_told_once_and_tried_on(tmp_path):
    with kept("echo why; exit 3", tmp_path) as witness:
        loop = witness.await_report(lambda one: one.state is ChildState.CRASH_LOOP)
        assert (loop.restarts, loop.last_exit) == (3, "exit code 3")
        witness.await_report(lambda one: one.restarts == 6)
    assert [one.restarts for one in witness.ended] == [1, 2]
    assert [one.restarts for one in witness.looped] == [3]
    late = [one.state for one in witness.told if one.restarts >= 3]
    assert set(late) == {ChildState.CRASH_LOOP, ChildState.ENDED}


def test_a_process_that_lives_long_enough_leaves_its_crash_loop(tmp_path):
    script = "echo life >> lives; [ $(wc -l < lives) -gt 4 ] && exec sleep 1000; exit 1"
    patience = Patience(
        first_pause_seconds=0.01, longest_pause_seconds=0.02, steady_seconds=3.0, quick_deaths=3
    )
    with kept(script, tmp_path, patience=patience) as witness:
        well = witness.await_report(lambda one: is_running(one) and one.restarts == 4)
        states = [one.state for one in witness.told]
        assert states.index(ChildState.CRASH_LOOP) < witness.told.index(well)
        assert well.is_well


def test_a_program_that_is_not_there_is_a_crash_loop_too(tmp_path):
    witness = Witness()
    command = Command(
        name="nothing",
        arguments=[str(tmp_path / "nothing")],
        cwd=tmp_path,
        log_path=tmp_path / "nothing.log",
        environment={},
    )
    upkeep = Upkeep(
        command=command,
        changed=witness.hear,
        ended=witness.hear_end,
        looping=witness.hear_loop,
        patience=PATIENCE,
    )
    upkeep.start()
    loop = witness.await_report(lambda one: one.state is ChildState.CRASH_LOOP)
    upkeep.stop()
    assert loop.last_exit.startswith("cannot be started: [Errno 2]")


def test_a_process_that_does_not_end_when_asked_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("alpha_oracle.bootstrap.upkeep.END_SECONDS", 0.2)
    script = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    with kept(script, tmp_path) as witness:
        pid = witness.await_report(is_running).pid
        log = tmp_path / "shell.log"
        while not log.exists() or b"ready" not in log.read_bytes():
            assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_the_last_words_of_every_life_are_in_the_log(tmp_path):
    with kept("echo $$ says goodbye; exit 1", tmp_path) as witness:
        witness.await_report(lambda one: one.restarts == 5)
    # The life after those may have ended before it could say anything.
    told = {f"{one.pid} says goodbye" for one in witness.told if one.pid and one.restarts < 5}
    assert told == set((tmp_path / "shell.log").read_text().splitlines()[:5])


def test_the_output_of_a_process_outlives_its_keeper_and_stays_bounded(tmp_path):
    # The lines of one life, more than a file holds.
    line = "x" * 99
    script = f"{sys.executable} -c \"[print('{line}') for _ in range(150_000)]\"; exec sleep 1000"
    with kept(script, tmp_path) as witness:
        witness.await_report(is_running)
        log, turned = tmp_path / "shell.log", tmp_path / "shell.log.1"
        while not turned.exists() or not log.exists() or log.stat().st_size < 5_000_000:
            assert witness.told[-1].restarts == 0
    assert turned.read_text() + log.read_text() == f"{line}\n" * 150_000


@pytest.mark.parametrize(
    ("deaths", "pause"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 60.0), (50, 60.0)]
)
def test_pauses_double_until_a_crash_loop_has_the_longest(deaths, pause):
    assert Patience().pause_seconds(deaths) == pause


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, "exit code 0"),
        (1, "exit code 1"),
        (-9, "killed by SIGKILL"),
        (-200, "killed by signal 200"),
    ],
)
def test_how_a_process_ended_is_told_in_words(code, told):
    assert told_exit(code) == told
