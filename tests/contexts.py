"""What is known beside generated bars: reports, short interest, insiders, the market, sectors."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.features.context import InsiderTrades, KnownValues, MarketContext
from alpha_oracle.features.formula import REPORT_FIELDS, SHORT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alpha_oracle.features.panel import MarketPanel

SECTOR_NAMES = ("Energy", "Financials", "Health Care", "Industrials", "Utilities")


def a_whole_context(
    *, symbols: int, sessions: int, seed: int = 7, sessions_a_trade: int = 3
) -> MarketContext:
    """Everything known of every symbol from the first session on, newly every few sessions."""
    random = np.random.default_rng(seed)
    sectors = max(1, min(len(SECTOR_NAMES), symbols // 3))
    sector = np.arange(symbols) % sectors
    return MarketContext(
        reports=_reports(random, REPORT_FIELDS, [_rows(random, sessions, 63)] * symbols),
        short_interest=_reports(random, SHORT_FIELDS, [_rows(random, sessions, 10)] * symbols),
        insiders=_trades(random, symbols=symbols, sessions=sessions, apart=sessions_a_trade),
        vix=np.exp(np.log(20.0) + 0.3 * np.sin(np.cumsum(random.normal(0.0, 0.1, sessions)))),
        spy=300.0 * np.exp(np.cumsum(random.normal(0.0004, 0.01, sessions))),
        sector=np.repeat(sector[None].astype(np.int16), sessions, axis=0),
        sector_names=SECTOR_NAMES[:sectors],
    )


def a_context(*, symbols: int, sessions: int, seed: int = 7) -> MarketContext:
    """A patchy one.

    Reports come at other times for each symbol and are revised, some expire, the first symbol has
    none. VIX and SPY miss sessions, the second symbol's filings are never complete, the third
    symbol's sector is unknown, and the fourth moves from one to another halfway.
    """
    random = np.random.default_rng(seed)
    whole = a_whole_context(symbols=symbols, sessions=sessions, seed=seed)
    quarters = [_revised(random, _rows(random, sessions, 63)) for _ in range(symbols)]
    halves = [_revised(random, _rows(random, sessions, 10)) for _ in range(symbols)]
    quarters[0] = halves[0] = quarters[0][:0]
    reports = _reports(random, REPORT_FIELDS, quarters)
    expired = random.random(len(reports.row)) < 0.1
    values = {name: np.where(expired, np.nan, held) for name, held in reports.values.items()}
    sector = whole.sector.copy()
    sector[:, 2:3] = -1
    sector[sessions // 2 :, 3:4] = (sector[:1, 3:4] + 1) % len(whole.sector_names)
    covered_from = random.integers(0, sessions // 3, symbols)
    covered_from[1:2] = sessions
    gone = random.random(sessions) < 0.02
    return replace(
        whole,
        reports=replace(reports, values=values),
        short_interest=_reports(random, SHORT_FIELDS, halves),
        insiders=replace(whole.insiders, covered_from=covered_from),
        vix=np.where(gone, np.nan, whole.vix),
        spy=np.where(np.roll(gone, 7), np.nan, whole.spy),
        sector=sector,
    )


def of_symbols(context: MarketContext, columns: Sequence[int]) -> MarketContext:
    """What is known of some symbols alone, in the order given."""
    return replace(
        context,
        reports=_entries_of(context.reports, columns),
        short_interest=_entries_of(context.short_interest, columns),
        insiders=_trades_of(context.insiders, columns),
        sector=None if context.sector is None else context.sector[:, columns],
    )


def panel_of(panel: MarketPanel, columns: Sequence[int]) -> MarketPanel:
    """Some symbols of a panel alone, in the order given."""
    columns = list(columns)
    others = {"sessions", "symbols", "context"}
    own = {
        field.name: np.ascontiguousarray(getattr(panel, field.name)[:, columns])
        for field in fields(panel)
        if field.name not in others
    }
    return replace(
        panel,
        **own,
        symbols=tuple(panel.symbols[column] for column in columns),
        context=of_symbols(panel.context, columns),
    )


def counted_in(context: MarketContext, ratio: float) -> MarketContext:
    """The same with all shares counted in units of `ratio`."""

    def counted(known: KnownValues) -> KnownValues:
        values = {
            name: held / ratio if name.startswith(("shares", "short_")) else held
            for name, held in known.values.items()
        }
        return replace(known, values=values)

    return replace(
        context,
        reports=counted(context.reports),
        short_interest=counted(context.short_interest),
        insiders=replace(context.insiders, shares=context.insiders.shares / ratio),
    )


def _rows(random: np.random.Generator, sessions: int, apart: int) -> np.ndarray:
    rows = np.arange(0, sessions, apart)
    rows[1:] += random.integers(-apart // 5, apart // 5 + 1, len(rows) - 1)
    return rows


def _revised(random: np.random.Generator, rows: np.ndarray) -> np.ndarray:
    # Some come later than at first, and each third is corrected on the same session or soon after.
    late = rows + random.integers(1, 9)
    return np.sort(np.concatenate([late, late[::3] + random.integers(0, 5, len(late[::3]))]))


def _reports(
    random: np.random.Generator, names: Iterable[str], rows: Sequence[np.ndarray]
) -> KnownValues:
    count = sum(map(len, rows))
    return KnownValues(
        offsets=np.concatenate([[0], np.cumsum([len(own) for own in rows])]),
        row=np.concatenate(rows).astype(np.int64),
        values={name: random.lognormal(3.0, 0.5, count) for name in names},
    )


def _trades(
    random: np.random.Generator, *, symbols: int, sessions: int, apart: int
) -> InsiderTrades:
    """Trades of five insiders a symbol, an eighth of them amended."""
    table = []
    for symbol in range(symbols):
        for position in range(0, sessions, apart):
            owner = 5 * symbol + int(random.integers(5))
            shares = float(random.integers(1, 90))
            told = (owner, position // apart % 2 == 0, owner % 2 == 0)
            price = np.nan if random.random() < 1 / 50 else float(random.lognormal(3.0, 0.3))
            table.append((symbol, position, position, 1, *told, shares, shares * price))
            if random.random() < 1 / 8:
                # What is taken back is what was told, to the bit.
                row, more = position + int(random.integers(1, 30)), shares + 1.0
                table += [(symbol, row, position, -1, *told, shares, shares * price)]
                table += [(symbol, row, position, 1, *told, more, more * price)]
    table = sorted((entry for entry in table if entry[1] < sessions), key=lambda one: one[:4])
    columns = [np.array(column) for column in zip(*table, strict=True)]
    symbol, row, position, sign, owner, is_purchase, is_officer, shares, notional = columns
    return InsiderTrades(
        sessions=sessions,
        offsets=np.searchsorted(symbol, np.arange(symbols + 1)),
        row=row,
        position=position,
        sign=sign.astype(np.int8),
        owner=owner.astype(np.int32),
        is_purchase=is_purchase,
        is_officer=is_officer,
        shares=shares,
        notional=notional,
        covered_from=np.zeros(symbols, dtype=np.int64),
    )


def _places(offsets: np.ndarray, columns: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    own = [np.arange(offsets[column], offsets[column + 1]) for column in columns]
    return np.concatenate([[0], np.cumsum([len(part) for part in own])]), np.concatenate(own)


def _entries_of(known: KnownValues | None, columns: Sequence[int]) -> KnownValues | None:
    if known is None:
        return None
    offsets, places = _places(known.offsets, columns)
    values = {name: held[places] for name, held in known.values.items()}
    return KnownValues(offsets=offsets, row=known.row[places], values=values)


def _trades_of(trades: InsiderTrades | None, columns: Sequence[int]) -> InsiderTrades | None:
    if trades is None:
        return None
    offsets, places = _places(trades.offsets, columns)
    own = {"sessions", "offsets", "covered_from"}
    names = [field.name for field in fields(trades) if field.name not in own]
    return replace(
        trades,
        **{name: getattr(trades, name)[places] for name in names},
        offsets=offsets,
        covered_from=trades.covered_from[list(columns)],
    )
