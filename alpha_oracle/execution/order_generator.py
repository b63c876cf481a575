"""From a signal, or a lot that is due, to an order request: sized, or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import OrderPurpose, Side
from alpha_oracle.execution.identity import entry_order_id
from alpha_oracle.execution.order_requests import (
    EntryFacts,
    OrderRequest,
    Refusal,
    RefusalReason,
    StrategyTerms,
)
from alpha_oracle.risk.sizing import (
    affordable_shares,
    half_kelly,
    spendable_cash,
    target_notional,
    whole_shares,
)

if TYPE_CHECKING:
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.orders import Hold
    from alpha_oracle.domain.received_signals import ReceivedSignal, WinStatistics
    from alpha_oracle.execution.exits import DueExit
    from alpha_oracle.risk.commissions import Commission

_NO_LOSER: Final = Decimal("Infinity")
_R = RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderGenerator:
    """Sizes entries by half Kelly, and turns lots that are due into sales.

    `max_position_pct` and `min_cash_pct` are percent of equity. Room in a symbol and its sector is
    left to the risk checks, whose verdict on it is kept.
    """

    max_position_pct: Decimal
    min_cash_pct: Decimal
    commission: Commission[Decimal]

    def entry(self, signal: ReceivedSignal, facts: EntryFacts) -> OrderRequest | Refusal:
        """Return the purchase a LONG asks for, or why there is none.

        Raises:
            ValueError: the signal wants out.
        """
        if not signal.is_entry:
            raise ValueError(f"{signal.direction} of {signal.symbol} is no entry")
        terms = _refused_by_lot(signal, facts) or _terms(signal, facts.terms)
        if isinstance(terms, Refusal):
            return terms
        quantity = self.quantity(terms.kelly_fraction, facts)
        if isinstance(quantity, Refusal):
            return quantity
        return OrderRequest(
            order_id=entry_order_id(facts.account, signal.signal_id),
            account=facts.account,
            symbol=signal.symbol,
            side=Side.BUY,
            quantity=quantity,
            purpose=OrderPurpose.ENTRY,
            strategy=signal.strategy,
            session=facts.session,
            signal_id=signal.signal_id,
            reference_price=signal.reference_price or facts.last_close,
            hold=terms.hold,
        )

    def quantity(self, kelly_fraction: Decimal, facts: EntryFacts) -> int | Refusal:
        """Return how many shares an entry buys at the ask: whole ones, at most what is free pays.

        The cap and the cash reserve are of equity; the commission is paid out of the same cash.
        """
        equity, cash = facts.equity_usd, facts.free_cash_usd
        ask = None if facts.quote is None else facts.quote.ask
        if equity is None or cash is None or ask is None:
            return _unknown({"equity": equity, "cash": cash, "ask price": ask})
        target = target_notional(equity, kelly_fraction, self.max_position_pct)
        wanted = whole_shares(target, ask)
        if wanted == 0:
            return _refuse(_R.TOO_SMALL, f"{target:.2f} USD buy no share at {ask}")
        spendable = spendable_cash(cash, equity, self.min_cash_pct)
        quantity = min(wanted, affordable_shares(spendable, ask, self.commission))
        if quantity == 0:
            return _refuse(
                _R.NO_CASH, f"{spendable:.2f} USD above the reserve buy no share at {ask}"
            )
        return quantity

    def exit(
        self,
        due: DueExit,
        session: Session,
        *,
        signal_id: str | None,
        reference_price: Decimal | None,
    ) -> OrderRequest:
        """Return the sale of a lot that is due; `signal_id` names what asked for it, if anything.

        `reference_price` is the signal's, else the last close, USD as traded.
        """
        return OrderRequest(
            order_id=due.order_id(session),
            account=due.lot.account,
            symbol=due.lot.symbol,
            side=Side.SELL,
            quantity=due.quantity,
            purpose=due.purpose,
            strategy=due.lot.strategy,
            session=session,
            signal_id=signal_id,
            reference_price=reference_price,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    kelly_fraction: Decimal
    hold: Hold


def kelly_fraction(statistics: WinStatistics) -> Decimal:
    """Return half Kelly of a strategy's trades; without a loser, half of its win rate."""
    ratio = statistics.avg_win_loss_ratio
    return half_kelly(statistics.win_rate, _NO_LOSER if ratio is None else ratio)


def _refused_by_lot(signal: ReceivedSignal, facts: EntryFacts) -> Refusal | None:
    own = f"{signal.symbol} by {signal.strategy}"
    if facts.is_working:
        return _refuse(_R.ALREADY_WORKING, f"an order buys {own} already")
    if facts.lot is None or facts.lot.was_closed_before(facts.session):
        return None
    if facts.lot.quantity:
        return _refuse(_R.ALREADY_HELD, f"{facts.lot.quantity} shares of {own} are held")
    # The simulator's rule: what was held at the last close is not bought at the open that sells it.
    return _refuse(_R.SOLD_THIS_SESSION, f"{own} was sold in this session")


def _terms(signal: ReceivedSignal, known: StrategyTerms) -> _Terms | Refusal:
    statistics, hold = signal.statistics or known.statistics, signal.hold or known.hold
    if statistics is None:
        return _refuse(_R.NO_STATISTICS, f"no win statistics of {signal.strategy}")
    # A signal that brings its own was emitted because its strategy met the thresholds then.
    if signal.statistics is None and not known.is_eligible:
        return _refuse(_R.NOT_ELIGIBLE, f"{signal.strategy} is below its thresholds")
    if hold is None:
        return _refuse(_R.NO_HOLD, f"no minimum and maximum hold of {signal.strategy}")
    fraction = kelly_fraction(statistics)
    if fraction <= 0:
        return _refuse(_R.NO_EDGE, f"half Kelly of {signal.strategy} is {fraction:.4f}")
    return _Terms(kelly_fraction=fraction, hold=hold)


def _unknown(facts: dict[str, Decimal | None]) -> Refusal:
    missing = tuple(name for name, value in facts.items() if value is None)
    return _refuse(_R.UNKNOWN_FACT, f"{' and '.join(missing)} unknown", missing=missing)


def _refuse(reason: RefusalReason, detail: str, *, missing: tuple[str, ...] = ()) -> Refusal:
    return Refusal(reason=reason, detail=f"{detail}; no order", missing=missing)
