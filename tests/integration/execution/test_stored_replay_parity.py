"""The worker on Postgres and Redis trades weeks of signals as the fast simulator does."""

import numpy as np
import pytest

from alpha_oracle.strategies.base import Decisions
from tests.integration.execution.markets import drawn_decisions
from tests.integration.execution.plays import Play, differences
from tests.integration.execution.replays import Replay
from tests.integration.execution.stored_world import opened_world
from tests.unit.research.worlds import Holding

A_WEEK = 6
"""Sessions before the average day's volume is known of every symbol."""


@pytest.fixture
def settings(home, database_url, redis_url, monkeypatch):
    told = {
        "HOME": home,
        "DATABASE__URL": database_url,
        "REDIS__URL": redis_url,
        # Everything of a moment is decided before the first execution is told.
        "BROKER__SIMULATED__FAULTS__LATENCY_SECONDS": 1.0,
        "RISK__FAT_FINGER__MAX_ORDERS_PER_SECOND": 1_000,
        "RISK__FAT_FINGER__MAX_ORDERS_PER_MINUTE": 1_000,
    }
    for name, value in told.items():
        monkeypatch.setenv(f"ALPHA_ORACLE_{name}", str(value))


def after_a_week(decisions):
    entry = decisions.entry.copy()
    entry[:A_WEEK] = np.nan
    return Decisions(entry=entry, exit=decisions.exit)


@pytest.mark.usefixtures("settings")
def test_weeks_of_signals_are_traded_on_real_stores_as_the_simulator_trades_them():
    with opened_world() as (market, world):
        play = Play(
            market=market,
            decisions=after_a_week(drawn_decisions(market, seed=4, entering=0.15)),
            strategy=Holding(min_hold_days=2, max_hold_days=8),
        )
        live = Replay(play, world).run()
    assert differences(play.simulated(), live) == []
    assert len(live.fills) >= 60
