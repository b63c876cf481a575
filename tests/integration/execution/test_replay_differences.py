"""In what the engine and the fast simulator differ, each with its reason, and in nothing else.

Every case shows what both do, and that without its cause they do the same. What only the world
outside of a market's bars can bring (a kill switch thrown, a link lost, a feed that fell silent,
an operator who is away, a broker's day-trade rules below 25,000 USD) the simulator knows nothing
of. Commissions agree to a millionth of a dollar: a broker charges whole ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.integration.execution.memory_world import MemoryWorld
from tests.integration.execution.plays import Play, differences, differing_fills
from tests.integration.execution.replays import Replay
from tests.unit.research.worlds import Holding, a_market, some_decisions

NONE = float("nan")
SECTORS = {"AAA": "Energy", "BBB": "Utilities"}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A cause (what of the play, or of the world, brings it about), and what differs by it.

    `cure` is what the same play is without the cause.
    """

    reason: str
    cause: dict = field(default_factory=dict)
    cure: dict = field(default_factory=dict)
    differs: list


DIFFERENCES = [
    Difference(
        reason="the breaker of volatility refuses entries; the simulator knows no VIX",
        cause={"vix": 35.0},
        cure={"vix": 34.9},
        differs=["2016-01-05: simulated +50 AAA at 100.00 for 1.00, live nothing"],
    ),
    Difference(
        reason="an unknown sector refuses entries; for the simulator all such are one sector more",
        cause={"sectors": {"BBB": "Utilities"}},
        differs=["2016-01-05: simulated +50 AAA at 100.00 for 1.00, live nothing"],
    ),
    Difference(
        reason="3 percent from the price decided at asks a human; the simulator asks nobody",
        cause={"opens": [100, 103, 103, 103], "closes": [100, 103, 103, 103], "attended": False},
        cure={"opens": [100, 103, 103, 103], "closes": [100, 103, 103, 103]},
        differs=["2016-01-05: simulated +48 AAA at 103.00 for 1.00, live nothing"],
    ),
    Difference(
        reason="what a human approved is checked anew, and refused where it no longer fits whole: "
        "other purchases have paid commissions meanwhile",
        cause={
            "opens": [96, 100, 100, 100],
            "closes": [96, 100, 100, 100],
            "entries": [(0, "AAA", 0.9), (0, "BBB", 0.5)],
        },
        cure={"opens": [96, 100, 100, 100], "closes": [96, 100, 100, 100]},
        differs=["2016-01-05: simulated +50 AAA at 100.00 for 1.00, live nothing"],
    ),
    Difference(
        reason="1 percent of an average day's volume asks a human; the simulator asks nobody",
        cause={"adv_shares": 5_000, "attended": False},
        cure={"adv_shares": 5_001, "attended": False},
        differs=["2016-01-05: simulated +50 AAA at 100.00 for 1.00, live nothing"],
    ),
    Difference(
        reason="a large order goes in slices, each an order that pays the least commission; what "
        "equity is left by them bounds the last",
        cause={"adv_shares": 5_000},
        cure={"adv_shares": 5_001},
        differs=[
            "2016-01-05: simulated +50 AAA at 100.00 for 1.00, live +49 AAA at 100.00 for 5.00"
        ],
    ),
    Difference(
        reason="a part of the market's volume is all an order gets; the simulator gets everything",
        cause={"quoted_volume": 300},
        cure={"quoted_volume": 500},
        differs=[
            "2016-01-05: simulated +50 AAA at 100.00 for 1.00, live +30 AAA at 100.00 for 1.00"
        ],
    ),
    Difference(
        reason="a fill between two decisions of a batch leaves an equity less by its commission",
        cause={
            "entries": [(0, "AAA", 0.9), (0, "BBB", 0.5)],
            "limits": {"max_orders_per_second": 1},
            "faults": {"latency_seconds": 0.0},
        },
        cure={"entries": [(0, "AAA", 0.9), (0, "BBB", 0.5)]},
        differs=[
            "2016-01-05: simulated +50 BBB at 100.00 for 1.00, live +49 BBB at 100.00 for 1.00"
        ],
    ),
    Difference(
        reason="a held share without a price today leaves the equity unknown: nothing is bought; "
        "the simulator counts it at its last price",
        cause={"entries": [(0, "AAA", 0.9), (1, "BBB", 0.5)], "opens": [100, 100, NONE, 100]},
        cure={"entries": [(0, "AAA", 0.9), (1, "BBB", 0.5)]},
        differs=["2016-01-06: simulated +49 BBB at 100.00 for 1.00, live nothing"],
    ),
    Difference(
        reason="a held share without a price at the last close leaves the day's loss unknown",
        cause={"entries": [(0, "AAA", 0.9), (2, "BBB", 0.5)], "opens": [100, 100, NONE, 100]},
        cure={"entries": [(0, "AAA", 0.9), (2, "BBB", 0.5)]},
        differs=["2016-01-07: simulated +49 BBB at 100.00 for 1.00, live nothing"],
    ),
    Difference(
        reason="a share that trades no more is nobody's to sell; the simulator settles it at its "
        "last close after ten sessions",
        cause={"opens": [100, 100, *[NONE] * 10]},
        cure={"opens": [100] * 12},
        differs=["2016-01-20: simulated -50 AAA at 100.00 for 0.00, live nothing"],
    ),
]


def a_play(*, opens=(100, 100, 100, 100), closes=None, entries=((0, "AAA", 0.5),), **changes):
    """AAA as told, and BBB at 100 USD; nothing is left before twenty sessions are over."""
    market = a_market(
        {"AAA": opens, "BBB": [100.0] * len(opens)},
        None if closes is None else {"AAA": closes, "BBB": [100.0] * len(opens)},
        sectors=changes.pop("sectors", SECTORS),
    )
    return Play(
        market=market,
        decisions=some_decisions(market, entries=entries),
        strategy=Holding(),
        **changes,
    )


def both(causes):
    """What the simulator and the engine make of causes."""
    told = dict(causes)
    faults, is_attended = told.pop("faults", {}), told.pop("attended", True)
    play = a_play(**told)
    return play.simulated(), Replay(
        play, MemoryWorld(play, **faults), is_attended=is_attended
    ).run()


@pytest.mark.parametrize("one", DIFFERENCES, ids=lambda one: one.reason)
def test_the_engine_and_the_simulator_differ_where(one):
    assert differing_fills(*both(one.cause)) == one.differs


@pytest.mark.parametrize("one", DIFFERENCES, ids=lambda one: one.reason)
def test_they_do_the_same_without_the_cause_where(one):
    assert differences(*both(one.cure)) == []
