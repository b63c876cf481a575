from datetime import date

import pytest
from prefect import flow

from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.calendar import decision_instant
from alpha_oracle.domain.runs import RunInputs
from alpha_oracle.errors import (
    ConfigurationError,
    DataError,
    IncompleteSession,
    StoreUnavailable,
    TransientError,
)
from flows.daily_pipeline import daily_pipeline
from tasks.bars import ingest_bars, show_ingestion
from tests.end_to_end.trading_world import at_last
from tests.end_to_end.worlds import SESSION, SYMBOLS, artifacts_of, installed, task_runs_of

RUN = RunInputs(session=SESSION, as_of=decision_instant(SESSION), settings={}, symbols=None)


@flow
def one_batch():
    """Ingestion of one batch under its own policy, its pauses left out."""
    symbols = list(SYMBOLS[:5])
    ingest = ingest_bars.with_options(retry_delay_seconds=0, retry_jitter_factor=0)
    return ingest(
        symbols,
        run=RUN,
        source=None,
        force=False,
        progress=show_ingestion(SESSION, [symbols]),
    )


def tries_of(state):
    """How often each task run was tried, as the server was told by now."""
    return [task.run_count for task in task_runs_of(state)]


def as_if_it_had_failed(world):
    """A rerun of a done session has nothing to do; one of a failed session has."""
    world.rows("UPDATE runs SET status = 'failed'")


def test_a_lost_redis_refetches_nothing_that_is_stored(world, source):
    daily_pipeline()
    assert sorted(source.asked) == list(SYMBOLS)
    source.asked.clear()
    announced = world.stream()
    with world.redis() as client:
        client.flushdb()
    as_if_it_had_failed(world)
    daily_pipeline()
    assert source.asked == []
    assert world.done_set() == set(SYMBOLS)
    # What waits in the outbox is announced, what was announced is not: a reader of a lost stream
    # replays it from the record.
    assert world.signals() == announced
    assert world.stream() == []


def test_a_rerun_fetches_exactly_what_is_missing(world, source):
    first = daily_pipeline()
    lost = ["SYN002", "SYN003", "SYN017"]
    world.rows(
        f"DELETE FROM bars USING symbols WHERE bars.symbol_id = symbols.symbol_id"
        f" AND symbol = ANY(ARRAY{lost}) AND session = '{SESSION}'"
    )
    as_if_it_had_failed(world)
    source.asked.clear()
    second = daily_pipeline()
    assert sorted(source.asked) == lost
    assert world.stored_symbols() == list(SYMBOLS)
    assert second.publication.digest == first.publication.digest
    assert second.publication.announced == 0


def test_too_few_bars_fail_the_run_loudly_and_emit_nothing(world, source):
    source.withheld = frozenset({"SYN004"})
    state = daily_pipeline(return_state=True)
    assert state.is_failed()
    assert "19 of 20 expected symbols are stored (95.0 %, bound 99 %)" in state.message
    with pytest.raises(IncompleteSession, match="SYN004"):
        state.result()
    status, error, _ = world.run_record()
    assert status == "failed"
    assert error.startswith("IncompleteSession: ")
    assert (world.signals(), world.stream()) == ([], [])
    artifacts = artifacts_of(state)
    assert float(artifacts["ingestion"].data) == 95.0
    assert "validation-report" in artifacts
    assert "signals" not in artifacts


def test_a_run_completed_later_fetches_the_rest_and_forgets_the_error(world, source):
    source.withheld = frozenset({"SYN004"})
    daily_pipeline(return_state=True)
    source.withheld = frozenset()
    source.asked.clear()
    report = daily_pipeline()
    assert source.asked == ["SYN004"]
    assert report.publication.new == report.publication.announced == 4
    assert world.run_record()[:2] == ("done", None)


def test_with_no_strategy_above_the_thresholds_the_run_says_so_and_succeeds(worlds, home):
    with worlds(home, STRATEGY__MIN_SHARPE=100) as world:
        state = daily_pipeline(return_state=True)
        report = state.result()
        told = "none is above the thresholds: no entries"
        assert state.is_completed()
        assert report.facts["strategies that may trade"] == told
        assert (world.signals(), world.stream()) == ([], [])
        artifacts = artifacts_of(state)
        assert told in artifacts["run-summary"].data
        assert artifacts["signals"].description == f"0 signals of {SESSION}"
        assert "no: Sharpe ratio" in artifacts["strategy-ranking"].data


def test_a_rerun_decides_with_the_settings_of_the_first_run(world):
    first = daily_pipeline()
    with installed(world.environment | {"ALPHA_ORACLE_STRATEGY__MIN_SHARPE": "100"}):
        again = daily_pipeline(force=True)
        changed = daily_pipeline(force=True, current_settings=True)
    assert again.publication.digest == first.publication.digest
    assert changed.publication.documents == ()
    assert len(world.stream()) == 4


@pytest.mark.parametrize(
    "day", [date(2019, 11, 28), date(2019, 11, 23)], ids=["holiday", "weekend"]
)
def test_a_closed_day_completes_as_no_session(world, day):
    state = daily_pipeline(day, return_state=True)
    assert state.is_completed()
    assert state.message.startswith(f"no session: the exchange is closed on {day:%A} {day}")
    assert world.rows("SELECT * FROM runs") == []


def test_a_day_that_lies_ahead_fails(world):
    state = daily_pipeline(date(2019, 12, 2), return_state=True)
    assert state.is_failed()
    with pytest.raises(ConfigurationError, match="2019-12-02 is not over"):
        state.result()


def test_an_instant_without_a_zone_is_refused(world):
    state = daily_pipeline(as_of="2019-11-29T17:00:00", return_state=True)
    with pytest.raises(ConfigurationError, match="names no time zone"):
        state.result()


def test_a_run_meets_another_one_of_its_session_and_leaves_it_alone(world, source):
    with open_runtime() as runtime, runtime.runs.only_run(SESSION):
        state = daily_pipeline(return_state=True)
    with pytest.raises(TransientError, match="another process runs session 2019-11-29"):
        state.result()
    assert world.rows("SELECT * FROM runs") == []
    assert source.asked == []


def test_a_passing_failure_is_tried_again(world, source):
    source.failures = [TransientError("busy"), StoreUnavailable("away")]
    state = one_batch(return_state=True)
    assert state.result().accepted == 5
    assert at_last(lambda: tries_of(state), [3]) == [3]


def test_a_passing_failure_that_lasts_is_given_up_after_four_tries(world, source):
    source.failures = [TransientError("busy")] * 9
    state = one_batch(return_state=True)
    with pytest.raises(TransientError, match="busy"):
        state.result()
    assert at_last(lambda: tries_of(state), [4]) == [4]


@pytest.mark.parametrize(
    "failure",
    [DataError("unreadable"), ConfigurationError("no key"), ValueError("a bug")],
    ids=repr,
)
def test_any_other_failure_is_not_repeated(world, source, failure):
    source.failures = [failure]
    state = one_batch(return_state=True)
    with pytest.raises(type(failure)):
        state.result()
    assert at_last(lambda: tries_of(state), [1]) == [1]
