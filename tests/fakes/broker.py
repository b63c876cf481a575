"""The simulated broker on a book and a board in memory, at a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from alpha_oracle import calendar
from alpha_oracle.adapters.simulated.broker import SimulatedBroker
from alpha_oracle.adapters.simulated.faults import Faults
from alpha_oracle.adapters.simulated.matching import MatchingRules
from alpha_oracle.config import SimulatedFaultSettings
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Order, OrderPurpose, OrderStatus, OrderType, Side
from alpha_oracle.domain.quotes import Quote
from tests.fakes.clock import FixedClock
from tests.fakes.quotes import InMemoryQuoteBoard
from tests.fakes.simulated_book import InMemorySimulatedBook

SESSION = date(2016, 6, 2)
TEN_O_CLOCK = datetime(2016, 6, 2, 14, 0, tzinfo=UTC)
CASH = Decimal(100_000)


def a_dollar_an_order(quantity, price):
    """A commission of one dollar an order, whatever it is."""
    return Decimal(1)


def rules(*, seed=7, commission=a_dollar_an_order, max_volume_pct=10, **faults):
    """How orders are executed, with the faults named."""
    return MatchingRules(
        commission=commission,
        max_volume_pct=Decimal(max_volume_pct),
        max_quote_age=timedelta(seconds=15),
        faults=Faults(seed=seed, settings=SimulatedFaultSettings(**faults)),
    )


@dataclass
class SimulatedMarket:
    """A simulated broker and its surroundings."""

    book: object = field(default_factory=InMemorySimulatedBook)
    board: object = field(default_factory=InMemoryQuoteBoard)
    clock: FixedClock = field(default_factory=lambda: FixedClock(TEN_O_CLOCK))
    rules: MatchingRules = field(default_factory=rules)
    cash: Decimal = CASH
    broker: SimulatedBroker = field(init=False)

    def __post_init__(self):
        self.book.open(cash=self.cash, at=self.clock.now())
        self.broker = self.another()
        self.broker.events()

    def another(self, **changes):
        """A broker as a process started now has it."""
        return SimulatedBroker(
            self.book, self.board, clock=self.clock, rules=changes.get("rules", self.rules)
        )

    def quote(self, symbol="SYN001", *, bid=99.9, ask=100.1, volume=1_000_000, age_seconds=0):
        """Let the market offer this."""
        self.board.publish(
            [
                a_quote(
                    symbol=symbol,
                    bid=bid,
                    ask=ask,
                    volume=volume,
                    at=self.clock.now() - timedelta(seconds=age_seconds),
                )
            ]
        )

    def send(self, order_id="order-1", **changes):
        """Send an order; it is returned."""
        order = an_order(order_id=order_id, created_at=self.clock.now(), **changes)
        self.broker.submit_order(order)
        return order

    def told(self):
        """What the broker tells now, by kind."""
        return [event.kind.value for event in self.broker.events()]

    def position(self, symbol="SYN001"):
        """Shares held at the broker."""
        return self.broker.snapshot().positions.get(symbol, 0)


def a_quote(*, symbol="SYN001", bid=99.9, ask=100.1, volume=1_000_000, at=TEN_O_CLOCK):
    """A quote whose last trade lies at its bid."""
    return Quote(
        symbol=Symbol(symbol),
        bid=Decimal(str(bid)),
        ask=Decimal(str(ask)),
        last=Decimal(str(bid)),
        volume=volume,
        at=at,
    )


def an_order(*, limit=None, **changes):
    """A market order for 100 shares of SYN001 on the session; a limit order with `limit`."""
    limit_price = None if limit is None else Decimal(str(limit))
    return replace(
        Order(
            order_id="order-1",
            account="paper",
            symbol=Symbol("SYN001"),
            side=Side.BUY,
            quantity=100,
            order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            purpose=OrderPurpose.ENTRY,
            strategy="MomentumStrategy",
            session=SESSION,
            created_at=TEN_O_CLOCK,
            status=OrderStatus.PENDING,
            simulated=True,
            limit_price=limit_price,
        ),
        **changes,
    )


def close_of_the_session():
    """The instant the session of these orders closes."""
    return calendar.session_close(SESSION)
