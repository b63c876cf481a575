"""`reconcile accept`: the broker's truth taken into the book, decided and not yet committed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.orders import WORKING
from alpha_oracle.domain.portfolio import Lot
from alpha_oracle.execution.reconciliation import held_shares

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from alpha_oracle.domain.broker import BrokerSnapshot
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.domain.portfolio import AccountState
    from alpha_oracle.domain.trading_records import Doubt
    from alpha_oracle.execution.book import Book

TAKEN_OVER: Final = "taken_over"
"""The strategy of shares that no strategy of ours bought: held until an operator sells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The lots and the cash as the broker has them, and what changed, in words.

    `doubts` are settled by it: what they are about is in the broker's figures.
    """

    lots: tuple[Lot, ...]
    state: AccountState
    doubts: tuple[Doubt, ...]
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAccepted:
    """Why the broker's truth cannot be taken over now."""

    reason: str


def accept_broker(
    book: Book,
    snapshot: BrokerSnapshot,
    *,
    doubts: Collection[Doubt],
    session: Session,
    now: datetime,
) -> Accepted | NotAccepted:
    """Return the book as the broker has it.

    Shares that are gone are taken from the newest lots; those nobody here bought come into a lot
    of their own, at the mark (0 USD where none is known). `doubts` are all there are.
    """
    refusal = _refusal(book, snapshot)
    if refusal:
        return NotAccepted(reason=refusal)
    lots: list[Lot] = []
    for symbol in sorted(held_shares(book).keys() | snapshot.positions.keys()):
        lots += _accepted(book, symbol, snapshot.positions.get(symbol, 0), session=session)
    cash = snapshot.account.cash
    differences = [f"{lot.symbol} by {lot.strategy} now {lot.quantity}" for lot in lots]
    differences.append(f"cash {book.state.cash_usd} now {cash}")
    settled = tuple(sorted(doubts, key=lambda doubt: (doubt.kind, doubt.name)))
    differences += [f"{doubt.kind} {doubt.name} doubted no more" for doubt in settled]
    return Accepted(
        lots=tuple(lots),
        state=replace(book.state, cash_usd=cash, accepted_on=session),
        doubts=settled,
        told=f"taken over at {now.isoformat()}: {', '.join(differences)}",
    )


def _refusal(book: Book, snapshot: BrokerSnapshot) -> str:
    short = sorted(symbol for symbol, held in snapshot.positions.items() if held < 0)
    if short:
        return f"the broker is short of {', '.join(short)}; close that there first"
    if any(True for _ in book.open_orders()):
        return "orders are open; wait for their end, or end them by `kill activate`"
    ours = [one for one in snapshot.orders if one.is_ours and one.status in WORKING]
    if ours:
        named = ", ".join(one.order_id or one.broker_order_id for one in ours)
        return (
            f"the broker works orders under our client id that do not work here: {named}; "
            "`kill activate` ends those on record, others are to be ended there"
        )
    untold = [one for one in book.executions.values() if one.fill.commission is None]
    if untold:
        return f"the commissions of {len(untold)} executions are not told yet; ask again later"
    return ""


def _accepted(book: Book, symbol: Symbol, quantity: int, *, session: Session) -> list[Lot]:
    before = [lot for lot in book.lots.values() if lot.symbol == symbol]
    after, left = [], quantity
    # The oldest lots keep their shares; one that is short has none.
    for lot in sorted(before, key=lambda one: (one.opened, one.strategy)):
        kept = max(min(lot.quantity, left), 0)
        left -= kept
        after.append(replace(lot, quantity=kept))
    changed = [lot for lot in after if lot != book.lots[lot.key]]
    if left:
        own = next((lot for lot in after if lot.strategy == TAKEN_OVER), None)
        changed = [lot for lot in changed if lot.strategy != TAKEN_OVER]
        changed.append(_taken_over(book, symbol, left, own=own, session=session))
    return changed


def _taken_over(
    book: Book, symbol: Symbol, quantity: int, *, own: Lot | None, session: Session
) -> Lot:
    before = own or Lot(
        account=book.state.account,
        strategy=TAKEN_OVER,
        symbol=symbol,
        quantity=0,
        opened=session,
        last_traded=session,
        bought=Decimal(0),
        paid_usd=Decimal(0),
        received_usd=Decimal(0),
    )
    return replace(
        before,
        quantity=before.quantity + quantity,
        bought=before.bought + quantity,
        paid_usd=before.paid_usd + quantity * book.marks.get(symbol, Decimal(0)),
    )
