"""The supervisor seen from outside: what a killed one left, and whose pid it is."""

import os
import subprocess
import sys

import psutil
import pytest

from alpha_oracle.bootstrap.supervisor import (
    being_the_supervisor,
    end_what_is_left,
    is_ready,
    is_up,
    say_ready,
    stop_detached,
    supervisor_pid,
)
from alpha_oracle.bootstrap.watchdog_duties import has_prefect
from alpha_oracle.config import Settings
from alpha_oracle.errors import ConfigurationError

# A supervisor that is killed, and what it started lives on in its session.
LEAVES_A_CHILD = """
import os, subprocess, sys
from pathlib import Path
from alpha_oracle.bootstrap.supervisor import being_the_supervisor
with being_the_supervisor(Path(sys.argv[1])):
    child = subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    os.kill(os.getpid(), 9)
"""


def a_killed_supervisor(home):
    """Leave what a killed supervisor leaves; the pid of the process it started."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVES_A_CHILD, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        start_new_session=True,
    )
    return int(done.stdout)


def is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_there_is_one_supervisor_at_a_time(home):
    with being_the_supervisor(home):
        assert (is_up(home), supervisor_pid(home)) == (True, os.getpid())
        with pytest.raises(ConfigurationError, match="is up already"), being_the_supervisor(home):
            pass
    assert (is_up(home), supervisor_pid(home)) == (False, None)


def test_prefect_is_missed_once_all_was_started(home, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    settings = Settings.model_validate({"home": home})
    with being_the_supervisor(home):
        assert (is_ready(home), has_prefect(settings)) == (False, False)
        say_ready(home)
        assert (is_ready(home), has_prefect(settings)) == (True, True)
    assert (is_ready(home), has_prefect(settings)) == (False, False)


def test_what_a_killed_supervisor_left_is_ended_before_the_next_one_starts(home):
    left = a_killed_supervisor(home)
    assert is_alive(left)
    with being_the_supervisor(home):
        assert not is_alive(left)


def test_down_ends_what_a_killed_supervisor_left_and_says_so(home):
    left = a_killed_supervisor(home)
    assert stop_detached(home)
    assert not is_alive(left)
    assert not stop_detached(home)


def signed_anew(home, **changes):
    """Change what a supervisor signed with: its pid, its birth, the boot."""
    path = home / "run" / "supervisor.pid"
    signed = dict(zip(("pid", "born", "boot"), path.read_text().split(), strict=True)) | changes
    path.write_text(" ".join(str(one) for one in signed.values()))


def test_a_pid_that_is_another_process_by_now_is_left_alone(home):
    left = a_killed_supervisor(home)
    try:
        stranger = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        signed_anew(home, pid=stranger.pid)
        assert not end_what_is_left(home)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        os.kill(left, 9)


@pytest.mark.parametrize("text", ["", "nonsense", "12 13 14"])
def test_a_pid_file_that_says_nothing_is_no_trouble(home, text):
    (home / "run").mkdir()
    (home / "run" / "supervisor.pid").write_text(text)
    assert supervisor_pid(home) is None
    assert not stop_detached(home)


def test_readiness_is_forgotten_with_the_supervisor(home):
    with being_the_supervisor(home):
        say_ready(home)
        assert (home / "run" / "supervisor.ready").read_text() == str(os.getpid())
    assert not (home / "run" / "supervisor.ready").exists()


def test_a_session_of_that_number_since_another_boot_is_left_alone(home):
    daemon = psutil.Process(a_killed_supervisor(home))
    try:
        signed_anew(home, boot="before-the-power-failed")
        assert not stop_detached(home)
        assert daemon.is_running()
    finally:
        daemon.kill()


def test_a_supervisor_is_known_whatever_the_clock_was_set_to_since_it_began(home):
    with being_the_supervisor(home):
        signed_anew(home, born=12345.0)
        assert supervisor_pid(home) == os.getpid()
