"""Reads index membership, sectors and corporate actions from CSV (or Parquet) files."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from alpha_oracle.adapters.files.rows import Record, needed_date, read_rows
from alpha_oracle.calendar import is_session, next_session_after, session_open
from alpha_oracle.domain.market import (
    ActionKind,
    CorporateAction,
    Membership,
    SectorAssignment,
    Symbol,
    parse_symbol,
)

_SYMBOL: Final = ("symbol", "ticker", "ticker_symbol")
_MEMBERS: Final = {"symbol": _SYMBOL, "start": ("start_date",), "end": ("end_date",)}
_SECTORS: Final = {"symbol": _SYMBOL, "sector": ("sector", "gics_sector")}
_SECTOR_DATES: Final = {"start": ("start_date",), "end": ("end_date",)}
_ACTIONS: Final = {
    "symbol": _SYMBOL,
    "ex_date": ("ex_date",),
    "type": ("type",),
    "value": ("value",),
}
_ONE_OF_TWO: Final = {
    ActionKind.DIVIDEND: "write one row with the sum of what was paid",
    ActionKind.SPLIT: "write one row with what became of one share",
}
_LARGEST_VALUE: Final = Decimal(1_000_000)


def read_members(path: Path) -> tuple[Membership, ...]:
    """Read `ticker,start_date,end_date`; a blank end means still a member.

    Raises:
        DataError: the file or a row cannot be read; nothing is half read.
    """

    def member(record: Record, dates: Mapping[str, date | None]) -> Membership:
        start, end = needed_date(dates, "start"), dates["end"]
        return Membership(symbol=_symbol(record), start=start, end=end)

    return read_rows(path, member, required=_MEMBERS, dates=("start", "end"))


def read_sectors(path: Path) -> tuple[SectorAssignment, ...]:
    """Read `symbol,sector[,start_date,end_date]`.

    Raises:
        DataError: as `read_members`.
    """

    def assignment(record: Record, dates: Mapping[str, date | None]) -> SectorAssignment:
        if not record["sector"]:
            raise ValueError("the sector is blank")
        return SectorAssignment(
            symbol=_symbol(record), sector=record["sector"], start=dates["start"], end=dates["end"]
        )

    return read_rows(
        path, assignment, required=_SECTORS, optional=_SECTOR_DATES, dates=("start", "end")
    )


def read_actions(path: Path) -> tuple[CorporateAction, ...]:
    """Read `symbol,ex_date,type,value`: `split` (4 for 4:1) or `dividend` (USD as then traded).

    An action is known from the open of its ex-date; one on a closed day goes ex on the next
    session.

    Raises:
        DataError: as `read_members`; or two actions of one kind go ex on one session, which may be
            two payments or one told twice.
    """
    found: set[tuple[Symbol, date, ActionKind]] = set()

    def action(record: Record, dates: Mapping[str, date | None]) -> CorporateAction:
        day = needed_date(dates, "ex_date")
        ex_date = day if is_session(day) else next_session_after(day)
        symbol, kind = _symbol(record), _kind(record["type"])
        if (symbol, ex_date, kind) in found:
            raise ValueError(f"a second {kind} of {symbol} on {ex_date}; {_ONE_OF_TWO[kind]}")
        found.add((symbol, ex_date, kind))
        return CorporateAction(
            symbol=symbol,
            ex_date=ex_date,
            kind=kind,
            value=_value(record["value"]),
            known_at=session_open(ex_date),
        )

    return read_rows(path, action, required=_ACTIONS, dates=("ex_date",))


def _symbol(record: Record) -> Symbol:
    return parse_symbol(record["symbol"])


def _kind(text: str) -> ActionKind:
    try:
        return ActionKind(text.lower())
    except ValueError:
        raise ValueError(f"type {text!r} is neither split nor dividend") from None


def _value(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"value {text!r} is no number") from None
    if not value.is_finite() or value <= 0:
        raise ValueError(f"value {text} must be above 0")
    if not 1 / _LARGEST_VALUE <= value <= _LARGEST_VALUE:
        raise ValueError(f"value {text} is beyond what a share ever split into or paid")
    return value
