"""The day of a split, as each vendor tells it."""

from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.command_line import ask
from tests.end_to_end.vendors import (
    a_market,
    a_split,
    as_given_by,
    before_the_session,
    by_alpha_vantage,
    by_ibkr,
    gateway_market,
    split_on_the_session,
    symbols_of,
    table_of,
    vendor_table,
)
from tests.end_to_end.worlds import NOW, SESSION, artifacts_of
from tests.peers.alpha_vantage.server import Plan, alpha_vantage
from tests.peers.tws.running import running_gateway

pytestmark = pytest.mark.usefixtures("impatient")

SYMBOLS = symbols_of(6)
SPLIT = SYMBOLS[2]
MARKET = a_market(SYMBOLS)
MARKET_SPLIT = split_on_the_session(MARKET, SPLIT, 4)
RECORDED = "SELECT symbol, ex_date, kind, value::float, source FROM corporate_actions"


@pytest.fixture(scope="module")
def undivided(vendor_worlds, tmp_path_factory):
    """The features of the same market without a split."""
    folder = tmp_path_factory.mktemp("undivided")
    with (
        alpha_vantage(vendor_table(MARKET)) as vendor,
        a_world(vendor_worlds, folder, "alpha_vantage", **by_alpha_vantage(vendor.url)),
    ):
        daily_pipeline()
        return features(folder)


def a_world(worlds, folder, source, **settings):
    return worlds(folder / "home", as_given_by(source, before_the_session(MARKET)), **settings)


def features(folder):
    """The features of the session, a row a symbol."""
    file = folder / "features.parquet"
    answer = ask("features", "export", "--start", SESSION, "--end", SESSION, "--out", file)
    assert answer.code == 0, answer.err
    table = pq.read_table(file)
    rows = {row["symbol"]: row for row in table.to_pylist()}
    numbers = [
        name
        for name in table.column_names
        if name not in {"symbol", "session"} and isinstance(rows[SPLIT][name], float | None)
    ]
    values = [[rows[symbol][name] for name in numbers] for symbol in SYMBOLS]
    return SimpleNamespace(names=numbers, values=np.array(values, dtype=np.float64))


def assert_alike(found, expected):
    """The same features, but for what the rounding of prices does to them."""
    assert found.names == expected.names
    assert np.isfinite(expected.values).all(axis=0).sum() > 20  # Some look further back.
    is_off = ~np.isclose(found.values, expected.values, rtol=2e-3, atol=2e-3, equal_nan=True)
    assert [found.names[column] for column in np.flatnonzero(is_off.any(axis=0))] == []


def test_ibkr_adjusted_its_history_and_the_split_is_recorded(vendor_worlds, tmp_path, undivided):
    market = gateway_market(MARKET_SPLIT, [a_split(SPLIT, 4)])
    with (
        running_gateway(market, now=NOW) as gateway,
        a_world(vendor_worlds, tmp_path, "ibkr", **by_ibkr(gateway.port)) as world,
    ):
        state = daily_pipeline(return_state=True)
        assert state.is_completed(), state.message
        assert world.rows(RECORDED) == [(SPLIT, SESSION, "split", 4.0, "ibkr")]
        [row] = table_of(artifacts_of(state)["bars-attention"])
        assert (row["symbol"], row["what"]) == (SPLIT, "split recorded")
        assert row["detail"] == f"4 for 1, ex {SESSION}"
        assert_alike(features(tmp_path), undivided)


def test_alpha_vantage_tells_the_split_along_with_the_bars(vendor_worlds, tmp_path, undivided):
    table = vendor_table(MARKET_SPLIT, [a_split(SPLIT, 4)])
    with (
        alpha_vantage(table) as vendor,
        a_world(vendor_worlds, tmp_path, "alpha_vantage", **by_alpha_vantage(vendor.url)) as world,
    ):
        state = daily_pipeline(return_state=True)
        assert state.is_completed(), state.message
        assert world.rows(RECORDED) == [(SPLIT, SESSION, "split", 4.0, "alpha_vantage")]
        assert_alike(features(tmp_path), undivided)


def test_a_free_key_tells_no_split_so_the_jump_is_held_until_it_is_imported(
    vendor_worlds, tmp_path, undivided
):
    table = vendor_table(MARKET_SPLIT, [a_split(SPLIT, 4)])
    splits = tmp_path / "splits.csv"
    splits.write_text(f"symbol,ex_date,type,value\n{SPLIT},{SESSION},split,4\n")
    with (
        alpha_vantage(table, plan=Plan(premium=False)) as vendor,
        a_world(vendor_worlds, tmp_path, "alpha_vantage", **by_alpha_vantage(vendor.url)) as world,
    ):
        state = daily_pipeline(return_state=True)
        assert state.is_failed()
        assert "5 of 6 expected symbols are stored" in state.message
        assert f"held: jump_explained ({SPLIT})" in state.message
        asked = len(vendor.requests)
        explained = ask("import", "actions", splits, "--json").document
        assert (explained["held_bars_explained"], explained["still_held"]) == (1, 0)
        again = daily_pipeline(return_state=True)
        assert again.is_completed(), again.message
        assert len(vendor.requests) == asked
        assert world.rows(RECORDED)[0][:4] == (SPLIT, SESSION, "split", 4.0)
        assert_alike(features(tmp_path), undivided)
