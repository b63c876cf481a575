"""Small markets and decisions for the simulator's tests, by hand and at random."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from hypothesis import strategies as st

from alpha_oracle.domain.market import Symbol
from alpha_oracle.features.context import NO_CONTEXT, MarketContext
from alpha_oracle.features.panel import MarketPanel
from alpha_oracle.research.simulator import TradingCosts, TradingLimits, TradingTerms
from alpha_oracle.risk.commissions import FREE, IBKR_FIXED, IBKR_TIERED
from alpha_oracle.strategies.base import Decisions
from tests.builders import sessions_from

COSTLESS = TradingCosts(commission=FREE, slippage_bps=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A strategy that has no rule of its own."""

    name: str = "Holding"
    min_hold_days: int = 2
    max_hold_days: int = 20
    features: tuple[str, ...] = ()

    def decide(self, market, features):
        raise NotImplementedError


def some_costs(*, per_share=0.0, minimum=0.0, slippage_bps=0.0):
    """Costs of the plainest schedule: by the share, with a minimum."""
    commission = FREE._replace(per_share=per_share, minimum=minimum)
    return TradingCosts(commission=commission, slippage_bps=slippage_bps)


def some_terms(*, capital=10_000.0, cap=25.0, positions=20, min_cash=0.0, costs=COSTLESS, **bounds):
    """Terms of which only the position's cap and the cash reserve bind, and the bounds given."""
    limits = TradingLimits(
        max_position_pct=cap,
        max_positions=positions,
        min_cash_pct=min_cash,
        max_sector_pct=bounds.get("sector", 100.0),
        min_price_usd=bounds.get("min_price", 0.0),
        max_trades_per_day=bounds.get("trades", 1_000),
        max_drawdown_pct=bounds.get("drawdown", 1_000.0),
        max_daily_loss_pct=bounds.get("daily_loss", 1_000.0),
    )
    return TradingTerms(capital_usd=capital, limits=limits, costs=costs)


def a_market(opens, closes=None, *, splits=(), dividends=(), sectors=None):
    """A market of `{symbol: prices}`; actions are `(row, symbol, value)`; NaN: no bar.

    `sectors` are by symbol; one left out is unknown, none given: nobody has any.
    """
    symbols = tuple(Symbol(name) for name in opens)
    opened = np.array([opens[symbol] for symbol in symbols], dtype=np.float64).T
    closed = opened if closes is None else np.array([closes[s] for s in symbols], np.float64).T
    split, dividend = np.ones(opened.shape), np.zeros(opened.shape)
    for row, symbol, value in splits:
        split[row, symbols.index(symbol)] = value
    for row, symbol, value in dividends:
        dividend[row, symbols.index(symbol)] = value
    return MarketPanel(
        sessions=np.array(sessions_from(count=len(opened)), dtype="datetime64[D]"),
        symbols=symbols,
        open=opened,
        high=np.fmax(opened, closed),
        low=np.fmin(opened, closed),
        close=closed,
        volume=np.full(opened.shape, 1000.0),
        traded_open=opened,
        traded_close=closed,
        split=split,
        dividend=dividend,
        is_member=np.ones(opened.shape, np.bool_),
        context=NO_CONTEXT if sectors is None else _context(sectors, symbols, len(opened)),
    )


def _context(sectors, symbols, sessions):
    names = tuple(sorted(set(sectors.values())))
    codes = [names.index(sectors[name]) if name in sectors else -1 for name in symbols]
    sector = np.tile(np.array(codes, np.int16), (sessions, 1))
    return MarketContext(sector=sector, sector_names=names)


def some_decisions(market, *, entries=(), exits=(), shorts=()):
    """Decisions from `(row, symbol, strength)` and `(row, symbol)`; a short is an exit too."""
    entry = np.full(market.traded_open.shape, np.nan)
    short = np.full(entry.shape, np.nan) if shorts else None
    exit_ = np.zeros(entry.shape, np.bool_)
    for row, symbol, strength in entries:
        entry[row, market.symbols.index(symbol)] = strength
    for row, symbol in exits:
        exit_[row, market.symbols.index(symbol)] = True
    for row, symbol, strength in shorts:
        exit_[row, market.symbols.index(symbol)] = True
        short[row, market.symbols.index(symbol)] = strength
    return Decisions(entry=entry, exit=exit_, short=short)


