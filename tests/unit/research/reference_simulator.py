"""The rules of the simulator once more, in exact decimals: an independent witness.

Written from the contract, a lot being a dictionary entry; slow and plain on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from math import floor

SESSIONS_TO_DELISTING = 10


@dataclass(slots=True)
class Lot:
    quantity: int
    row: int
    mark: Decimal
    seen: int
    is_unwanted: bool = False


@dataclass(slots=True)
class Replay:
    """Fills `(row, symbol, quantity, price, commission)` and equity by session."""

    market: object
    decisions: object
    strategy: object
    terms: object
    cash: Decimal = Decimal(0)
    lots: dict = field(default_factory=dict)
    fills: list = field(default_factory=list)
    equity: list = field(default_factory=list)

    def run(self):
        self.cash = _exact(self.terms.capital_usd)
        for row in range(len(self.market.sessions)):
            held_before = set(self.lots)
            for name, lot in list(self.lots.items()):
                self._act(row, name, lot)
            for name, lot in list(self.lots.items()):
                self._sell_if_due(row, name, lot)
            if row > 0:
                self._buy(row, held_before)
            for name, lot in list(self.lots.items()):
                self._close(row, name, lot)
            self.equity.append(self.cash + sum(n.quantity * n.mark for n in self.lots.values()))
        return self

    def _price(self, name, row, symbol):
        value = getattr(self.market, name)[row, self.market.symbols.index(symbol)]
        return _exact(value) if value == value else None  # noqa: PLR0124 - NaN: no bar.

    def _fee(self, quantity):
        by_share = quantity * _exact(self.terms.costs.commission.per_share)
        return max(by_share, _exact(self.terms.costs.commission.minimum))

    def _slip(self):
        return _exact(self.terms.costs.slippage_bps) / 10_000

    def _act(self, row, name, lot):
        self.cash += lot.quantity * self._price("dividend", row, name)
        ratio = self._price("split", row, name)
        if ratio == 1:
            return
        exact = lot.quantity * ratio
        lot.quantity = floor(exact + Decimal("1e-6"))
        lot.mark /= ratio
        fraction = max(exact - lot.quantity, 0)
        self.cash += fraction * (self._price("traded_open", row, name) or lot.mark)
        if lot.quantity == 0:
            del self.lots[name]

    def _sell_if_due(self, row, name, lot):
        age, opened = row - lot.row, self._price("traded_open", row, name)
        wants_out = lot.is_unwanted and age >= self.strategy.min_hold_days
        if opened is None or not (wants_out or age >= self.strategy.max_hold_days):
            return
        price = opened * (1 - self._slip())
        fee = min(self._fee(lot.quantity), lot.quantity * price)
        self.cash += lot.quantity * price - fee
        self.fills.append((row, name, -lot.quantity, price, fee))
        del self.lots[name]

    def _buy(self, row, held_before):
        equity = self.cash + sum(
            lot.quantity * (self._price("traded_open", row, name) or lot.mark)
            for name, lot in self.lots.items()
        )
        target = equity * _exact(self.terms.limits.max_position_pct) / 100
        reserve = equity * _exact(self.terms.limits.min_cash_pct) / 100
        strengths = dict(
            zip(self.market.symbols, self.decisions.entry[row - 1].tolist(), strict=True)
        )
        wishes = [name for name, strength in strengths.items() if strength > 0]
        for name in sorted(wishes, key=lambda name: (-strengths[name], name)):
            opened = self._price("traded_open", row, name)
            is_free = name not in held_before and opened is not None
            if is_free and len(self.lots) < self.terms.limits.max_positions:
                self._enter(row, name, opened, floor(target / opened), reserve)

    def _enter(self, row, name, opened, quantity, reserve):
        price = opened * (1 + self._slip())
        while quantity > 0 and self.cash - quantity * price - self._fee(quantity) < reserve:
            quantity -= 1
        if quantity > 0:
            self.cash -= quantity * price + self._fee(quantity)
            self.fills.append((row, name, quantity, price, self._fee(quantity)))
            self.lots[name] = Lot(quantity, row, opened, row)

    def _close(self, row, name, lot):
        closed = self._price("traded_close", row, name)
        if closed is not None:
            lot.mark, lot.seen = closed, row
        if self.decisions.exit[row, self.market.symbols.index(name)]:
            lot.is_unwanted = True
        if row - lot.seen >= SESSIONS_TO_DELISTING:
            self.cash += lot.quantity * lot.mark
            self.fills.append((row, name, -lot.quantity, lot.mark, Decimal(0)))
            del self.lots[name]


def _exact(value):
    return Decimal(repr(float(value)))
