"""What the book comes to beside an order: summed from what changed since the last decision."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from alpha_oracle.risk.exposure import add_commitments, commit, sum_lots

if TYPE_CHECKING:
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.quoting import MarketReader
    from alpha_oracle.execution.references import ReferenceShelf
    from alpha_oracle.risk.commissions import Commission
    from alpha_oracle.risk.exposure import Commitment, Exposure


class Reckoner:
    """Sums what an account holds, and what its open orders may still buy or sell."""

    def __init__(
        self,
        ledger: Ledger,
        market: MarketReader,
        references: ReferenceShelf,
        *,
        commission: Commission[Decimal],
    ) -> None:
        self._ledger = ledger
        self._market = market
        self._references = references
        self._commission = commission
        self._reckoned: tuple[object, Exposure, Decimal | None] | None = None
        self._equity: tuple[object, Decimal | None] | None = None
        self._lots: tuple[object, Exposure] | None = None
        self._summed: tuple[Exposure, tuple[Commitment, ...], Exposure] | None = None

    def reckoned(self, order: Order | None) -> tuple[Exposure, Decimal | None]:
        """Return the sums of the book beside an order, and its cash.

        The cash is None while nobody knows what working purchases will cost.
        """
        book = self._ledger.book
        if order is not None and {order.order_id, order.parent_id} & book.orders.keys():
            return self._sum(order)
        # An order that is not on record yet changes nothing: one reckoning does for its decision.
        by = (self._ledger.version, self._market.marked, book.marks, self._references.known)
        if self._reckoned is None or self._reckoned[0] != by:
            self._reckoned = (by, *self._sum(None))
        return self._reckoned[1:]

    def equity_usd(self) -> Decimal | None:
        """Return cash and what the lots count at; None while a mark is missing."""
        book = self._ledger.book
        by = (self._ledger.version, self._market.marked, book.marks)
        if self._equity is None or self._equity[0] != by:
            self._equity = (by, book.equity_usd())
        return self._equity[1]

    def _sum(self, order: Order | None) -> tuple[Exposure, Decimal | None]:
        book = self._ledger.book
        commitments = book.commitments(besides=order)
        if commitments is not None:
            return self._committed(commitments), book.state.cash_usd
        others = (one for one in book.open_orders() if one is not order)
        return self._committed(tuple(commit(one, price=Decimal(0)) for one in others)), None

    def _committed(self, commitments: tuple[Commitment, ...]) -> Exposure:
        held = self._held()
        done, sums = self._begun(held, commitments)
        sums = add_commitments(
            sums,
            commitments[done:],
            prices=self._ledger.book.marks,
            sectors=self._references.known.sectors,
            commission=self._commission,
        )
        self._summed = (held, commitments, sums)
        return sums

    def _begun(self, held: Exposure, commitments: tuple[Commitment, ...]) -> tuple[int, Exposure]:
        # A decision adds its order to those it was made beside, which are summed already.
        if self._summed is not None:
            base, done, sums = self._summed
            if base is held and commitments[: len(done)] == done:
                return len(done), sums
        return 0, held

    def _held(self) -> Exposure:
        # Between two executions and two prices it is the same, however many orders work.
        marks, known = self._ledger.book.marks, self._references.known
        shares = self._ledger.book.shares()
        by = (shares, self._market.marked, marks, known)
        if self._lots is None or self._lots[0] != by:
            lots = {(*key,): count for key, count in shares.items()}
            self._lots = (by, sum_lots(lots, prices=marks, sectors=known.sectors))
        return self._lots[1]
