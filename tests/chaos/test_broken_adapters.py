"""The storms find an adapter that is broken in one place: what they pass has been looked at."""

import pytest

from tests.chaos.broken_adapters import (
    misses_what_it_did_not_hear,
    sends_again,
    takes_silence_for_no,
)
from tests.chaos.gateway_fate import AFTER, BEFORE, CONNECTION, CUTS
from tests.chaos.gateway_storms import GatewayStorm
from tests.chaos.gateway_world import opened_world
from tests.peers.tws.faults import Point


@pytest.mark.parametrize(
    ("worsen", "when", "found"),
    [
        pytest.param(sends_again, AFTER, "sent twice", id="sends again what lives"),
        pytest.param(sends_again, BEFORE, "REJECTED on record", id="sends again what got lost"),
        pytest.param(takes_silence_for_no, AFTER, "said to be unsent", id="takes silence for no"),
        pytest.param(
            misses_what_it_did_not_hear, BEFORE, "of the executions", id="asks for no executions"
        ),
    ],
)
def test_an_adapter_broken_on_purpose_is_found(worsen, when, found, database_url):
    assert found in first_found(worsen, when, database_url)


def first_found(worsen, when, database_url):
    """What the storms say of an adapter first, from those that cut at an order's placing on."""
    first = CUTS.index((CONNECTION, Point.PLACE_ORDER, when))
    for seed in range(first, first + len(CUTS)):
        with opened_world(database_url, worsen=worsen) as world:
            storm = GatewayStorm(world, seed)
            try:
                storm.run()
                storm.check()
            except AssertionError as error:
                return str(error)
    return f"nothing in {len(CUTS)} storms"
