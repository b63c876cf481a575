"""Reference rows as sources give them, and the frame they are laid out in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np

from alpha_oracle import calendar
from alpha_oracle.domain.fundamentals import ITEMS, FactColumns, StatementItem
from alpha_oracle.domain.insiders import Insider, InsiderTransaction, OwnershipFiling
from alpha_oracle.domain.market import ActionKind, CorporateAction, Symbol
from alpha_oracle.domain.short_interest import ShortPosition
from alpha_oracle.features.joining.frame import build_frame


def day(text):
    return date.fromisoformat(text)


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def facts_of_rows(rows):
    """Facts from rows of symbol, item, start (None: of a day), end, value and known_at, as they
    travel: by symbol, known_at, item, end and start.
    """
    ordered = sorted(
        rows, key=lambda row: (row[0], row[5], ITEMS.index(row[1]), row[3], row[2] or "")
    )
    symbols = tuple(sorted({row[0] for row in ordered}))
    return FactColumns(
        symbols=tuple(map(Symbol, symbols)),
        symbol_index=np.array([symbols.index(row[0]) for row in ordered], dtype=np.int32),
        item=np.array([ITEMS.index(row[1]) for row in ordered], dtype=np.int16),
        period_start=np.array([row[2] or "NaT" for row in ordered], dtype="datetime64[D]"),
        period_end=np.array([row[3] for row in ordered], dtype="datetime64[D]"),
        value=np.array([float(row[4]) for row in ordered]),
        known_at=np.array([row[5] for row in ordered], dtype="datetime64[us]"),
    )


def facts(table):
    """Facts from lines of `ITEM START END VALUE KNOWN_AT` of ACME; `-` starts an item of a day."""
    return facts_of_rows(fact_rows(table))


def fact_rows(table, *, symbol="ACME"):
    rows = [line.split() for line in table.splitlines() if line.strip()]
    return [
        (symbol, StatementItem(item), None if start == "-" else start, end, float(value), known_at)
        for item, start, end, value, known_at in rows
    ]


def split(ex_date, ratio, *, symbol="ACME"):
    return CorporateAction(
        symbol=Symbol(symbol),
        ex_date=day(ex_date),
        kind=ActionKind.SPLIT,
        value=Decimal(ratio),
        known_at=calendar.session_open(day(ex_date)),
    )


def sessions_of(start, end):
    return np.array(calendar.sessions_between(day(start), day(end)), dtype="datetime64[D]")


def a_frame(start="2015-01-02", end="2016-12-30", *, symbols=("ACME",), first_bar=None, actions=()):
    sessions = sessions_of(start, end)
    first = np.zeros(len(symbols), dtype=np.int64) if first_bar is None else np.array(first_bar)
    return build_frame(
        sessions, tuple(map(Symbol, symbols)), first_bar=first, actions=tuple(actions)
    )


def entries_of(known, frame, *, column=0):
    """The entries of a symbol as pairs of session and its fields."""
    span = range(known.offsets[column], known.offsets[column + 1])
    return [
        (
            str(np.datetime64(int(frame.days[known.row[entry]]), "D")),
            {name: values[entry] for name, values in known.values.items()},
        )
        for entry in span
    ]


def an_insider(owner_id="1", *, officer=False):
    return Insider(owner_id=owner_id, name=f"Owner {owner_id}", is_officer=officer)


def a_trade(code="P", *, shares=100.0, price=10.0, line=1, on="2015-03-02", after=None, **changes):
    return InsiderTransaction(
        **{
            "line": line,
            "traded_on": day(on),
            "code": code,
            "is_derivative": False,
            "is_acquisition": code == "P",
            "shares": shares,
            "price_usd": price,
            "shares_after": after,
            "is_direct": True,
            "is_planned": None,
            **changes,
        }
    )


def a_filing(
    known_at,
    *trades,
    owners=None,
    accession=None,
    replaces=None,
    period="2015-03-02",
    filed=None,
    symbol="ACME",
    amends=False,
):
    at = instant(known_at)
    return OwnershipFiling(
        accession=accession or f"{known_at}/{'A' if amends else ''}",
        symbol=Symbol(symbol),
        form="4/A" if amends else "4",
        known_at=at,
        period_of_report=day(period),
        filed_on=day(filed) if filed else at.date(),
        owners=tuple(owners or (an_insider(),)),
        transactions=trades,
        replaces_filed_on=day(replaces) if replaces else None,
    )


def a_position(settlement, shares, *, known_at, volume=None, symbol="ACME"):
    return ShortPosition(
        symbol=Symbol(symbol),
        settlement_date=day(settlement),
        shares_short=float(shares),
        average_daily_volume=volume,
        known_at=instant(known_at),
    )
