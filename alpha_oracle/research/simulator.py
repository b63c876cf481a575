"""The portfolio simulator: decisions in, fills, trades and a daily ledger out.

Rules, in the order of a session: dividends and splits of its open; exits; entries by strength then
symbol, sized at that open with equity marked at that open, under every limit of positions and of
the portfolio; marks at the close. Decisions of a close trade at the next open. An entry lapses
where that session has no bar, an exit waits for the next. A bar without volume is no trade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.market import BPS
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.compiled import compiled
from alpha_oracle.research.simulation import kernel, ledger, records, wishes
from alpha_oracle.research.simulation.market import read_only, simulated_market, symbol_order
from alpha_oracle.risk import commissions, limits, sizing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.research.simulation.records import Market
    from alpha_oracle.risk.commissions import Commission
    from alpha_oracle.strategies.base import Decisions, Strategy

FLAT_CAP: Final = 1.0
"""The Kelly fraction that leaves the position cap alone to decide."""

_run_sessions = compiled(
    kernel.run_sessions,
    calls=(
        sizing.target_notional,
        sizing.spendable_cash,
        sizing.whole_shares,
        sizing.affordable_shares,
        commissions.order_commission,
        limits.room_usd,
        limits.is_price_allowed,
        limits.decline_pct,
        limits.is_below,
        ledger.record_fill,
        ledger.open_lot,
        ledger.close_lot,
        ledger.apply_actions,
        ledger.equity_at_open,
        kernel.slippage_of,
        kernel.sale_of,
        kernel.purchase_of,
        kernel.close_due,
        kernel.halt,
        kernel.sum_sectors,
        kernel.refused_by,
        kernel.take,
        kernel.buy,
        kernel.enter,
        kernel.mark_at_close,
    ),
    allocates=False,
)
_listed = compiled(wishes.listed, calls=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingLimits:
    """Limits of a simulated portfolio; percents of equity, prices in USD."""

    max_position_pct: float
    max_sector_pct: float
    min_price_usd: float
    max_positions: int
    max_trades_per_day: int
    min_cash_pct: float
    max_drawdown_pct: float
    max_daily_loss_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingCosts:
    """A broker's commissions, and what an order gives away to the market.

    Slippage is `slippage_bps` on each side, and `impact` times the symbol's daily volatility times
    the square root of the order's share of its daily volume (0: a size does not matter).
    """

    commission: Commission[float]
    slippage_bps: float
    impact: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingTerms:
    """What a simulated account starts with and trades by."""

    capital_usd: float
    limits: TradingLimits
    costs: TradingCosts

    def __post_init__(self) -> None:
        if not self.capital_usd > 0:
            raise ConfigurationError(f"capital is {self.capital_usd:g} USD; give more than 0")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BacktestResult:
    """What a run did, session by session. The first session only decides: nothing can fill on it.

    `equity`, `cash` at each close, `traded` (bought and sold) and `costs` (commissions and
    slippage) are USD by session; `halted_by` is the loss that halted a session's entries, a place
    in `records.REFUSALS`, or -1. `fills` has the fields of `records.FILL` (a sale's quantity is
    negative), `trades` those of `records.TRADE`: closed lots in the order they closed, with profit
    after costs, dividends included; `still_open` are the lots held at the end, at their last mark.
    Their sessions and symbols are indices into `sessions` and `symbols`. `refused` counts the
    entries that were not bought, by `records.REFUSALS`.
    """

    sessions: NDArray[np.datetime64]
    symbols: tuple[Symbol, ...]
    equity: NDArray[np.float64]
    cash: NDArray[np.float64]
    traded: NDArray[np.float64]
    costs: NDArray[np.float64]
    halted_by: NDArray[np.int64]
    fills: NDArray[np.void]
    trades: NDArray[np.void]
    still_open: NDArray[np.void]
    refused: NDArray[np.int64]

    @property
    def every_trade(self) -> NDArray[np.void]:
        """The closed trades, then those still open: a rule that keeps its losers shows them."""
        return np.concatenate([self.trades, self.still_open])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Simulator:
    """Decisions on a market, laid out once for any number of runs over parts of it."""

    panel: MarketPanel
    market: Market
    wishes: records.Wishes
    terms: TradingTerms
    min_hold: int
    max_hold: int

    @classmethod
    def of(
        cls,
        decisions: Decisions,
        panel: MarketPanel,
        *,
        strategy: Strategy,
        terms: TradingTerms,
        market: Market | None = None,
    ) -> Simulator:
        """Lay out a strategy's decisions, of the same shape as the panel.

        `market` is the panel as another simulator of the same terms laid it out.
        """
        offsets, symbols = _listed(read_only(decisions.entry), symbol_order(panel.symbols))
        return cls(
            panel=panel,
            market=market or simulated_market(panel, impact=terms.costs.impact),
            wishes=records.Wishes(offsets, symbols, read_only(decisions.exit)),
            terms=terms,
            min_hold=int(strategy.min_hold_days),
            max_hold=int(strategy.max_hold_days),
        )

    def run(
        self, *, kelly_fraction: float, start: Session | None = None, end: Session | None = None
    ) -> BacktestResult:
        """Trade from `start` to `end`, both included (None: the whole panel).

        Args:
            kelly_fraction: share of equity an entry may take below the position cap; 0 or less
                buys nothing, `FLAT_CAP` leaves the cap alone to decide.
            start: its close is the first to decide.
            end: the last session traded.

        Raises:
            ConfigurationError: no session of the market lies between `start` and `end`.
        """
        return self.run_rows(slice(*_span(self.panel, start, end)), kelly_fraction=kelly_fraction)

    def run_rows(self, rows: slice, *, kelly_fraction: float) -> BacktestResult:
        """Trade some rows of the panel as `run` does; the close of the first decides."""
        book = self._empty_book(rows.stop - rows.start)
        terms = self._terms(first=rows.start, kelly_fraction=kelly_fraction)
        _run_sessions(self.market, self.wishes, terms, book)
        return _result(book, self.panel, first=rows.start, stop=rows.stop)

    def _terms(self, *, first: int, kelly_fraction: float) -> records.Terms:
        bounds, costs = self.terms.limits, self.terms.costs
        return records.Terms(
            first=first,
            kelly_fraction=float(kelly_fraction),
            max_position_pct=float(bounds.max_position_pct),
            max_sector_pct=float(bounds.max_sector_pct),
            min_price=float(bounds.min_price_usd),
            min_cash_pct=float(bounds.min_cash_pct),
            max_positions=int(bounds.max_positions),
            max_trades_per_day=int(bounds.max_trades_per_day),
            max_drawdown_pct=float(bounds.max_drawdown_pct),
            max_daily_loss_pct=float(bounds.max_daily_loss_pct),
            commission=costs.commission,
            slippage_fraction=float(costs.slippage_bps) / BPS,
            min_hold=self.min_hold,
            max_hold=self.max_hold,
        )

    def _empty_book(self, sessions: int) -> records.Book:
        columns = self.wishes.exit.shape[1]
        slots = min(self.terms.limits.max_positions, columns)
        # The most there can be. Pages are given to what is written only; nothing else is read.
        entries = min(slots * sessions, len(self.wishes.symbols))
        days = np.zeros(sessions, records.DAY)
        days["halted_by"] = records.NOT_REFUSED
        return records.Book(
            cash=np.array([self.terms.capital_usd], np.float64),
            equity=np.array([self.terms.capital_usd], np.float64),
            peak=np.array([self.terms.capital_usd], np.float64),
            counts=np.zeros(3, np.int64),
            taken=np.full(columns, -1, np.int64),
            lots=np.zeros(slots, records.LOT),
            fills=np.empty(2 * entries, records.FILL),
            trades=np.empty(entries, records.TRADE),
            days=days,
            refused=np.zeros(len(records.REFUSALS), np.int64),
            sector_usd=np.zeros(len(self.panel.context.sector_names) + 1),
        )


def backtest(
    decisions: Decisions,
    market: MarketPanel,
    *,
    strategy: Strategy,
    kelly_fraction: float,
    terms: TradingTerms,
    start: Session | None = None,
    end: Session | None = None,
) -> BacktestResult:
    """Trade a strategy's decisions once, as `Simulator.run` does."""
    simulator = Simulator.of(decisions, market, strategy=strategy, terms=terms)
    return simulator.run(kelly_fraction=kelly_fraction, start=start, end=end)