def with_columns(market, decisions, order):
    """The same market and decisions with the columns in another order."""
    panel = {
        one.name: getattr(market, one.name)[:, order]
        for one in fields(market)
        if one.name not in {"sessions", "symbols", "context"}
    }
    symbols = tuple(market.symbols[column] for column in order)
    sector = market.context.sector
    context = replace(market.context, sector=None if sector is None else sector[:, order])
    return (
        replace(market, symbols=symbols, context=context, **panel),
        Decisions(entry=decisions.entry[:, order], exit=decisions.exit[:, order]),
    )


@st.composite
def worlds(draw):
    """A market with gaps, halts, splits, dividends and delistings, decisions, a strategy and terms.

    Its sectors are partly unknown and change; every limit may bind.
    """
    symbols, sessions = draw(st.integers(1, 5)), draw(st.integers(3, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (sessions, symbols)
    market = _random_market(draw, random, shape)
    strengths = random.choice([0.25, 0.5, 0.75, 1.0], shape)
    decisions = Decisions(
        entry=np.where(random.random(shape) < 0.3, strengths, np.nan),
        exit=random.random(shape) < 0.15,
    )
    min_hold = draw(st.integers(2, 4))
    strategy = Holding(min_hold_days=min_hold, max_hold_days=min_hold + draw(st.integers(0, 8)))
    terms = some_terms(
        capital=draw(st.sampled_from([100.0, 1000.0, 100_000.0])),
        cap=draw(st.sampled_from([5.0, 40.0, 100.0])),
        positions=draw(st.integers(1, 4)),
        min_cash=draw(st.sampled_from([0.0, 10.0])),
        costs=draw(_costs()),
        sector=draw(st.sampled_from([100.0, 45.0, 7.0])),
        min_price=draw(st.sampled_from([0.0, 0.0, 10.0])),
        trades=draw(st.sampled_from([1_000, 2, 1])),
        drawdown=draw(st.sampled_from([1_000.0, 10.0, 2.0])),
        daily_loss=draw(st.sampled_from([1_000.0, 3.0, 0.5])),
    )
    return market, decisions, strategy, terms


def _random_market(draw, random, shape):
    sessions, symbols = shape
    opens = np.round(random.uniform(5, 20) * np.exp(random.normal(0, 0.05, shape).cumsum(0)), 2)
    closes = np.round(opens * np.exp(random.normal(0, 0.02, shape)), 2)
    gone = random.random(shape) < draw(st.sampled_from([0.0, 0.1, 0.5]))
    gone |= np.arange(sessions)[:, None] > random.integers(sessions // 2, 2 * sessions, symbols)
    opens[gone] = closes[gone] = np.nan
    names = [f"S{number}" for number in range(symbols)]
    sectors = {name: str(random.choice(["Energy", "Utilities"])) for name in names}
    market = a_market(
        dict(zip(names, opens.T, strict=True)),
        dict(zip(names, closes.T, strict=True)),
        sectors=sectors if draw(st.booleans()) else None,
    )
    if market.context.sector is not None:
        market.context.sector[random.random(shape) < 0.2] = -1
    market.volume[:] = random.integers(100, 5_000, shape)
    market.volume[random.random(shape) < draw(st.sampled_from([0.0, 0.1]))] = 0.0
    market.volume[gone] = np.nan
    actions = random.random(shape) < draw(st.sampled_from([0.0, 0.05]))
    market.split[actions] = random.choice([2.0, 1.5, 0.5, 0.1, 1 / 3], actions.sum())
    market.dividend[random.random(shape) < 0.05] = 0.17
    return market


@st.composite
def _costs(draw):
    plain = FREE._replace(
        per_share=draw(st.sampled_from([0.0, 0.005, 0.1])),
        minimum=draw(st.sampled_from([0.0, 1.0, 7.0])),
    )
    return TradingCosts(
        commission=draw(st.sampled_from([plain, IBKR_FIXED, IBKR_TIERED])),
        slippage_bps=draw(st.sampled_from([0.0, 5.0, 200.0])),
        impact=draw(st.sampled_from([0.0, 0.0, 0.5])),
    )
