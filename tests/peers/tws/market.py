"""What the server knows of the market: contracts, bars as traded, splits and dividends."""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import BarColumns
    from alpha_oracle.domain.market import CorporateAction
    from tests.peers.tws.wire import ContractFields

PRICES = ("open", "high", "low", "close")


class RawBar(NamedTuple):
    """A daily bar as traded; volume in shares."""

    session: date
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A stock as TWS knows it; `symbol` in its spelling (`BRK B`)."""

    con_id: int
    symbol: str
    long_name: str = "A COMPANY INC"
    exchange: str = "SMART"
    primary_exchange: str = "NASDAQ"
    stock_type: str = "COMMON"
    trading_class: str = "NMS"
    currency: str = "USD"
    sec_type: str = "STK"
    min_tick: str = "0.01"
    isin: str = ""
    industry: str = ""
    category: str = ""
    subcategory: str = ""

    def fits(self, asked: ContractFields) -> bool:
        """Whether the client means this contract."""
        exchanges = {"", self.exchange, self.primary_exchange}
        if asked.con_id:
            return (
                asked.con_id == self.con_id
                and asked.sec_type in {"", self.sec_type}
                and asked.exchange in exchanges
            )
        name = asked.symbol or asked.local_symbol
        return (
            name == self.symbol
            and asked.sec_type == self.sec_type
            and asked.currency in {"", self.currency}
            and asked.exchange in exchanges
            and asked.primary_exchange in {"", self.primary_exchange}
        )


class Action(NamedTuple):
    """A split (`value` new shares for one old) or a cash dividend (`value` USD a share)."""

    ex_date: date
    kind: str
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """Daily bars of one contract as traded: sessions ascending, a column each."""

    session: NDArray[np.datetime64]
    values: NDArray[np.float64]
    """Open, high, low, close, volume."""


@dataclass(slots=True)
class Market:
    """Contracts with their bars and actions; bars of sessions to come are known, and not told."""

    listings: dict[int, Listing] = field(default_factory=dict)
    series: dict[int, Series] = field(default_factory=dict)
    actions: dict[int, tuple[Action, ...]] = field(default_factory=dict)

    def add(
        self, listing: Listing, bars: Iterable[RawBar], *, actions: Iterable[Action] = ()
    ) -> None:
        """List a contract; another with the same symbol makes that symbol ambiguous."""
        self.listings[listing.con_id] = listing
        self.series[listing.con_id] = series_of(bars)
        self.actions[listing.con_id] = tuple(actions)

    def rename(self, con_id: int, symbol: str) -> None:
        """The same company under another ticker."""
        self.relist(con_id, symbol=symbol)

    def relist(self, con_id: int, **changes: object) -> None:
        """The same company, described otherwise."""
        self.listings[con_id] = replace(self.listings[con_id], **changes)

    def delist(self, con_id: int) -> None:
        """The contract is known no longer; its ticker is free."""
        del self.listings[con_id]

    def act(self, con_id: int, action: Action) -> None:
        """A split or dividend of a contract; bars stay as traded."""
        self.actions[con_id] = (*self.actions[con_id], action)

    def find(self, asked: ContractFields) -> tuple[Listing, ...]:
        """Every contract the client may mean."""
        if asked.con_id:
            found = self.listings.get(asked.con_id)
            return (found,) if found and found.fits(asked) else ()
        return tuple(listing for listing in self.listings.values() if listing.fits(asked))

    def con_id(self, symbol: str) -> int:
        """The number of the one contract with a symbol, dotted or as TWS spells it."""
        (found,) = (one.con_id for one in self.listings.values() if one.symbol == spelled(symbol))
        return found


def spelled(symbol: str) -> str:
    """A ticker as TWS spells it: `BRK.B` is `BRK B`."""
    return symbol.replace(".", " ")


def stable_con_id(symbol: str) -> int:
    """A contract number that is the same in every run."""
    return 10_000_000 + zlib.crc32(symbol.encode()) % 900_000_000


def a_listing(symbol: str, **changes: object) -> Listing:
    """A stock by its ticker, dotted or not, with whatever else the test is about."""
    ordinary = Listing(con_id=stable_con_id(spelled(symbol)), symbol=spelled(symbol))
    return replace(ordinary, **changes)


def an_index(**changes: object) -> Listing:
    """VIX, at its exchange alone, with whatever else the test is about."""
    vix = Listing(
        con_id=13455763,
        symbol="VIX",
        long_name="CBOE Volatility Index",
        exchange="CBOE",
        primary_exchange="",
        stock_type="",
        trading_class="VIX",
        sec_type="IND",
    )
    return replace(vix, **changes)


def series_of(bars: Iterable[RawBar]) -> Series:
    """Bars in any order as columns."""
    ordered = sorted(bars)
    return Series(
        session=np.array([bar.session for bar in ordered], dtype="datetime64[D]"),
        values=np.array([bar[1:] for bar in ordered], dtype=np.float64).reshape(-1, 5),
    )


def market_of(table: Mapping[str, Iterable[RawBar]]) -> Market:
    """A market of raw bars by ticker."""
    market = Market()
    for symbol, bars in table.items():
        market.add(a_listing(symbol), bars)
    return market


def market_of_closes(
    closes: Mapping[str, Iterable[float]], sessions: Iterable[date], *, volume: float = 1000
) -> Market:
    """A market whose bars open, stay and close at the given prices."""
    days = tuple(sessions)
    return market_of(
        {
            symbol: [RawBar(day, price, price, price, price, volume) for day, price in both]
            for symbol, both in (
                (name, zip(days, row, strict=False)) for name, row in closes.items()
            )
        }
    )


def market_of_columns(columns: BarColumns, actions: Iterable[CorporateAction] = ()) -> Market:
    """A market of raw bars as they travel between rooms."""
    market = Market()
    for code, symbol in enumerate(columns.symbols):
        rows = columns.symbol_index == code
        listing = a_listing(symbol)
        market.add(listing, ())
        values = [getattr(columns, name)[rows] for name in (*PRICES, "volume")]
        market.series[listing.con_id] = Series(columns.session[rows], np.column_stack(values))
    for one in actions:
        market.act(market.con_id(one.symbol), Action(one.ex_date, one.kind, float(one.value)))
    return market


def market_of_files(bars: Path, actions: Path | None = None) -> Market:
    """A market from CSV: `symbol,date,open,high,low,close,volume`, raw.

    Actions are `symbol,ex_date,type,value`.
    """
    table: dict[str, list[RawBar]] = {}
    with bars.open(newline="") as lines:
        for row in csv.DictReader(lines):
            numbers = (float(row[name]) for name in (*PRICES, "volume"))
            table.setdefault(row["symbol"], []).append(
                RawBar(date.fromisoformat(row["date"]), *numbers)
            )
    market = market_of(table)
    if actions is not None:
        with actions.open(newline="") as lines:
            for row in csv.DictReader(lines):
                action = Action(
                    date.fromisoformat(row["ex_date"]), row["type"], float(row["value"])
                )
                market.act(market.con_id(row["symbol"]), action)
    return market
