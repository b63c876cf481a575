"""A list of orders replayed on stored bars: fills, refusals with their reason, a daily ledger.

The simulator's own ledger without its limits: an order fills at the open of the session after the
one it was decided on, sales before purchases, each as listed. What cash cannot pay in full, or is
more than is held, is refused; a purchase lapses where its session has no bar, a sale waits. A
quantity is of shares as they are on the session that fills it, behind any split of its open.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.market import BPS
from alpha_oracle.domain.orders import Side
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.refused_orders import misplaced, refusal_reason
from alpha_oracle.research.simulation import records, replay
from alpha_oracle.research.simulation.market import read_only, simulated_market
from alpha_oracle.research.simulation.records import FOREVER
from alpha_oracle.risk.commissions import Commission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alpha_oracle.domain.listed_orders import ListedOrder
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.features.panel import MarketPanel


def commission_per_share(usd: float) -> Commission[float]:
    """Return the schedule that charges `usd` a share and nothing else."""
    return Commission(float(usd), 0.0, inf, 0.0, 0.0)


def commission_pct(pct: float) -> Commission[float]:
    """Return the schedule that charges `pct` percent of an order's notional and nothing else."""
    # The minimum that no order reaches leaves the maximum to decide.
    return Commission(0.0, inf, float(pct), 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayTerms:
    """What a replayed account starts with and pays; slippage is on each side."""

    capital_usd: float
    commission: Commission[float]
    slippage_bps: float

    def __post_init__(self) -> None:
        if not 0.0 < self.capital_usd < inf:
            raise ConfigurationError(f"capital is {self.capital_usd:g} USD; give more than 0")
        if not 0.0 <= self.slippage_bps < BPS:
            raise ConfigurationError(f"slippage is {self.slippage_bps:g} bps; give 0 to {BPS - 1}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFill:
    """One execution; what is delisted is sold at its last price, without an order."""

    session: Session
    symbol: Symbol
    side: Side
    quantity: int
    price: float
    commission: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOrder:
    """An order that was not filled, and why."""

    order: ListedOrder
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplayResult:
    """What became of a list of orders.

    `fills` as they came, `refused` as listed; `cash` and `equity` (USD) at the close of each of
    `sessions`: from the first an order was decided on to the last of the market. None where no
    order is of a session of the market.
    """

    fills: tuple[ReplayFill, ...]
    refused: tuple[RefusedOrder, ...]
    sessions: NDArray[np.datetime64]
    cash: NDArray[np.float64]
    equity: NDArray[np.float64]


def replay_orders(
    orders: Sequence[ListedOrder], panel: MarketPanel, *, terms: ReplayTerms
) -> ReplayResult:
    """Trade `orders`, in any order of sessions, on a market."""
    reasons = misplaced(orders, panel)
    placed = [place for place in range(len(orders)) if place not in reasons]
    table, places = _table(orders, placed, panel)
    first = int(table["session"][0]) if placed else len(panel.sessions)
    book = _empty_book(panel, first=first, orders=len(table), capital=terms.capital_usd)
    if placed:
        replay.replay_sessions(
            simulated_market(panel, impact=0.0),
            _no_wishes(panel),
            table,
            terms=_terms(terms, first=first),
            book=book,
        )
    for place, outcome in zip(places, table, strict=True):
        if outcome["outcome"] != replay.FILLED:
            reasons[place] = refusal_reason(outcome, panel)
    return ReplayResult(
        fills=tuple(_fill(fill, panel) for fill in book.fills[: book.counts[1]]),
        refused=tuple(
            RefusedOrder(order=orders[place], reason=reasons[place]) for place in sorted(reasons)
        ),
        sessions=panel.sessions[first:],
        cash=book.days["cash"],
        equity=book.days["equity"],
    )


def _table(
    orders: Sequence[ListedOrder], placed: Sequence[int], panel: MarketPanel
) -> tuple[records.Records, list[int]]:
    rows = {day.item(): row for row, day in enumerate(panel.sessions)}
    columns = {symbol: column for column, symbol in enumerate(panel.symbols)}
    places = sorted(
        placed, key=lambda place: (orders[place].session, orders[place].side is Side.BUY, place)
    )
    table = np.zeros(len(places), replay.ORDER)
    table["outcome"] = replay.LAST_SESSION
    for row, place in zip(table, places, strict=True):
        order = orders[place]
        row["session"] = rows[order.session]
        row["symbol"] = columns[order.symbol]
        row["quantity"] = order.quantity if order.side is Side.BUY else -order.quantity
    return table, places


def _no_wishes(panel: MarketPanel) -> records.Wishes:
    sessions, columns = panel.traded_close.shape
    return records.Wishes(
        np.zeros(sessions + 1, np.int64),
        np.zeros(0, np.int64),
        read_only(np.zeros((sessions, columns), np.bool_)),
    )


def _terms(terms: ReplayTerms, *, first: int) -> records.Terms:
    return records.Terms(
        first=first,
        kelly_fraction=inf,
        max_position_pct=inf,
        max_sector_pct=inf,
        min_price=0.0,
        min_cash_pct=0.0,
        max_positions=FOREVER,
        max_trades_per_day=FOREVER,
        max_drawdown_pct=inf,
        max_daily_loss_pct=inf,
        commission=terms.commission,
        slippage_fraction=terms.slippage_bps / BPS,
        min_hold=0,
        max_hold=FOREVER,
    )


def _empty_book(panel: MarketPanel, *, first: int, orders: int, capital: float) -> records.Book:
    columns = len(panel.symbols)
    return records.Book(
        cash=np.array([capital], np.float64),
        equity=np.array([capital], np.float64),
        peak=np.array([capital], np.float64),
        counts=np.zeros(3, np.int64),
        taken=np.full(columns, -1, np.int64),
        lots=np.zeros(columns, records.LOT),
        # What is delisted is sold without an order, but was bought by one.
        fills=np.zeros(2 * orders, records.FILL),
        trades=np.zeros(orders, records.TRADE),
        days=np.zeros(len(panel.sessions) - first, records.DAY),
        refused=np.zeros(len(records.REFUSALS), np.int64),
        sector_usd=np.zeros(1),
    )


def _fill(fill: records.Record, panel: MarketPanel) -> ReplayFill:
    quantity = int(fill["quantity"])
    return ReplayFill(
        session=panel.sessions[fill["session"]].item(),
        symbol=panel.symbols[fill["symbol"]],
        side=Side.BUY if quantity > 0 else Side.SELL,
        quantity=abs(quantity),
        price=float(fill["price"]),
        commission=float(fill["commission"]),
    )