def _span(market: MarketPanel, start: Session | None, end: Session | None) -> tuple[int, int]:
    sessions = market.sessions
    first = 0 if start is None else int(np.searchsorted(sessions, np.datetime64(start, "D")))
    stop = (
        len(sessions)
        if end is None
        else int(np.searchsorted(sessions, np.datetime64(end, "D"), side="right"))
    )
    if first >= stop:
        raise ConfigurationError(
            f"no session with bars from {start or 'the first'} to {end or 'the last'}; "
            "choose a range inside the stored history"
        )
    return first, stop


def _result(book: records.Book, market: MarketPanel, *, first: int, stop: int) -> BacktestResult:
    # The rest of either was never touched, so the system never gave it pages.
    fills = book.fills[: book.counts[1]]
    trades = book.trades[: book.counts[2]]
    fills["session"] -= first
    trades["entry"] -= first
    trades["exit"] -= first
    return BacktestResult(
        sessions=market.sessions[first:stop],
        symbols=market.symbols,
        equity=book.days["equity"],
        cash=book.days["cash"],
        traded=book.days["traded"],
        costs=book.days["costs"],
        halted_by=book.days["halted_by"],
        fills=fills,
        trades=trades,
        still_open=_still_open(book, first=first, stop=stop),
        refused=book.refused,
    )


def _still_open(book: records.Book, *, first: int, stop: int) -> NDArray[np.void]:
    lots = book.lots[: book.counts[0]]
    trades = np.empty(len(lots), records.TRADE)
    for name in ("symbol", "paid"):
        trades[name] = lots[name]
    trades["entry"] = lots["entry"] - first
    trades["exit"] = stop - 1 - first
    trades["quantity"] = lots["bought"]
    trades["pnl"] = lots["received"] + lots["quantity"] * lots["mark"] - lots["paid"]
    trades["reason"] = records.STILL_OPEN
    return trades
