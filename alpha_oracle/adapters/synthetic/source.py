"""The `synthetic` bar source: a generated market in place of a vendor's."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.adapters.synthetic.benchmark import benchmark_through
from alpha_oracle.adapters.synthetic.companies import SECTORS
from alpha_oracle.adapters.synthetic.market import market_through
from alpha_oracle.domain.bars import BarBatch, BarColumns, ReceivedBars
from alpha_oracle.domain.market import (
    BENCHMARK,
    ActionKind,
    CorporateAction,
    Membership,
    PriceBasis,
    SectorAssignment,
    Symbol,
)
from alpha_oracle.domain.requests import RequestPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.index import Levels
    from alpha_oracle.adapters.synthetic.market import Market
    from alpha_oracle.config import SyntheticSettings
    from alpha_oracle.domain.market import Session

INDEX_SYMBOL: Final = Symbol("SYNINDEX")
VIX_SYMBOL: Final = Symbol("SYNVIX")


class SyntheticBarSource:
    """Bars of a market that never was, raw as traded; the same seed gives the same bars for ever.

    It also answers for what a vendor of reference data would: actions, sectors, membership, and
    the levels of its index and volatility index.
    """

    def __init__(self, settings: SyntheticSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """The name the bars carry."""
        return "synthetic"

    @property
    def basis(self) -> PriceBasis:
        """Prices are as traded."""
        return PriceBasis.RAW

    def plan(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> RequestPlan:  # noqa: ARG002 - nothing is metered here.
        """Return a plan of no requests."""
        return RequestPlan(source=self.name, symbols=len(symbols), requests=0)

    def symbols(self, session: Session) -> tuple[Symbol, ...]:
        """Return the symbols listed on a session; empty where it is none, or before the start."""
        market = market_through(self._settings, session)
        rows = market.rows(session, session)
        companies = market.companies
        listed = (companies.listed < rows.stop) & (companies.delisted >= rows.stop)
        listed &= rows.start < rows.stop
        return tuple(companies.symbols[column] for column in np.flatnonzero(listed))

    def fetch(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> ReceivedBars:
        """Return the bars of `symbols` from `start` to `end`, both included, as traded.

        The corporate actions going ex in the range come along. The benchmark comes when asked for
        by name, though it is none of the market's symbols.
        """
        companies = sorted(set(symbols) - {BENCHMARK})
        if BENCHMARK not in symbols:
            return self._companies(companies, start=start, end=end)
        spy = benchmark_through(self._settings, end)
        bars, actions = spy.bars(start=start), tuple(spy.actions(start=start))
        if companies:
            others = self._companies(companies, start=start, end=end)
            bars, actions = _joined(bars, others.bars), actions + others.actions
        return self._received(bars, actions)

    def _companies(
        self, symbols: Sequence[Symbol], *, start: Session, end: Session
    ) -> ReceivedBars:
        market = market_through(self._settings, end)
        asked = frozenset(symbols)
        columns = [
            column for column, symbol in enumerate(market.companies.symbols) if symbol in asked
        ]
        rows = market.rows(start, end)
        return self._received(
            _bars(market, columns, rows=rows), tuple(_actions(market, columns, rows=rows))
        )

    def _received(self, bars: BarColumns, actions: tuple[CorporateAction, ...]) -> ReceivedBars:
        batch = BarBatch(source=self.name, basis=self.basis)
        return ReceivedBars(bars=bars, batch=batch, actions=actions)

    def actions(self, *, through: Session) -> list[CorporateAction]:
        """Return the actions with ex-dates up to a session, by symbol and ex-date."""
        market = market_through(self._settings, through)
        columns = range(len(market.companies.symbols))
        return list(_actions(market, columns, rows=slice(0, market.sessions_through(through))))

    def members(self, *, through: Session) -> list[Membership]:
        """Return the stays in the index that began up to a session, by symbol, as known on it."""
        market = market_through(self._settings, through)
        companies = market.companies
        known = market.sessions_through(through)
        days = market.sessions.tolist()
        stays = zip(
            companies.symbols, companies.joined().tolist(), companies.left().tolist(), strict=True
        )
        return [
            Membership(symbol=symbol, start=days[joined], end=days[left] if left < known else None)
            for symbol, joined, left in stays
            if joined < known and joined < left
        ]

    def sectors(self, *, through: Session) -> list[SectorAssignment]:
        """Return the sector of every symbol listed up to a session, by symbol."""
        market = market_through(self._settings, through)
        companies = market.companies
        known = np.flatnonzero(companies.listed < market.sessions_through(through))
        return [
            SectorAssignment(
                symbol=companies.symbols[column], sector=SECTORS[companies.sector[column]]
            )
            for column in known
        ]

    def index_bars(self, *, start: Session, end: Session) -> BarColumns:
        """Return the index as bars of `SYNINDEX`; it has no volume."""
        market = market_through(self._settings, end)
        return _level_bars(market, market.index, symbol=INDEX_SYMBOL, rows=market.rows(start, end))

    def vix(self, *, start: Session, end: Session) -> BarColumns:
        """Return the volatility index as bars of `SYNVIX`; it has no volume."""
        market = market_through(self._settings, end)
        return _level_bars(market, market.vix, symbol=VIX_SYMBOL, rows=market.rows(start, end))


def _bars(market: Market, columns: Sequence[int], *, rows: slice) -> BarColumns:
    there = ~np.isnan(market.bars.close[rows, columns].T)
    used = there.any(axis=1)
    symbol_index, session = np.nonzero(there[used])

    def taken(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[rows, columns].T[there]

    return BarColumns(
        symbols=tuple(
            market.companies.symbols[columns[row]] for row in np.flatnonzero(used).tolist()
        ),
        symbol_index=symbol_index.astype(np.int32),
        session=market.sessions[rows][session],
        open=taken(market.bars.open),
        high=taken(market.bars.high),
        low=taken(market.bars.low),
        close=taken(market.bars.close),
        volume=taken(market.bars.volume),
    )


def _joined(benchmark: BarColumns, companies: BarColumns) -> BarColumns:
    # The benchmark's ticker sorts before every company's.
    shifted = companies.symbol_index + np.int32(len(benchmark.symbols))
    values = {
        name: np.concatenate([getattr(benchmark, name), getattr(companies, name)])
        for name in ("session", "open", "high", "low", "close", "volume")
    }
    return BarColumns(
        symbols=benchmark.symbols + companies.symbols,
        symbol_index=np.concatenate([benchmark.symbol_index, shifted]),
        **values,
    )


def _level_bars(market: Market, levels: Levels, *, symbol: Symbol, rows: slice) -> BarColumns:
    sessions = market.sessions[rows]
    return BarColumns(
        symbols=(symbol,) if len(sessions) else (),
        symbol_index=np.zeros(len(sessions), dtype=np.int32),
        session=sessions.copy(),
        open=levels.open[rows].copy(),
        high=levels.high[rows].copy(),
        low=levels.low[rows].copy(),
        close=levels.close[rows].copy(),
        volume=np.full(len(sessions), np.nan),
    )


def _actions(market: Market, columns: Sequence[int], *, rows: slice) -> Iterator[CorporateAction]:
    listed = market.companies.is_listed(rows.stop)[rows, columns].T
    split = market.actions.split[rows, columns].T
    # A company never splits and pays on the same day.
    value = np.where(split == 1.0, market.actions.dividend[rows, columns].T, split)
    owners, days = np.nonzero(listed & (value != 0.0))
    opens = {day: calendar.session_open(day) for day in market.sessions[rows][days].tolist()}
    for owner, day in zip(owners.tolist(), days.tolist(), strict=True):
        ex_date = market.sessions[rows.start + day].item()
        yield CorporateAction(
            symbol=market.companies.symbols[columns[owner]],
            ex_date=ex_date,
            kind=ActionKind.DIVIDEND if split[owner, day] == 1.0 else ActionKind.SPLIT,
            value=Decimal(f"{value[owner, day]:g}"),
            known_at=opens[ex_date],
        )
