"""What is replayed, what came of it, and how two records of it differ."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.research.simulator import TradingCosts, TradingLimits, TradingTerms, backtest
from alpha_oracle.risk.commissions import IBKR_FIXED
from alpha_oracle.risk.sizing import half_kelly
from tests.trading import bounds
from tests.unit.research.test_ranker import GOOD
from tests.unit.research.worlds import Holding

CAPITAL_USD = 100_000.0
EVERYBODY_TRADES = 10_000_000
"""Shares traded a day: no order is large, and no volume runs out."""

A_CENT = 0.01
A_MILLIONTH = 1e-6
"""A broker's commissions are whole millionths of a dollar."""


class Traded(NamedTuple):
    """What a session traded of a symbol on one side; a sale's quantity is negative."""

    session: object
    symbol: str
    quantity: int
    price: float
    commission: float

    @property
    def place(self):
        """What it is compared with: the same session, side and symbol of another record."""
        return self.session, self.quantity > 0, self.symbol


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a run did: its fills, and equity and cash at the close of each session, USD."""

    fills: tuple[Traded, ...]
    equity: dict
    cash: dict


@dataclass(frozen=True, kw_only=True)
class Play:
    """What both sides trade, and by which bounds: the specification's, but for those told."""

    market: object
    decisions: object
    strategy: object = field(default_factory=Holding)
    win_rate: float = 0.6
    avg_win_loss_ratio: float = 1.4
    limits: dict = field(default_factory=dict)
    vix: float = 15.0
    adv_shares: int = EVERYBODY_TRADES
    quoted_volume: int = EVERYBODY_TRADES

    @property
    def days(self):
        """The sessions of the market."""
        return [one.item() for one in self.market.sessions]

    @property
    def rank(self):
        """The strategy's place, with the statistics its signals carry."""
        metrics = replace(GOOD, win_rate=self.win_rate, avg_win_loss_ratio=self.avg_win_loss_ratio)
        return StrategyRank(
            session=self.days[0],
            rank=1,
            strategy=self.strategy.name,
            composite=0.5,
            consistency=0.9,
            windows=4,
            metrics=metrics,
            refusals=(),
        )

    @property
    def bounds(self):
        """What the engine checks; as many orders a second as there are, where nothing is told."""
        told = {name: Decimal(str(value)) for name, value in self.limits.items()}
        return bounds(**{"max_orders_per_second": 1_000, "max_orders_per_minute": 1_000, **told})

    def simulated(self):
        """What the fast simulator makes of it."""
        told, days = self.bounds, self.days
        limits = TradingLimits(
            max_position_pct=float(told.max_position_pct),
            max_sector_pct=float(told.max_sector_pct),
            min_price_usd=float(told.min_price),
            max_positions=int(told.max_positions),
            max_trades_per_day=int(told.max_trades_per_day),
            min_cash_pct=float(told.min_cash_pct),
            max_drawdown_pct=float(told.max_drawdown_pct),
            max_daily_loss_pct=float(told.max_daily_loss_pct),
        )
        costs = TradingCosts(commission=IBKR_FIXED, slippage_bps=0.0)
        result = backtest(
            self.decisions,
            self.market,
            strategy=self.strategy,
            kelly_fraction=half_kelly(self.win_rate, self.avg_win_loss_ratio),
            terms=TradingTerms(capital_usd=CAPITAL_USD, limits=limits, costs=costs),
        )
        fills = [
            Traded(days[session], self.market.symbols[symbol], quantity, price, commission)
            for session, symbol, quantity, price, commission in result.fills.tolist()
        ]
        return Record(
            fills=tuple(sorted(fills, key=lambda one: one.place)),
            equity=dict(zip(days, result.equity.tolist(), strict=True)),
            cash=dict(zip(days, result.cash.tolist(), strict=True)),
        )


def differences(simulated, live):
    """Everything in which two records differ, in words: fills, then cash and equity at closes."""
    found = differing_fills(simulated, live)
    for name in ("cash", "equity"):
        ours, theirs = getattr(simulated, name), getattr(live, name)
        found += [
            f"{session}: {name} simulated {ours[session]:.2f}, live {theirs[session]}"
            for session in ours
            if not _is_close(ours[session], theirs[session], within=A_CENT)
        ]
    return found


def differing_fills(simulated, live):
    """The fills in which two records differ, oldest first, in words."""
    one, other = ({fill.place: fill for fill in record.fills} for record in (simulated, live))
    return [
        f"{place[0]}: simulated {_told(one.get(place))}, live {_told(other.get(place))}"
        for place in sorted(one.keys() | other.keys())
        if not _is_same(one.get(place), other.get(place))
    ]


def _told(fill):
    if fill is None:
        return "nothing"
    return f"{fill.quantity:+} {fill.symbol} at {fill.price:.2f} for {fill.commission:.2f}"


def _is_same(one, other):
    if one is None or other is None or one.quantity != other.quantity:
        return False
    return _is_close(one.price, other.price, within=A_MILLIONTH) and _is_close(
        one.commission, other.commission, within=A_MILLIONTH
    )


def _is_close(one, other, *, within):
    return other is not None and abs(one - other) <= within
