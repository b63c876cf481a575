"""The simulated broker, wired: its book, its quotes, its commissions, its faults."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alpha_oracle.adapters.postgres.simulated_book import PostgresSimulatedBook
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.simulated.broker import ACCOUNT, SimulatedBroker
from alpha_oracle.adapters.simulated.faults import Faults
from alpha_oracle.adapters.simulated.matching import MatchingRules
from alpha_oracle.bootstrap.trading_rules import exact, exact_commission
from alpha_oracle.risk.commissions import order_commission

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.quotes import QuoteBoard


def open_simulated_broker(
    settings: Settings, stores: Stores, *, clock: Clock, board: QuoteBoard | None = None
) -> SimulatedBroker:
    """Return the account `paper`, opened with the cash of the settings where it is new.

    Raises:
        StoreUnavailable: its book cannot be reached.
    """
    book = PostgresSimulatedBook(stores.database, account=ACCOUNT)
    book.open(cash=exact(settings.broker.simulated.cash), at=clock.now())
    board = board or RedisQuoteBoard(stores.redis, clock=clock)
    return SimulatedBroker(book, board, clock=clock, rules=matching_rules(settings))


def matching_rules(settings: Settings) -> MatchingRules:
    """Return how orders are executed at the simulated broker, as the settings say."""
    simulated = settings.broker.simulated
    return MatchingRules(
        commission=_commission(settings),
        max_volume_pct=exact(simulated.max_volume_pct),
        max_quote_age=timedelta(seconds=simulated.max_quote_age_seconds),
        faults=Faults(seed=simulated.seed, settings=simulated.faults),
    )


def _commission(settings: Settings) -> Callable[[int, Decimal], Decimal]:
    # What orders cost is set once, for research and for whoever executes.
    schedule = exact_commission(settings.research.costs)

    def commission(quantity: int, price: Decimal) -> Decimal:
        return order_commission(quantity, price, schedule)

    return commission
