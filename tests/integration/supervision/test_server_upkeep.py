"""Embedded servers that are killed while they are looked after."""

import os
import signal

from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.embedded.store import EmbeddedStore
from alpha_oracle.bootstrap.children import ChildState
from alpha_oracle.bootstrap.server_upkeep import ServerUpkeep, servers_kept_running
from tests.integration.embedded.test_process import RUNS, ShellServer
from tests.integration.supervision.test_upkeep import PATIENCE, Witness, is_running


def looked_after(store, witness):
    return servers_kept_running(
        [
            ServerUpkeep(
                store=store,
                changed=witness.hear,
                ended=witness.hear_end,
                looping=witness.hear_loop,
                patience=PATIENCE,
                poll_seconds=0.02,
            )
        ]
    )


def test_a_killed_server_is_started_anew_with_what_it_held(home):
    store, witness = embedded_redis(home), Witness()
    with store.attached(), looked_after(store, witness):
        os.kill(store.status().pid, signal.SIGKILL)
        witness.await_report(lambda one: is_running(one) and one.restarts == 1)
        assert store.status().running
        assert [one.name for one in witness.ended] == ["redis"]
    assert not store.status().running


def test_a_server_that_dies_again_and_again_is_a_crash_loop(home):
    script = "[ -e broken ] && { echo it broke; exit 1; }; echo $$ > pid; " + RUNS
    store, witness = EmbeddedStore(home, ShellServer(script)), Witness()
    with store.attached(), looked_after(store, witness):
        (home / "shell" / "broken").touch()
        os.kill(store.status().pid, signal.SIGKILL)
        loop = witness.await_report(
            lambda one: one.state is ChildState.CRASH_LOOP and "it broke" in one.last_exit
        )
        assert loop.restarts == 3
        (home / "shell" / "broken").unlink()
    assert [one.restarts for one in witness.ended] == [1, 2]
    assert [one.restarts for one in witness.looped] == [3]
