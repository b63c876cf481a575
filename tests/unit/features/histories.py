"""Raw rows as they are stored, and the panels that could be built of them on each session."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.bars import BarBatch, BarColumns, StoredBars
from alpha_oracle.domain.fundamentals import FactColumns, StatementItem
from alpha_oracle.domain.levels import VIX, IndexLevel
from alpha_oracle.domain.market import Membership, PriceBasis, SectorAssignment, Symbol
from alpha_oracle.features.adjustment import build_panel
from alpha_oracle.features.assembly import build_context
from tests.builders import bars_of_rows, sessions_from
from tests.fakes.insiders import filing_columns
from tests.fakes.short_interest import position_columns
from tests.unit.features.reference_rows import (
    a_filing,
    a_position,
    a_trade,
    an_insider,
    facts_of_rows,
    split,
)

if TYPE_CHECKING:
    from datetime import date

    from alpha_oracle.features.panel import MarketPanel

FLOWS = {
    StatementItem.REVENUE: 900.0,
    StatementItem.COST_OF_REVENUE: 500.0,
    StatementItem.OPERATING_INCOME: 200.0,
    StatementItem.NET_INCOME: 120.0,
    StatementItem.DEPRECIATION_AMORTIZATION: 40.0,
    StatementItem.INTEREST_EXPENSE: 15.0,
    StatementItem.OPERATING_CASH_FLOW: 180.0,
    StatementItem.CAPITAL_EXPENDITURE: 60.0,
    StatementItem.DIVIDENDS_PAID: 30.0,
}
BALANCES = {
    StatementItem.TOTAL_ASSETS: 4000.0,
    StatementItem.CURRENT_ASSETS: 1500.0,
    StatementItem.TOTAL_LIABILITIES: 2200.0,
    StatementItem.CURRENT_LIABILITIES: 900.0,
    StatementItem.EQUITY: 1800.0,
    StatementItem.CASH: 400.0,
    StatementItem.SHORT_TERM_DEBT: 150.0,
    StatementItem.LONG_TERM_DEBT: 700.0,
    StatementItem.SHARES_OUTSTANDING: 5e6,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """All that was ever stored of a market, each row with the instant it was known."""

    bars: BarColumns
    spy: dict[date, float]
    members: tuple[Membership, ...]
    sectors: tuple[SectorAssignment, ...]
    levels: tuple[IndexLevel, ...]
    facts: FactColumns
    filings: tuple = ()
    covered: dict[Symbol, date] = field(default_factory=dict)
    positions: tuple = ()
    actions: tuple = ()

    def known_on(self, session: date) -> History:
        """What was known at the decision of a session. A stay's end is not known before it."""
        instant = calendar.decision_instant(session)

        def known(rows):
            return tuple(row for row in rows if row.known_at <= instant)

        def begun(stays):
            return tuple(
                replace(stay, end=stay.end if stay.end and stay.end <= session else None)
                for stay in stays
                if stay.start is None or stay.start <= session
            )

        when = np.datetime64(instant.replace(tzinfo=None), "us")
        return replace(
            self,
            bars=self.bars.take(self.bars.session <= np.datetime64(session)),
            spy={day: close for day, close in self.spy.items() if day <= session},
            members=begun(self.members),
            sectors=begun(self.sectors),
            levels=known(self.levels),
            facts=rows_of(self.facts, self.facts.known_at <= when),
            filings=known(self.filings),
            positions=known(self.positions),
            actions=known(self.actions),
        )

    def panel(self) -> MarketPanel:
        """The panel of it, through its last session with a bar."""
        first, last = self.bars.session.min().item(), self.bars.session.max().item()
        sessions = calendar.sessions_between(first, last)
        stored = StoredBars(
            bars=self.bars,
            batch_index=np.zeros(len(self.bars), dtype=np.int32),
            batches=(BarBatch(source="files", basis=PriceBasis.RAW),),
        )
        panel = build_panel(
            stored,
            sessions,
            actions_known=self.actions,
            actions_all=self.actions,
            members=self.members,
        )
        context = build_context(
            sessions=panel.sessions,
            symbols=panel.symbols,
            first_bar=np.argmax(np.isfinite(panel.close), axis=0),
            facts=self.facts,
            filings=filing_columns(self.filings),
            covered=self.covered,
            positions=position_columns(self.positions),
            vix=self.levels,
            spy=np.array([self.spy.get(session, np.nan) for session in sessions]),
            sectors=self.sectors,
            actions=self.actions,
        )
        return replace(panel, context=context)


def rows_of(facts: FactColumns, kept: np.ndarray) -> FactColumns:
    """Some of the facts."""
    columns = ("symbol_index", "item", "period_start", "period_end", "value", "known_at")
    return replace(facts, **{name: getattr(facts, name)[kept] for name in columns})


