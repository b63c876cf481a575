"""Orders through real sockets: whatever breaks there, one order an intent, and the book is true."""

import os

import pytest

from tests.chaos.gateway_storms import GatewayStorm
from tests.chaos.gateway_world import opened_world
from tests.conftest import own_database

RUNS = int(os.environ.get("ALPHA_ORACLE_TEST_GATEWAY_STORMS", "200"))


@pytest.fixture(scope="module")
def storm_database_url(postgres_url, worker, run_name, template):
    """A database for all storms, each of which empties it first."""
    with own_database(postgres_url, f"{run_name}_{worker}_storms", template=template) as url:
        yield url


@pytest.mark.parametrize("seed", range(RUNS))
def test_no_storm_at_the_gateway_doubles_an_order_or_parts_book_and_broker(
    seed, storm_database_url
):
    with opened_world(storm_database_url) as world:
        storm = GatewayStorm(world, seed)
        try:
            storm.run()
            storm.check()
            assert storm.has_struck_its_own or not storm.is_alone, "the cut was never made"
        except BaseException as error:
            error.add_note(f"in the storm of seed {seed}: {storm.plan}")
            raise
