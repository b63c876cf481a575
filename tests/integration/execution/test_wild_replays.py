"""Whatever is drawn, engine and simulator part only where the table of differences says so."""

from datetime import date

import pytest

from tests.integration.execution.memory_world import MemoryWorld
from tests.integration.execution.plays import differences, differing_fills
from tests.integration.execution.replays import Replay
from tests.integration.execution.wild_plays import a_wild_play, lacked_a_price

WORLDS = range(6)


@pytest.mark.parametrize("seed", WORLDS)
def test_where_every_bar_is_there_both_do_the_same(seed):
    play = a_wild_play(seed)
    live = Replay(play, MemoryWorld(play)).run()
    assert differences(play.simulated(), live) == []
    assert live.fills


@pytest.mark.parametrize("seed", WORLDS)
def test_where_bars_are_missing_they_part_over_a_held_share_without_a_price(seed):
    play = a_wild_play(seed, missing=0.03)
    simulated, live = play.simulated(), Replay(play, MemoryWorld(play)).run()
    for found in differing_fills(simulated, live)[:1]:
        assert lacked_a_price(play, simulated, date.fromisoformat(found[:10])), found
