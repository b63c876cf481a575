"""What must hold of every run, over random markets with gaps, splits, dividends and delistings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.research.simulation import kernel, ledger, records
from alpha_oracle.research.simulator import FLAT_CAP, Simulator, backtest
from tests.unit.research.reference_simulator import Replay
from tests.unit.research.worlds import (
    Holding,
    a_market,
    some_costs,
    some_decisions,
    some_terms,
    with_columns,
    worlds,
)

KEPT = settings(max_examples=60)


def _run(market, decisions, strategy, terms, *, kelly=FLAT_CAP, **changes):
    return backtest(
        decisions,
        market,
        strategy=strategy,
        kelly_fraction=kelly,
        terms=terms,
        **changes,
    )


def _fills(result):
    return [
        (row, result.symbols[symbol], quantity)
        for row, symbol, quantity, *_ in result.fills.tolist()
    ]


@KEPT
@given(world=worlds(), kelly=st.sampled_from([FLAT_CAP, 0.17, 0.0]))
def test_an_independent_decimal_simulator_books_the_same(world, kelly):
    result = _run(*world, kelly=kelly)
    witness = Replay(*world, kelly=kelly).run()
    refused = dict(zip(records.REFUSALS, result.refused, strict=True))
    assert {what: count for what, count in refused.items() if count} == witness.refused
    halts = {row: records.REFUSALS[code] for row, code in enumerate(result.halted_by) if code >= 0}
    assert halts == {row: halt for row, halt in witness.halts.items() if halt}
    assert sorted(_fills(result)) == sorted(fill[:3] for fill in witness.fills)
    assert result.equity == pytest.approx([float(value) for value in witness.equity], rel=1e-9)
    assert sorted(result.fills["commission"]) == pytest.approx(
        sorted(float(commission) for *_, commission in witness.fills)
    )


@KEPT
@given(world=worlds())
def test_compiled_and_plain_sessions_are_one(world):
    market, decisions, strategy, terms = world
    compiled = _run(*world)
    laid_out = Simulator.of(decisions, market, strategy=strategy, terms=terms)
    book = laid_out._empty_book(len(market.sessions))
    kernel.run_sessions(
        laid_out.market,
        laid_out.wishes,
        laid_out._terms(first=0, kelly_fraction=FLAT_CAP),
        book,
    )
    assert book.fills[: book.counts[1]].tobytes() == compiled.fills.tobytes()
    assert book.trades[: book.counts[2]].tobytes() == compiled.trades.tobytes()
    for name in ("equity", "cash", "traded", "costs", "halted_by"):
        assert book.days[name].tobytes() == getattr(compiled, name).tobytes()
    assert book.refused.tolist() == compiled.refused.tolist()


@KEPT
@given(world=worlds())
def test_money_is_neither_made_nor_lost(world):
    market, _, _, terms = world
    result = _run(*world)
    cash, held = terms.capital_usd, np.zeros(len(market.symbols))
    for row in range(len(market.sessions)):
        cash += held @ market.dividend[row]
        exact = held * market.split[row]
        whole = np.floor(exact + ledger.SPLIT_ROUNDING)
        # Paid fractions follow a mark the fills do not show: the run with gaps at a split is left
        # to the independent simulator.
        paid = np.maximum(exact - whole, 0.0)
        opened = np.where(market.volume[row] > 0, market.traded_open[row], np.nan)
        if np.isnan(opened[paid > 0]).any():
            return
        cash += paid[paid > 0] @ opened[paid > 0]
        held = whole
        for fill in result.fills[result.fills["session"] == row]:
            cash -= fill["quantity"] * fill["price"] + fill["commission"]
            held[fill["symbol"]] += fill["quantity"]
        assert (held >= 0).all()
        assert result.cash[row] == pytest.approx(cash, abs=1e-6)
    assert (result.cash >= 0).all()
    assert (result.equity >= result.cash - 1e-9).all()


@KEPT
@given(world=worlds())
def test_nothing_fills_before_it_was_decided(world):
    market, decisions, strategy, _ = world
    result = _run(*world)
    for row, symbol, quantity, *_ in result.fills.tolist():
        if quantity > 0:
            assert row >= 1
            assert decisions.entry[row - 1, symbol] > 0
            assert market.traded_open[row, symbol] > 0
    for trade in result.trades:
        age = trade["exit"] - trade["entry"]
        column = decisions.exit[trade["entry"] : trade["exit"], trade["symbol"]]
        if trade["reason"] == records.STRATEGY_EXIT:
            assert age >= strategy.min_hold_days
            assert column.any()
        if trade["reason"] == records.MAX_HOLD_EXIT:
            assert age >= strategy.max_hold_days


@KEPT
@given(world=worlds(), cut=st.integers(1, 39))
def test_a_run_cut_short_equals_the_whole_run_up_to_there(world, cut):
    market, decisions, strategy, terms = world
    cut = min(cut, len(market.sessions) - 1)
    whole = _run(*world)
    short = _run(
        market.until(market.sessions[cut].item()),
        replace(decisions, entry=decisions.entry[: cut + 1], exit=decisions.exit[: cut + 1]),
        strategy,
        terms,
    )
    assert short.equity.tobytes() == whole.equity[: cut + 1].tobytes()
    assert short.cash.tobytes() == whole.cash[: cut + 1].tobytes()
    assert _fills(short) == [fill for fill in _fills(whole) if fill[0] <= cut]
    ended = _run(*world, end=market.sessions[cut].item())
    assert ended.equity.tobytes() == short.equity.tobytes()


@KEPT
@given(world=worlds(), seed=st.randoms(use_true_random=False))
def test_the_order_of_the_symbols_does_not_matter(world, seed):
    market, decisions, strategy, terms = world
    order = seed.sample(range(len(market.symbols)), len(market.symbols))
    result = _run(*world)
    shuffled = _run(*with_columns(market, decisions, order), strategy, terms)
    assert shuffled.equity.tobytes() == result.equity.tobytes()
    assert _fills(shuffled) == _fills(result)


@KEPT
@given(world=worlds(), dearer=st.sampled_from(["commission", "minimum", "slippage"]))
def test_costs_only_reduce_equity_where_prices_stand_still(world, dearer):
    # With moving prices a dearer run may buy less of a loser; on still prices costs are all.
    market, decisions, strategy, terms = world
    flat = a_market({symbol: [10.0] * len(market.sessions) for symbol in market.symbols})
    costs = {
        "commission": some_costs(per_share=0.3),
        "minimum": some_costs(minimum=9.0),
        "slippage": some_costs(slippage_bps=300.0),
    }[dearer]
    free = some_terms(
        capital=terms.capital_usd,
        cap=terms.limits.max_position_pct,
        positions=terms.limits.max_positions,
    )
    without = _run(flat, decisions, strategy, free)
    costed = _run(flat, decisions, strategy, replace(free, costs=costs))
    assert (costed.equity <= without.equity).all()
    assert (np.diff(costed.equity) <= 1e-9).all()
    assert costed.equity == pytest.approx(terms.capital_usd - costed.costs.cumsum(), abs=1e-6)


@KEPT
@given(world=worlds())
def test_what_a_run_cost_is_what_it_lacks_against_the_market_prices(world):
    market, _, _, _ = world
    result = _run(*world)
    for row in range(len(market.sessions)):
        fills = result.fills[result.fills["session"] == row]
        opened = market.traded_open[row, fills["symbol"]]
        # What was delisted has no open and is settled without costs.
        at_market = np.where(np.isnan(opened), fills["price"], opened)
        slippage = fills["quantity"] * (fills["price"] - at_market)
        assert result.costs[row] == pytest.approx((slippage + fills["commission"]).sum())
        assert result.traded[row] == pytest.approx(abs(fills["quantity"]) @ fills["price"])


def test_an_exit_in_the_entry_session_waits_for_the_minimum_hold():
    market = a_market({"AAA": [10.0] * 8})
    result = _run(
        market,
        some_decisions(market, entries=[(0, "AAA", 1.0)], exits=[(1, "AAA")]),
        Holding(min_hold_days=4, max_hold_days=6),
        some_terms(),
    )
    assert result.trades["exit"].tolist() == [5]
