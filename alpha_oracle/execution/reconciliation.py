"""The book beside the broker's: what differs, how much of equity that is, what is told of it.

Only quantities decide (the drift halts what adds risk); a difference in cash is shown and told.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import WORKING
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.domain.trading_records import Mismatch, Reconciliation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from alpha_oracle.domain.broker import BrokerSnapshot
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.execution.book import Book

MISMATCH: Final = "reconciliation_mismatch"
CASH_DIFFERENCE: Final = "cash_difference"
FOREIGN_ORDERS: Final = "foreign_orders"
SMALLEST_TOLD_USD: Final = Decimal("0.01")
SHOWN: Final = 10
"""Symbols named in an alert; the record has all of them."""


class BookReconciler:
    """Reconciles, and tells what it found once, until it finds something else.

    `max_drift_pct` is percent of equity: from there on, or unknown, a mismatch is high.
    """

    def __init__(self, *, max_drift_pct: Decimal) -> None:
        self._max_drift_pct = max_drift_pct
        self._told: dict[str, str] = {}

    def __call__(
        self,
        book: Book,
        snapshot: BrokerSnapshot,
        *,
        occasion: str,
        strangers: Collection[str],
    ) -> tuple[Reconciliation, tuple[TradingEvent, ...]]:
        """Return what was found, and what of it is new to others."""
        found = reconcile(book, snapshot, occasion=occasion, strangers=strangers)
        alerts = {
            alert.type: alert
            for alert in _alerts(
                found, max_drift_pct=self._max_drift_pct, is_cash_whole=_is_cash_whole(book)
            )
        }
        new = tuple(
            alert for name, alert in alerts.items() if self._told.get(name) != alert.message
        )
        self._told = {name: alert.message for name, alert in alerts.items()}
        return found, new


def reconcile(
    book: Book, snapshot: BrokerSnapshot, *, occasion: str, strangers: Collection[str]
) -> Reconciliation:
    """Return what differs between a book and a broker's complete snapshot."""
    mismatches = tuple(_mismatches(book, snapshot))
    return Reconciliation(
        account=book.state.account,
        at=snapshot.at,
        occasion=occasion,
        mismatches=mismatches,
        drift_pct=drift_pct(mismatches, equity_usd=_equity(book, snapshot)),
        cash_difference_usd=snapshot.account.cash - book.state.cash_usd,
        foreign_orders=tuple(
            sorted(
                order.broker_order_id
                for order in snapshot.orders
                if not order.is_ours and order.status in WORKING
            )
        ),
        strangers=tuple(sorted(strangers)),
    )


def drift_pct(mismatches: Collection[Mismatch], *, equity_usd: Decimal | None) -> Decimal | None:
    """Return the sum of |broker - book| at its prices in percent of equity.

    0 where nothing differs; None where a price or the equity is unknown.
    """
    if not mismatches:
        return Decimal(0)
    prices = [one.price for one in mismatches if one.price is not None]
    if equity_usd is None or len(prices) < len(mismatches):
        return None
    usd = sum(
        (abs(one.broker - one.book) * price for one, price in zip(mismatches, prices, strict=True)),
        Decimal(0),
    )
    return usd / equity_usd * 100


def held_shares(book: Book) -> Counter[Symbol]:
    """Return a book's shares by symbol, over all strategies."""
    shares: Counter[Symbol] = Counter()
    for lot in book.lots.values():
        shares[lot.symbol] += lot.quantity
    return shares


def _mismatches(book: Book, snapshot: BrokerSnapshot) -> Iterator[Mismatch]:
    ours, theirs = held_shares(book), snapshot.positions
    for symbol in sorted(ours.keys() | theirs.keys()):
        quantity = theirs.get(symbol, 0)
        if ours[symbol] != quantity:
            yield Mismatch(
                symbol=symbol, book=ours[symbol], broker=quantity, price=book.marks.get(symbol)
            )


def _equity(book: Book, snapshot: BrokerSnapshot) -> Decimal | None:
    # The smaller of the two makes a drift look larger.
    known = [
        equity
        for equity in (book.equity_usd(), snapshot.account.equity)
        if equity is not None and equity > 0
    ]
    return min(known, default=None)


def _is_cash_whole(book: Book) -> bool:
    # A commission that was taken but not told yet is no difference.
    return all(one.fill.commission is not None for one in book.executions.values())


def _alerts(
    found: Reconciliation, *, max_drift_pct: Decimal, is_cash_whole: bool
) -> Iterator[RiskAlert]:
    if found.mismatches:
        is_small = found.drift_pct is not None and found.drift_pct < max_drift_pct
        yield RiskAlert(
            type=MISMATCH,
            severity=Severity.WARNING if is_small else Severity.HIGH,
            value=found.drift_pct,
            threshold=max_drift_pct,
            message=f"book and broker differ: {_told(found.mismatches)}; see `reconcile show`",
            at=found.at,
        )
    if is_cash_whole and abs(found.cash_difference_usd) >= SMALLEST_TOLD_USD:
        yield _warning(
            CASH_DIFFERENCE,
            f"the broker has {found.cash_difference_usd:+.2f} USD of cash beside the book",
            value=found.cash_difference_usd,
            at=found.at,
        )
    if found.foreign_orders:
        yield _warning(
            FOREIGN_ORDERS,
            f"orders of other clients work at the broker: {', '.join(found.foreign_orders)}",
            value=Decimal(len(found.foreign_orders)),
            at=found.at,
        )


def _told(mismatches: tuple[Mismatch, ...]) -> str:
    named = [f"{one.symbol} {one.book} here, {one.broker} there" for one in mismatches[:SHOWN]]
    more = len(mismatches) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _warning(kind: str, message: str, *, value: Decimal, at: datetime) -> RiskAlert:
    return RiskAlert(
        type=kind,
        severity=Severity.WARNING,
        value=value,
        threshold=None,
        message=message,
        at=at,
    )
