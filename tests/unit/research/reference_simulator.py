"""The rules of the simulator once more, in exact decimals: an independent witness.

Written from the contract, a lot being a dictionary entry; slow and plain on purpose.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from math import floor

import numpy as np

SESSIONS_TO_DELISTING = 10
ADV_SESSIONS = 20
NOBODY_KNOWS = "unknown"


@dataclass(slots=True)
class Lot:
    quantity: int
    row: int
    mark: Decimal
    seen: int
    is_unwanted: bool = False


@dataclass
class Replay:
    """Fills `(row, symbol, quantity, price, commission)`, equity, halts and refusals by name."""

    market: object
    decisions: object
    strategy: object
    terms: object
    kelly: float = 1.0
    cash: Decimal = Decimal(0)
    peak: Decimal = Decimal(0)
    lots: dict = field(default_factory=dict)
    fills: list = field(default_factory=list)
    equity: list = field(default_factory=list)
    halts: dict = field(default_factory=dict)
    refused: Counter = field(default_factory=Counter)

    def run(self):
        self.cash = self.peak = _exact(self.terms.capital_usd)
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
            self.peak = max(self.peak, self.equity[-1])
        return self

    def _price(self, name, row, symbol):
        column = self.market.symbols.index(symbol)
        value = getattr(self.market, name)[row, column]
        if name == "traded_open" and self.market.volume[row, column] == 0:
            return None
        return _exact(value) if value == value else None  # noqa: PLR0124 - NaN: no bar.

    def _fee(self, quantity, price):
        rules = self.terms.costs.commission
        shares, notional = abs(quantity), abs(quantity) * price
        charged = max(shares * _exact(rules.per_share), _exact(rules.minimum))
        charged = min(charged, notional * _exact(rules.max_pct) / 100)
        charged += shares * _exact(rules.fees_per_share)
        if quantity > 0:
            return charged
        return min(charged + notional * _exact(rules.sale_fee_bps) / 10_000, notional)

    def _slip(self, row, name, quantity):
        plain = _exact(self.terms.costs.slippage_bps) / 10_000
        if not self.terms.costs.impact:
            return plain
        share = self._share_of_volume(row, name, quantity)
        return None if share is None else plain + _exact(self.terms.costs.impact) * share

    def _share_of_volume(self, row, name, quantity):
        # Volatility times the root of the order over the daily volume, as known at the last close.
        column = self.market.symbols.index(name)
        days = range(max(row - ADV_SESSIONS, 0), row)
        closes, volumes = self.market.close[:, column], self.market.volume[:, column]
        returns = [closes[day] / closes[day - 1] - 1 if day else np.nan for day in days]
        returns = [value for value in returns if np.isfinite(value)]
        traded = [volumes[day] for day in days if np.isfinite(volumes[day])]
        if min(len(returns), len(traded)) < ADV_SESSIONS / 2 or not sum(traded):
            return None
        # Both counted in shares of the first bar.
        ordered = quantity / np.prod(self.market.split[: row + 1, column])
        return _exact(np.std(returns) * np.sqrt(ordered / np.mean(traded)))

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
        slip = self._slip(row, name, lot.quantity)
        if slip is None:
            slip = _exact(self.terms.costs.slippage_bps) / 10_000
        price = opened * max(1 - slip, 0)
        fee = self._fee(-lot.quantity, price)
        self.cash += lot.quantity * price - fee
        self.fills.append((row, name, -lot.quantity, price, fee))
        del self.lots[name]

    def _value(self, row, name):
        lot = self.lots[name]
        return lot.quantity * (self._price("traded_open", row, name) or lot.mark)

    def _buy(self, row, held_before):
        strengths = dict(
            zip(self.market.symbols, self.decisions.entry[row - 1].tolist(), strict=True)
        )
        wishes = [name for name, strength in strengths.items() if strength > 0]
        if not wishes:
            return
        equity = self.cash + sum(self._value(row, name) for name in self.lots)
        self.halts[row] = self._halt(equity)
        exposure = defaultdict(Decimal)
        for name in self.lots:
            exposure[self._sector(row, name)] += self._value(row, name)
        for name in sorted(wishes, key=lambda name: (-strengths[name], name)):
            if name not in held_before:
                refusal = self.halts[row] or self._enter(row, name, equity, exposure)
                if refusal:
                    self.refused[refusal] += 1

    def _halt(self, equity):
        limits = self.terms.limits
        if self.peak - equity >= self.peak * _exact(limits.max_drawdown_pct) / 100:
            return "drawdown from the peak"
        last = self.equity[-1]
        if last - equity >= last * _exact(limits.max_daily_loss_pct) / 100:
            return "loss of the day"
        return None

    def _sector(self, row, name):
        # None: nobody has any, and nothing is limited by them.
        if not self._has_sectors:
            return None
        code = self.market.context.sector[row - 1, self.market.symbols.index(name)]
        return NOBODY_KNOWS if code < 0 else int(code)

    @property
    def _has_sectors(self):
        sectors = self.market.context.sector
        return sectors is not None and bool((sectors >= 0).any())

    def _enter(self, row, name, equity, exposure):
        opened = self._price("traded_open", row, name)
        refusal = self._refusal(row, opened)
        if refusal:
            return refusal
        sector = self._sector(row, name)
        used = None if sector is None else exposure[sector]
        quantity, refusal = self._sized(row, name, opened, equity, used)
        if not quantity:
            return refusal
        price = opened * (1 + self._slip(row, name, quantity))
        fee = self._fee(quantity, price)
        self.cash -= quantity * price + fee
        self.fills.append((row, name, quantity, price, fee))
        self.lots[name] = Lot(quantity, row, opened, row)
        exposure[sector] += quantity * opened
        return None

    def _refusal(self, row, opened):
        limits = self.terms.limits
        traded = sum(fill[0] == row for fill in self.fills)
        refusals = {
            "no edge: half Kelly is not above 0": not self.kelly > 0,
            "positions held": len(self.lots) >= limits.max_positions,
            "trades a day": traded >= limits.max_trades_per_day,
            "no bar on the next session": opened is None,
            "price of the share": opened is None or opened < _exact(limits.min_price_usd),
        }
        return next((why for why, is_refused in refusals.items() if is_refused), None)

    def _sized(self, row, name, opened, equity, used):
        limits = self.terms.limits
        part = min(_exact(self.kelly), _exact(limits.max_position_pct) / 100)
        quantity = floor(equity * part / opened)
        if quantity == 0:
            return 0, "less than one share"
        if used is not None:
            room = max(equity * _exact(limits.max_sector_pct) / 100 - used, 0)
            quantity = min(quantity, floor(room / opened))
        if quantity == 0:
            return 0, "sector"
        slip = self._slip(row, name, quantity)
        if slip is None:
            return 0, "unknown daily volume"
        price = opened * (1 + slip)
        free = self.cash - equity * _exact(limits.min_cash_pct) / 100
        quantity = max(min(quantity, floor(free / price)), 0)
        while quantity and quantity * price + self._fee(quantity, price) > free:
            quantity -= 1
        return quantity, "cash"

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
