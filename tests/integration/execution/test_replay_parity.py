"""A year of signals through the engine fills what the fast simulator fills, at the same worth.

The market quotes bid = ask = open, as a replay of daily bars has it. What differs is listed in
`test_replay_differences`, each with its reason; here nothing may.
"""

import pytest

from alpha_oracle.domain.market import ActionKind
from tests.integration.execution.markets import (
    a_generated_market,
    a_real_market,
    drawn_decisions,
    standing_decisions,
)
from tests.integration.execution.memory_world import MemoryWorld
from tests.integration.execution.plays import Play, differences
from tests.integration.execution.replays import Replay
from tests.unit.research.worlds import Holding, a_market, some_decisions

CROWDED = {"max_position_pct": 10, "max_sector_pct": 15, "max_daily_loss_pct": 0.5}
FEW = {"max_positions": 12, "max_trades_per_day": 4, "max_drawdown_pct": 1.5}
A_SMALL_EDGE = {"win_rate": 0.4, "avg_win_loss_ratio": 1.6}


def replayed(play):
    """Both records of a play, and which checks refused something on the way."""
    world = MemoryWorld(play)
    live = Replay(play, world).run()
    return play.simulated(), live, {reason.partition(":")[0] for reason in world.reasons()}


@pytest.mark.parametrize(
    ("seed", "changes", "binding"),
    [
        pytest.param(3, {}, {"sector_limit", "max_positions", "min_price"}, id="as specified"),
        pytest.param(
            5,
            {"limits": FEW, **A_SMALL_EDGE},
            {"max_positions", "max_trades_per_day", "portfolio_drawdown"},
            id="below the cap, in few positions",
        ),
    ],
)
def test_a_year_of_drawn_wishes_is_traded_as_the_simulator_trades_it(seed, changes, binding):
    market = a_generated_market(seed=seed)
    play = Play(
        market=market,
        decisions=drawn_decisions(market, seed=seed),
        strategy=Holding(min_hold_days=2, max_hold_days=15),
        **changes,
    )
    simulated, live, refused_by = replayed(play)
    assert differences(simulated, live) == []
    assert len(live.fills) >= 500
    assert binding <= refused_by


def test_a_year_of_wishes_that_stand_is_traded_as_the_simulator_trades_it():
    market = a_generated_market(seed=8)
    play = Play(
        market=market,
        decisions=standing_decisions(market),
        strategy=Holding(min_hold_days=5, max_hold_days=20),
        limits=CROWDED,
    )
    simulated, live, refused_by = replayed(play)
    assert differences(simulated, live) == []
    assert len(live.fills) >= 150
    assert {"sector_limit", "portfolio_daily_loss"} <= refused_by


def test_a_year_of_real_bars_is_traded_as_the_simulator_trades_it(shared_data, tmp_path):
    market = a_real_market(shared_data, tmp_path)
    play = Play(
        market=market,
        decisions=standing_decisions(market),
        strategy=Holding(min_hold_days=5, max_hold_days=40),
        limits={"max_position_pct": 20},
    )
    world = MemoryWorld(play)
    live = Replay(play, world).run()
    assert differences(play.simulated(), live) == []
    assert len(market.symbols) >= 30
    assert len(live.fills) >= 150
    done = {one.action.kind for one in world.day.market.book.actions}
    assert done == {ActionKind.DIVIDEND, ActionKind.SPLIT}


def test_splits_and_dividends_of_a_morning_are_paid_as_the_simulator_pays_them():
    market = a_market(
        {"AAA": [30.0, 30, 21.3, 22, 23], "BBB": [7.0, 7, 7.5, 21.7, 22]},
        splits=[(2, "AAA", 1.5), (3, "BBB", 1 / 3)],
        dividends=[(2, "AAA", 0.37), (4, "BBB", 0.11)],
        sectors={"AAA": "Energy", "BBB": "Utilities"},
    )
    play = Play(
        market=market,
        decisions=some_decisions(
            market, entries=[(0, "AAA", 0.5), (0, "BBB", 0.9)], exits=[(3, "AAA"), (3, "BBB")]
        ),
    )
    simulated, live, _ = replayed(play)
    assert differences(simulated, live) == []
    assert [fill.quantity for fill in live.fills] == [166, 714, -249, -238]
