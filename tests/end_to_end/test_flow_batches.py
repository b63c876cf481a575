"""Batches and strategies run in threads: however they are cut, they leave the same."""

import shutil

from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.trading_world import at_last
from tests.end_to_end.worlds import SESSION, SYMBOLS, artifacts_of, task_runs_of

BARS = f"SELECT symbol, open, high, low, close, volume FROM newest_bars WHERE session = '{SESSION}'"


def begin_again(world):
    """Forget the session: its bars, what was computed, what was decided."""
    world.rows(f"DELETE FROM bars WHERE session = '{SESSION}'")
    world.rows("TRUNCATE runs, signals, outbox")
    shutil.rmtree(world.home / "features")
    with world.redis() as client:
        client.flushdb()


def ingestions_of(state):
    """How many task runs that ingest the server was told of."""
    return sum("ingest" in task.name for task in task_runs_of(state))


def test_many_small_batches_at_once_leave_what_a_single_one_leaves(worlds, tmp_path):
    with worlds(tmp_path / "one", DATA__BATCH_SIZE=1000) as world:
        whole = daily_pipeline()
        bars = sorted(world.rows(BARS))
    with worlds(tmp_path / "many", DATA__BATCH_SIZE=2) as world:
        for _ in range(2):
            state = daily_pipeline(return_state=True)
            report = state.result()
            batches = len(SYMBOLS) // 2
            assert at_last(lambda state=state: ingestions_of(state), batches) == batches
            assert sorted(world.rows(BARS)) == bars
            assert report.publication.digest == whole.publication.digest
            assert report.rankings == whole.rankings
            assert float(artifacts_of(state)["ingestion"].data) == 100.0
            begin_again(world)
