import json
from datetime import date

from alpha_oracle import calendar
from flows.backfill import backfill_bars
from flows.daily_pipeline import daily_pipeline
from flows.rank import rank_stored
from tests.end_to_end.worlds import (
    HISTORY_ENDS,
    HISTORY_STARTS,
    SESSION,
    SYMBOLS,
    artifacts_of,
)


def test_a_backfill_fetches_what_is_missing_and_only_once(world, source):
    lost = calendar.sessions_between(date(2019, 6, 3), HISTORY_ENDS)
    bars = len(lost) * len(SYMBOLS)
    world.rows(f"DELETE FROM bars WHERE session >= '{lost[0]}'")
    state = backfill_bars(HISTORY_STARTS, HISTORY_ENDS, return_state=True)
    report = state.result()
    assert (report.stored, report.quarantined) == (bars, 0)
    assert set(source.asked) == set(SYMBOLS)
    artifacts = artifacts_of(state)
    assert float(artifacts["backfill"].data) == 100.0
    assert "0 quarantined" in artifacts["validation-report"].description
    source.asked.clear()
    again = backfill_bars(HISTORY_STARTS, HISTORY_ENDS)
    assert again.stored == 0
    assert source.asked == []


def test_a_backfill_of_some_symbols_leaves_the_others_alone(world, source):
    world.rows("DELETE FROM bars WHERE session = '2019-11-27'")
    report = backfill_bars(HISTORY_ENDS, HISTORY_ENDS, symbols=["syn003", "SYN001"])
    assert (HISTORY_ENDS.isoformat(), report.stored) == ("2019-11-27", 2)
    assert source.asked == ["SYN001", "SYN003"]


def test_a_ranking_looks_at_what_is_stored_and_announces_nothing(world, source):
    state = rank_stored(return_state=True)
    ranking = state.result()
    assert [rank.rank for rank in ranking] == [1, 2, 3, 4]
    assert {rank.session for rank in ranking} == {HISTORY_ENDS}
    shown = json.loads(artifacts_of(state)["strategy-ranking"].data)
    assert [row["strategy"] for row in shown] == [rank.strategy for rank in ranking]
    assert source.asked == []
    assert (world.signals(), world.rows("SELECT * FROM runs")) == ([], [])


def test_a_ranking_of_the_session_is_the_one_its_run_had(world):
    report = daily_pipeline()
    assert rank_stored(SESSION) == list(report.rankings)


def test_a_run_sees_what_the_stores_hold_now(world):
    first = rank_stored()
    world.rows("DELETE FROM bars WHERE session < '2016-11-01'")
    second = rank_stored()
    assert max(rank.windows for rank in first) > max(rank.windows for rank in second)
