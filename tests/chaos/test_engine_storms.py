"""Whatever breaks, and whenever: no order twice, no signal lost, the book is the broker's."""

from __future__ import annotations

import os
from itertools import count

import pytest

from tests.chaos.fate import AWAY_POINTS, POINTS, RELAY_POINTS
from tests.chaos.sessions import run
from tests.chaos.storms import a_day_of_everything, a_storm

RUNS = int(os.environ.get("ALPHA_ORACLE_TEST_STORMS", "1000"))
BLOCK = 50


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_no_storm_doubles_an_order_loses_a_signal_or_parts_book_and_broker(first):
    for seed in range(first, min(first + BLOCK, RUNS)):
        storm = a_storm(seed)
        try:
            run(storm)
        except BaseException as error:
            error.add_note(f"in the storm of seed {seed}: {storm.fate.plan} {storm.faults}")
            raise


@pytest.mark.parametrize("point", [one for one in POINTS if one not in RELAY_POINTS])
def test_a_worker_may_die_at_any_step_of_a_day(point):
    assert strike_everywhere(point, "die") > 0


@pytest.mark.parametrize("point", [one for one in AWAY_POINTS if one not in RELAY_POINTS])
def test_stores_and_the_bus_may_go_away_at_steps_all_over_a_day(point):
    assert strike_everywhere(point, "away", stride=3) > 0


def strike_everywhere(point, what, *, stride=1):
    for passing in count(1, stride):
        storm = a_day_of_everything({(point, passing): what})
        run(storm)
        if not storm.fate.struck:
            return passing - 1
    return None
