"""Lots, received signals and gathered facts of the trading lane, each stating what matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle.calendar import ExecutionWindow
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.portfolio import Lot
from alpha_oracle.domain.received_signals import ReceivedSignal, WinStatistics
from alpha_oracle.domain.signals import Direction
from alpha_oracle.execution.order_requests import EntryFacts, StrategyTerms
from tests.trading import STRATEGY, SYMBOL, TODAY, WINDOW, a_quote

if TYPE_CHECKING:
    from alpha_oracle.domain.market import Session

YESTERDAY: Final = WINDOW[-2]
HOLD: Final = Hold(min_days=2, max_days=20)
EDGE: Final = WinStatistics(win_rate=Decimal("0.6"), avg_win_loss_ratio=Decimal(2))
"""Half Kelly of it is 0.2: far above any cap."""

EXECUTION_WINDOW: Final = ExecutionWindow(start_after_open_minutes=5, stop_before_close_minutes=15)


def a_lot(**changes: Any) -> Lot:
    """100 AAA of MomentumStrategy, bought at 100 USD on Monday, to be held 2 to 20 sessions."""
    quantity = changes.get("quantity", 100)
    ordinary = Lot(
        account="paper",
        strategy=STRATEGY,
        symbol=SYMBOL,
        quantity=quantity,
        opened=WINDOW[0],
        last_traded=WINDOW[0],
        bought=Decimal(quantity),
        paid_usd=Decimal(100 * quantity),
        received_usd=Decimal(0),
        hold=HOLD,
    )
    return replace(ordinary, **changes)


def a_received_signal(**changes: Any) -> ReceivedSignal:
    """A LONG of AAA by MomentumStrategy on yesterday's close, whole, to be worked today."""
    session: Session = changes.get("session", YESTERDAY)
    ordinary = ReceivedSignal(
        signal_id="signal-1",
        session=session,
        strategy=STRATEGY,
        symbol=Symbol("AAA"),
        direction=Direction.LONG,
        strength=0.5,
        decided_at=datetime(2016, 1, 7, 22, tzinfo=UTC),
        expires_at=EXECUTION_WINDOW.end(TODAY),
        hold=HOLD,
        reference_price=Decimal("99.5"),
        statistics=EDGE,
    )
    return replace(ordinary, **changes)


def entry_facts(**changes: Any) -> EntryFacts:
    """An account of 100,000 USD that holds nothing and can buy AAA at 100 USD."""
    ordinary = EntryFacts(
        account="paper",
        session=TODAY,
        equity_usd=Decimal(100_000),
        free_cash_usd=Decimal(100_000),
        quote=a_quote(),
        last_close=Decimal(99),
        terms=StrategyTerms(),
        lot=None,
        is_working=False,
    )
    return replace(ordinary, **changes)