@cache
def a_history(*, symbols: int = 9, sessions: int = 380, seed: int = 5) -> History:
    """A generated market with revisions, amendments, splits, late listings, stays and moves."""
    random = np.random.default_rng(seed)
    days = sessions_from(count=sessions)
    names = [f"SYN{number:03d}" for number in range(symbols)]
    # The first symbol is split, the last lists late and the one before it misses sessions.
    split_at = sessions // 2
    rows = []
    for number, name in enumerate(names):
        closes = 40.0 * np.exp(np.cumsum(random.normal(0.0004, 0.02, sessions)))
        for row, (session, close) in enumerate(zip(days, closes.tolist(), strict=True)):
            missing = number == symbols - 2 and random.random() < 0.1
            if missing or (number == symbols - 1 and row < sessions // 3):
                continue
            price = close / 2.0 if number == 0 and row >= split_at else close
            spread = price * 0.01
            volume = float(random.integers(10_000, 90_000))
            opened = price * float(1.0 + random.normal(0.0, 0.002))
            extremes = max(opened, price) + spread, min(opened, price) - spread
            rows.append((name, session.isoformat(), opened, *extremes, price, volume))
    middle = days[sessions // 2]
    return History(
        bars=bars_of_rows(rows),
        spy=_spy(random, days),
        members=(
            *(Membership(symbol=Symbol(name), start=days[0], end=None) for name in names[2:]),
            Membership(symbol=Symbol(names[0]), start=days[0], end=middle),
            Membership(symbol=Symbol(names[1]), start=middle, end=None),
        ),
        sectors=_sectors(names, middle),
        levels=_levels(random, days),
        facts=_facts(random, names, days),
        filings=_filings(random, names, days),
        covered={Symbol(name): days[0] for name in names[1:]},
        positions=_positions(random, names, days),
        actions=(split(days[split_at].isoformat(), "2", symbol=names[0]),),
    )


def _spy(random, days):
    closes = 300.0 * np.exp(np.cumsum(random.normal(0.0003, 0.01, len(days))))
    return dict(zip(days, closes.tolist(), strict=True))


def _sectors(names, middle):
    plain = tuple(
        SectorAssignment(symbol=Symbol(name), sector=("Energy", "Utilities")[number % 2])
        for number, name in enumerate(names[1:])
    )
    moved = (
        SectorAssignment(symbol=Symbol(names[0]), sector="Energy", end=middle),
        SectorAssignment(symbol=Symbol(names[0]), sector="Utilities", start=middle),
    )
    return plain + moved


def _levels(random, days):
    closes = 18.0 * np.exp(0.3 * np.sin(np.cumsum(random.normal(0.0, 0.1, len(days)))))
    return tuple(
        IndexLevel(
            series=VIX,
            session=day,
            open=close,
            high=close * 1.02,
            low=close * 0.98,
            close=close,
            known_at=calendar.session_close(day),
        )
        for day, close in zip(days, closes.tolist(), strict=True)
    )


def _facts(random, names, days):
    rows = []
    for name in names:
        # The third company reports from not long before the first session on.
        start = days[0] - timedelta(days=150 if name == names[2] else 1100)
        shift = int(random.integers(0, 60))
        for quarter in range(int((days[-1] - start).days // 91)):
            begins = start + timedelta(days=shift + 91 * quarter)
            ends = begins + timedelta(days=90)
            known_at = f"{ends + timedelta(days=int(random.integers(20, 70)))}T21:07:00"
            for item, scale in (FLOWS | BALANCES).items():
                first = None if item in BALANCES else begins.isoformat()
                value = scale * float(random.lognormal(0.01 * quarter, 0.1))
                told = (name, item, first, ends.isoformat())
                rows.append((*told, value, known_at))
                if random.random() < 0.1:
                    later = f"{ends + timedelta(days=int(random.integers(75, 160)))}T20:45:00"
                    rows.append((*told, value * 1.07, later))
    return facts_of_rows(rows)


def _filings(random, names, days):
    filings = []
    for name in names[1:]:
        for number, day in enumerate(days[::6]):
            filed = (day + timedelta(days=1)).isoformat()
            owners = (an_insider(f"{number % 4}", officer=number % 2 == 0),)
            code = "PS"[number % 3 == 0]
            shares = float(random.integers(100, 900))
            trade = a_trade(code, shares=shares, price=20.0, on=day.isoformat())
            told = {"owners": owners, "symbol": name, "period": day.isoformat()}
            filings.append(a_filing(f"{filed}T20:30:00", trade, filed=filed, **told))
            if number % 3 == 0:
                late = (day + timedelta(days=15)).isoformat()
                mended = replace(trade, shares=3.0 * shares)
                filings.append(
                    a_filing(
                        f"{late}T20:30:00", mended, replaces=filed, filed=late, amends=True, **told
                    )
                )
    return tuple(filings)


def _positions(random, names, days):
    positions = []
    for name in names[1:]:
        for number, day in enumerate(days[::10]):
            shares = 1e5 * float(random.lognormal(0.0, 0.3))
            told = {"symbol": name, "volume": 3e4}
            known = f"{day + timedelta(days=13)}T13:30:00"
            positions.append(a_position(day.isoformat(), shares, known_at=known, **told))
            if number % 6 == 0:
                known = f"{day + timedelta(days=25)}T13:30:00"
                positions.append(a_position(day.isoformat(), shares * 1.5, known_at=known, **told))
    return tuple(positions)
