"""Over random markets: every limit holds on every session, and live sizing buys the same."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_oracle.research.simulator import FLAT_CAP, backtest
from alpha_oracle.risk import limits, sizing
from tests.unit.research.openings import openings
from tests.unit.research.reference_simulator import Replay
from tests.unit.research.worlds import worlds
from tests.unit.risk.schedules import in_decimals

KEPT = settings(max_examples=100)
NOISE = 1e-6


def _run(world, *, kelly=FLAT_CAP):
    market, decisions, strategy, terms = world
    return backtest(decisions, market, strategy=strategy, kelly_fraction=kelly, terms=terms)


@KEPT
@given(world=worlds())
def test_no_entry_exceeds_a_position_its_price_or_the_cash_that_is_free(world):
    market, _, _, terms = world
    bounds = terms.limits
    for opening in openings(market, _run(world)):
        left = opening.cash
        for fill in opening.purchases:
            opened = market.traded_open[opening.row, fill["symbol"]]
            largest = opening.equity * bounds.max_position_pct / 100
            assert fill["quantity"] * opened <= largest + NOISE
            assert opened >= bounds.min_price_usd
            left -= fill["quantity"] * fill["price"] + fill["commission"]
        assert left >= opening.equity * bounds.min_cash_pct / 100 - NOISE


@KEPT
@given(world=worlds())
def test_no_entry_takes_a_sector_over_its_cap(world):
    market, _, _, terms = world
    if market.context.sector is None or not (market.context.sector >= 0).any():
        return
    for opening in openings(market, _run(world)):
        exposure = opening.by_sector(market)
        for fill in opening.purchases:
            sector = market.context.sector[opening.row - 1, fill["symbol"]]
            exposure[sector] += fill["quantity"] * opening.prices[int(fill["symbol"])]
            cap = opening.equity * terms.limits.max_sector_pct / 100
            assert exposure[sector] <= cap + NOISE


@KEPT
@given(world=worlds())
def test_no_session_has_more_positions_or_trades_than_allowed_where_it_buys(world):
    market, _, _, terms = world
    for opening in openings(market, _run(world)):
        held = len(opening.held) + len(opening.purchases)
        assert held <= terms.limits.max_positions
        assert opening.trades <= terms.limits.max_trades_per_day


@KEPT
@given(world=worlds())
def test_a_session_that_opens_at_a_loss_over_its_bounds_buys_nothing(world):
    market, _, _, terms = world
    result = _run(world)
    for opening in openings(market, result):
        peak = max(terms.capital_usd, *result.equity[: opening.row])
        before = result.equity[opening.row - 1]
        assert (peak - opening.equity) / peak * 100 < terms.limits.max_drawdown_pct
        assert (before - opening.equity) / before * 100 < terms.limits.max_daily_loss_pct
        assert result.halted_by[opening.row] == -1


@dataclass
class LiveSized(Replay):
    """The witness, its entries sized by the functions of live trading, in decimals."""

    def _sized(self, row, name, opened, equity, used):
        bounds = self.terms.limits
        cap, kelly = Decimal(str(bounds.max_position_pct)), Decimal(str(self.kelly))
        wanted = sizing.whole_shares(sizing.target_notional(equity, kelly, cap), opened)
        if wanted == 0:
            return 0, "less than one share"
        if used is not None:
            room = limits.room_usd(equity, used, Decimal(str(bounds.max_sector_pct)))
            wanted = min(wanted, sizing.whole_shares(room, opened))
        slip = self._slip(row, name, wanted) if wanted else Decimal(0)
        if slip is None or wanted == 0:
            return 0, "sector" if wanted == 0 else "unknown daily volume"
        free = sizing.spendable_cash(self.cash, equity, Decimal(str(bounds.min_cash_pct)))
        schedule = in_decimals(self.terms.costs.commission)
        paid = sizing.affordable_shares(free, opened * (1 + slip), schedule)
        return min(wanted, paid), "cash"


@KEPT
@given(world=worlds(), kelly=st.sampled_from([FLAT_CAP, 0.17, 0.03]))
def test_live_trading_sizes_the_same_entries_in_decimals(world, kelly):
    market, *_ = world
    result = _run(world, kelly=kelly)
    live = LiveSized(*world, kelly=kelly).run()
    simulated = [
        (row, market.symbols[column], quantity)
        for row, column, quantity, *_ in result.fills.tolist()
    ]
    assert sorted(simulated) == sorted(fill[:3] for fill in live.fills)
    assert result.equity == pytest.approx([float(value) for value in live.equity], rel=1e-9)
