from dataclasses import replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.risk.commissions import FREE, Commission
from alpha_oracle.risk.exposure import commit
from alpha_oracle.risk.pre_trade import PreTradeRiskManager, standard_checks
from tests.trading import a_quote, an_exit, an_order, bounds, facts, sum_exposure

PRICES = {Symbol(f"S{number}"): Decimal(20 + 7 * number) for number in range(8)}
SECTORS = {symbol: f"Sector {number % 2}" for number, symbol in enumerate(PRICES)}
QUOTES = {
    symbol: a_quote(symbol=symbol, bid=price, ask=price, last=price)
    for symbol, price in PRICES.items()
}
NO_COMMISSION = Commission(*(Decimal(str(figure)) for figure in FREE))
EQUITY = Decimal(10_000)
MANAGER = PreTradeRiskManager(
    standard_checks(
        bounds(
            max_position_pct=Decimal(30),
            max_sector_pct=Decimal(60),
            max_positions=4,
            max_trades_per_day=12,
            commission=NO_COMMISSION,
        )
    )
)


class Book(RuleBasedStateMachine):
    """A book on a still market: whatever fills, and in whatever order, no limit is exceeded.

    Without commissions and price moves its equity stays, so the bounds of the end are those of
    every clearance on the way.
    """

    @initialize()
    def open_book(self):
        self.cash, self.lots, self.working = EQUITY, {}, {}
        self.trades, self.number = 0, 0

    @property
    def facts(self):
        commitments = [
            replace(commit(order, price=order.limit_price), quantity=left)
            for order, left in self.working.values()
        ]
        exposure = sum_exposure(
            self.lots, commitments, prices=PRICES, sectors=SECTORS, commission=NO_COMMISSION
        )
        return facts(
            exposure=exposure,
            prices=PRICES,
            sectors=SECTORS,
            adv_shares=dict.fromkeys(PRICES, 10**6),
            quotes=QUOTES,
            cash_usd=self.cash,
            equity_usd=EQUITY,
            peak_equity_usd=EQUITY,
            previous_close_equity_usd=EQUITY,
            trades_today=self.trades,
            day_trades_remaining=-1,
        )

    def send(self, order):
        clearance = MANAGER.check_pre_trade(order, self.facts)
        if clearance.may_be_sent:
            sent = replace(order, quantity=clearance.quantity)
            self.working[order.order_id] = (sent, sent.quantity)
            self.trades += 1
        return clearance

    def an_id(self):
        self.number += 1
        return f"order-{self.number}"

    @rule(
        symbol=st.sampled_from(sorted(PRICES)),
        strategy=st.sampled_from(["Breakout", "Momentum"]),
        quantity=st.integers(1, 300),
    )
    def buy(self, symbol, strategy, quantity):
        price = PRICES[symbol]
        self.send(
            an_order(
                order_id=self.an_id(),
                symbol=symbol,
                strategy=strategy,
                quantity=quantity,
                limit_price=price,
                reference_price=price,
            )
        )

    @precondition(lambda self: any(self.lots.values()))
    @rule(data=st.data(), quantity=st.integers(1, 300))
    def sell(self, data, quantity):
        held = sorted(lot for lot, shares in self.lots.items() if shares)
        strategy, symbol = data.draw(st.sampled_from(held))
        left = self.facts.exposure.sellable[strategy, symbol]
        order = an_exit(
            order_id=self.an_id(),
            symbol=symbol,
            strategy=strategy,
            quantity=quantity,
            limit_price=PRICES[symbol],
        )

        clearance = self.send(order)

        # No limit holds back what only reduces risk.
        assert clearance.quantity == min(quantity, max(left, 0))

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def fill(self, data):
        order_id = data.draw(st.sampled_from(sorted(self.working)))
        order, left = self.working[order_id]
        filled = data.draw(st.integers(1, left))
        sign = 1 if order.side is Side.BUY else -1
        lot = (order.strategy, order.symbol)
        self.lots[lot] = self.lots.get(lot, 0) + sign * filled
        self.cash -= sign * filled * order.limit_price
        self.working[order_id] = (order, left - filled)
        if left == filled:
            del self.working[order_id]

    @precondition(lambda self: self.working)
    @rule(data=st.data())
    def cancel(self, data):
        del self.working[data.draw(st.sampled_from(sorted(self.working)))]

    @invariant()
    def no_limit_is_exceeded(self):
        worth, sectors = {}, {}
        for (_, symbol), quantity in self.lots.items():
            assert quantity >= 0
            if quantity:
                usd = quantity * PRICES[symbol]
                worth[symbol] = worth.get(symbol, 0) + usd
                sectors[SECTORS[symbol]] = sectors.get(SECTORS[symbol], 0) + usd
        assert max(worth.values(), default=0) <= EQUITY * 30 / 100
        assert max(sectors.values(), default=0) <= EQUITY * 60 / 100
        assert len(worth) <= 4
        assert self.cash >= EQUITY * 10 / 100
        assert self.cash + sum(worth.values()) == EQUITY


TestBook = Book.TestCase
TestBook.settings = settings(max_examples=60, stateful_step_count=40)
