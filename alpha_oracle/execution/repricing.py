"""A sale at a limit that nobody bids any more is withdrawn, so that another goes at what is bid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.execution.router import marketable_limit

if TYPE_CHECKING:
    from alpha_oracle.domain.orders import Order
    from alpha_oracle.domain.quotes import Quote
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import Ledger
    from alpha_oracle.execution.sending import Sender
    from alpha_oracle.execution.surroundings import TradingRules
    from alpha_oracle.ports.clock import Clock


class Repricer:
    """Asks for the end of resting sales that the market has left behind."""

    def __init__(
        self,
        rules: TradingRules,
        ledger: Ledger,
        gatherer: Gatherer,
        sender: Sender,
        *,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._ledger = ledger
        self._gatherer = gatherer
        self._sender = sender
        self._clock = clock

    def work(self) -> None:
        """Withdraw what has rested long enough, while another can still take its place."""
        persistence, now = self._rules.persistence, self._clock.now()
        if now + persistence.rests >= self._rules.window.end(self._gatherer.session):
            return
        working = self._ledger.book.unfinished()
        resting = [one for one in working if persistence.outlasts_price(one, now)]
        quotes = self._gatherer.quotes() if resting else {}
        for order in resting:
            if _is_left_behind(order, quotes.get(order.symbol)):
                self._sender.cancel(order)


def _is_left_behind(order: Order, quote: Quote | None) -> bool:
    bid = None if quote is None else marketable_limit(order.side, quote)
    return bid is not None and order.limit_price is not None and bid < order.limit_price
