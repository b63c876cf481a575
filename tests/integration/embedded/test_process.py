import os
import signal
from contextlib import suppress

import pytest

from alpha_oracle.adapters.embedded.server import Launch, ServerFailed, StopStep
from alpha_oracle.adapters.embedded.store import EmbeddedStore
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

RUNS = "touch ready; while :; do sleep 0.05; done"
ASKED = StopStep(signal=signal.SIGTERM, patience_seconds=0.3)
KILLED = StopStep(signal=signal.SIGKILL, patience_seconds=120.0)


class ShellServer:
    """A server made of a line of shell."""

    name = "shell"
    program = "sh"
    socket_name = "socket"
    pid_name = "pid"

    def __init__(self, script, *, stop_steps=(ASKED, KILLED), can_prepare=True):
        self.stop_steps = stop_steps
        self._script = script
        self._can_prepare = can_prepare

    def url(self, folder):
        return str(folder)

    def prepare(self, data, *, log):
        data.mkdir(exist_ok=True)
        if not self._can_prepare:
            os.write(log, b"Permission denied\n")
            raise ServerFailed
        (data / "ready").unlink(missing_ok=True)
        return Launch(command=["/bin/sh", "-c", self._script], environment=dict(os.environ))

    def is_ready(self, folder):
        return (folder / "ready").exists()

    def clean_up(self, data):
        pass


def test_a_server_that_ends_at_once_is_told_with_its_words(tmp_path):
    store = EmbeddedStore(tmp_path, ShellServer("echo No space left on device >&2; exit 1"))
    with pytest.raises(ConfigurationError, match=r"No space left on device; free space on"):
        store.attach()
    assert store.status().users == ()


def test_a_data_folder_that_cannot_be_made_is_told_with_the_words_of_who_made_it(tmp_path):
    store = EmbeddedStore(tmp_path, ShellServer(RUNS, can_prepare=False))
    with pytest.raises(ConfigurationError, match=r"Permission denied; make .* belong to"):
        store.attach()


def test_a_server_that_does_not_listen_is_killed(tmp_path):
    store = EmbeddedStore(tmp_path, ShellServer(f"trap '' TERM; echo $$ > pid; {RUNS}"))
    with store.attached():
        assert store.status().running
    assert not store.status().running


def test_a_server_without_a_pid_file_is_found_by_its_folder(tmp_path):
    store = EmbeddedStore(tmp_path, ShellServer(RUNS))
    with store.attached():
        assert store.status().running
        assert store.status().pid is None
    assert not store.status().running


def test_a_server_that_does_not_stop_is_told_with_its_pid(tmp_path):
    script = f"trap '' TERM; echo $$ > pid; {RUNS}"
    store = EmbeddedStore(tmp_path, ShellServer(script, stop_steps=(ASKED,)))
    store.attach()
    pid = store.status().pid
    try:
        with pytest.raises(StoreUnavailable, match=f"pid {pid}.*does not stop"):
            store.detach()
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
