"""What an account holds: lots by strategy and symbol, its cash, and what its losses count from.

A lot keeps sums only (what was bought, paid, received), so that the order in which executions are
told does not matter.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from alpha_oracle.domain.market import ActionKind, CorporateAction, Session, Symbol
from alpha_oracle.domain.orders import Hold

SPLIT_ROUNDING: Final = Decimal("0.000001")
"""A ratio like 1/3 arrives rounded: 300 shares of it are 100 shares, not 99 and a fraction."""

SMALLEST_USD: Final = Decimal("0.000001")
"""What corporate actions pay is rounded to this, so that sums of money stay exact."""


class LotKey(NamedTuple):
    """A lot within its account."""

    strategy: str
    symbol: Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Shares of a symbol that a strategy holds in an account.

    `opened` is the session of its first execution, `last_traded` of its latest. `bought` counts
    the shares bought in shares of today: a split multiplies it. `paid_usd` and `received_usd` hold
    commissions, the latter dividends too. A lot sold out (`quantity` 0) is kept for its session:
    what was held at the last close is not bought again. Below 0, more was sold than there was: an
    integrity breach. `hold` is None where nobody said how long, as for shares taken over from the
    broker's word: such a lot is held until something wants it out.
    """

    account: str
    strategy: str
    symbol: Symbol
    quantity: int
    opened: Session
    last_traded: Session
    bought: Decimal
    paid_usd: Decimal
    received_usd: Decimal
    wants_out: bool = False
    hold: Hold | None = None

    @property
    def key(self) -> LotKey:
        """Its place in the account."""
        return LotKey(self.strategy, self.symbol)

    @property
    def cost_basis_usd(self) -> Decimal:
        """What the shares still held cost, commission included; 0 where none was bought."""
        if not self.bought:
            return Decimal(0)
        return self.paid_usd * self.quantity / self.bought

    def was_closed_before(self, session: Session) -> bool:
        """Whether it was sold out in a session before this one."""
        return not self.quantity and self.last_traded < session


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """An account's money, USD.

    The drawdown counts from `peak_equity_usd`, the day's loss from `previous_close_equity_usd`,
    which was taken `at`: sessions that opened since are still to be rolled into. None is unknown.
    `accepted_on` is the session on which the broker's truth was taken over last: what went ex
    through it is in its figures.
    """

    account: str
    cash_usd: Decimal
    peak_equity_usd: Decimal | None
    previous_close_equity_usd: Decimal | None
    maintenance_margin_usd: Decimal | None
    at: datetime
    accepted_on: Session | None = None


def after_transfer(state: AccountState, amount_usd: Decimal) -> AccountState:
    """Return the account after a deposit (above 0) or a withdrawal: no profit and no loss.

    It moves the peak and the day's base as it moves the equity.
    """
    peak, base = state.peak_equity_usd, state.previous_close_equity_usd
    return replace(
        state,
        cash_usd=state.cash_usd + amount_usd,
        peak_equity_usd=None if peak is None else peak + amount_usd,
        previous_close_equity_usd=None if base is None else base + amount_usd,
    )


def with_peak(state: AccountState, equity_usd: Decimal) -> AccountState:
    """Return the account with its peak raised to an equity above it, or begun by it."""
    peak = state.peak_equity_usd
    return (
        state
        if peak is not None and equity_usd <= peak
        else replace(state, peak_equity_usd=equity_usd)
    )


ActionKey: TypeAlias = tuple[Symbol, Session, ActionKind]
"""What names a corporate action: there is one of a kind on a morning."""


def key_of(action: CorporateAction) -> ActionKey:
    """Return what names an action."""
    return action.symbol, action.ex_date, action.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedAction:
    """What a corporate action did to what an account held into its ex-date; cash in USD."""

    action: CorporateAction
    shares_before: int
    shares_after: int
    cash_usd: Decimal
    at: datetime

    @property
    def key(self) -> ActionKey:
        """What names the action within its account."""
        return key_of(self.action)


@dataclass(frozen=True, slots=True, kw_only=True)
class LotAdjustment:
    """A lot after the corporate actions of a morning, and the USD they paid into cash."""

    lot: Lot
    cash_usd: Decimal


def adjust_lot(lot: Lot, actions: Iterable[CorporateAction], *, price: Decimal) -> LotAdjustment:
    """Return a lot after the actions of one ex-date, applied before the session trades.

    A dividend is an amount for each share held before a split of the same morning. A split
    multiplies the shares; a fraction of one is paid in cash at `price`, USD a share after it.
    Executions of earlier sessions are to be booked before: they are in shares of before.

    Raises:
        ValueError: an action is another symbol's.
    """
    due = sorted(actions, key=lambda action: action.kind is ActionKind.SPLIT)
    cash = Decimal(0)
    for action in due:
        if action.symbol != lot.symbol:
            raise ValueError(f"an action of {action.symbol} is none of a lot of {lot.symbol}")
        lot, paid = _applied(lot, action, price)
        cash += paid
    return LotAdjustment(lot=lot, cash_usd=cash)


def _applied(lot: Lot, action: CorporateAction, price: Decimal) -> tuple[Lot, Decimal]:
    if action.kind is ActionKind.DIVIDEND:
        paid = (lot.quantity * action.value).quantize(SMALLEST_USD)
        return replace(lot, received_usd=lot.received_usd + paid), paid
    shares = lot.quantity * action.value
    whole = int(shares + SPLIT_ROUNDING)
    paid = (max(shares - whole, Decimal(0)) * price).quantize(SMALLEST_USD)
    return replace(
        lot,
        quantity=whole,
        bought=lot.bought * action.value,
        received_usd=lot.received_usd + paid,
    ), paid
