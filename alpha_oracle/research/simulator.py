"""The portfolio simulator: decisions in, fills, trades and a daily ledger out.

Rules, in the order of a session: dividends and splits of its open; exits; entries by strength then
symbol, sized at that open with equity marked at that open; marks at the close. Decisions of a close
trade at the next open. An entry lapses where that session has no bar, an exit waits for the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research import kernel
from alpha_oracle.research.compiled import compiled
from alpha_oracle.risk import sizing

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.features.panel import MarketPanel
    from alpha_oracle.strategies.base import Decisions, Strategy

FLAT_CAP: Final = 1.0
"""The Kelly fraction that leaves the position cap alone to decide."""

BPS: Final = 10_000

_run_sessions = compiled(
    kernel.run_sessions,
    calls=(
        sizing.target_notional,
        sizing.spendable_cash,
        sizing.whole_shares,
        sizing.order_commission,
        sizing.affordable_shares,
        kernel.record_fill,
        kernel.open_lot,
        kernel.close_lot,
        kernel.apply_actions,
        kernel.close_due,
        kernel.wished_for,
        kernel.equity_at_open,
        kernel.enter,
        kernel.mark_at_close,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingLimits:
    """Limits of a simulated portfolio; percents of equity."""

    max_position_pct: float
    max_positions: int
    min_cash_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingCosts:
    """Commission in USD a share with a minimum an order, and slippage on each side."""

    commission_per_share_usd: float
    min_commission_usd: float
    slippage_bps: float


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
    slippage) are USD by session. `fills` has the fields of `kernel.FILL` (a sale's quantity is
    negative), `trades` those of `kernel.TRADE`: closed lots in the order they closed, with profit
    after costs, dividends included. Their sessions and symbols are indices into `sessions` and
    `symbols`.
    """

    sessions: NDArray[np.datetime64]
    symbols: tuple[Symbol, ...]
    equity: NDArray[np.float64]
    cash: NDArray[np.float64]
    traded: NDArray[np.float64]
    costs: NDArray[np.float64]
    fills: NDArray[np.void]
    trades: NDArray[np.void]


def backtest(  # noqa: D417 - The rest says what it is.
    decisions: Decisions,
    market: MarketPanel,
    *,
    strategy: Strategy,
    kelly_fraction: float,
    terms: TradingTerms,
    start: Session | None = None,
    end: Session | None = None,
) -> BacktestResult:
    """Trade a strategy's decisions from `start` to `end`, both included (None: the whole panel).

    Args:
        decisions: of the same shape as the market.
        kelly_fraction: share of equity an entry may take below the position cap; 0 or less buys
            nothing, `FLAT_CAP` leaves the cap alone to decide.

    Raises:
        ConfigurationError: no session of the market lies between `start` and `end`.
    """
    first, stop = _span(market, start, end)
    book = _empty_book(decisions, first=first, stop=stop, terms=terms)
    _run_sessions(
        _market(market),
        kernel.Wishes(entry=_read_only(decisions.entry), exit=_read_only(decisions.exit)),
        _terms(strategy, first=first, kelly_fraction=kelly_fraction, terms=terms),
        book,
    )
    return _result(book, market, first=first, stop=stop)


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


def _market(market: MarketPanel) -> kernel.Market:
    return kernel.Market(
        open=_read_only(market.traded_open),
        close=_read_only(market.traded_close),
        split=_read_only(market.split),
        dividend=_read_only(market.dividend),
        order=np.array(
            sorted(range(len(market.symbols)), key=market.symbols.__getitem__), np.int64
        ),
    )


def _terms(
    strategy: Strategy, *, first: int, kelly_fraction: float, terms: TradingTerms
) -> kernel.Terms:
    return kernel.Terms(
        first=first,
        kelly_fraction=float(kelly_fraction),
        max_position_pct=float(terms.limits.max_position_pct),
        min_cash_pct=float(terms.limits.min_cash_pct),
        max_positions=int(terms.limits.max_positions),
        commission_per_share=float(terms.costs.commission_per_share_usd),
        min_commission=float(terms.costs.min_commission_usd),
        slippage_fraction=float(terms.costs.slippage_bps) / BPS,
        min_hold=int(strategy.min_hold_days),
        max_hold=int(strategy.max_hold_days),
    )


def _empty_book(decisions: Decisions, *, first: int, stop: int, terms: TradingTerms) -> kernel.Book:
    slots = min(terms.limits.max_positions, decisions.entry.shape[1])
    # The most there can be; the system gives pages only to what is written.
    entries = slots * (stop - first)
    return kernel.Book(
        cash=np.array([terms.capital_usd], np.float64),
        counts=np.zeros(3, np.int64),
        taken=np.full(decisions.entry.shape[1], -1, np.int64),
        lots=np.zeros(slots, kernel.LOT),
        fills=np.zeros(2 * entries, kernel.FILL),
        trades=np.zeros(entries, kernel.TRADE),
        days=np.zeros(stop - first, kernel.DAY),
    )


def _result(book: kernel.Book, market: MarketPanel, *, first: int, stop: int) -> BacktestResult:
    fills = book.fills[: book.counts[1]].copy()
    trades = book.trades[: book.counts[2]].copy()
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
        fills=fills,
        trades=trades,
    )


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    # One memory layout and one mutability: numba compiles anew for each combination it meets.
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view
