"""FINRA's short interest file made into positions, row by row; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.finra.schedule import known_at
from alpha_oracle.domain.reference import RefusedRow
from alpha_oracle.domain.short_interest import ReceivedShortInterest, ShortPosition
from alpha_oracle.errors import DataError, UnknownSymbol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.adapters.finra.spelling import Spelling
    from alpha_oracle.domain.market import Symbol

_SYMBOL: Final = "symbolcode"
_SHORT: Final = "currentshortpositionquantity"
_VOLUME: Final = "averagedailyvolumequantity"
_REVISED: Final = "revisionflag"
_SETTLEMENT: Final = "settlementdate"
# Days to cover is not among them: FINRA floors it at 1.00 and writes 999.99 for no volume.
_NEEDED: Final = (_SYMBOL, _SHORT, _VOLUME, _REVISED, _SETTLEMENT)
_SEPARATOR: Final = "|"
_QUANTITY: Final = re.compile(r"\d{1,15}(\.\d{1,9})?")
_LONGEST_SHOWN: Final = 120


class CutOff(DataError):  # noqa: N818 - names the state, its family ends in Error.
    """The file ends before its last row does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a file came from, for errors, and when: a revised row is not known before."""

    place: str
    received_at: datetime


@dataclass(slots=True)
class _Found:
    positions: dict[Symbol, ShortPosition] = field(default_factory=dict)
    rows: dict[Symbol, Mapping[str, str]] = field(default_factory=dict)
    twice: set[Symbol] = field(default_factory=set)
    refused: list[RefusedRow] = field(default_factory=list)


def read_file(
    body: bytes, *, spelling: Spelling, origin: Origin, settlement: date | None = None
) -> ReceivedShortInterest:
    """Return the positions of a file, which all are of one settlement date.

    That is `settlement`, or where it is None the date of the last row. A row with a revision flag
    holds what FINRA corrected after publication, at a time it does not tell: it counts as known
    from `received_at`. What no row tells apart, two of one symbol that differ, is refused.

    Raises:
        CutOff: the last row is not whole.
        DataError: it is no such file, or one of another settlement date.
    """
    names, lines = _split(body, origin)
    if not lines:
        raise CutOff(f"{origin.place} holds a header and no rows; get it again")
    last = _row(names, lines[-1])
    ends_on = None if last is None else _date(last[_SETTLEMENT])
    if ends_on is None:
        raise CutOff(f"{origin.place} ends in the middle of a row; get it again")
    of = settlement or ends_on
    found = _Found()
    for line in lines:
        _take(line, names, found, spelling=spelling, settlement=of, origin=origin)
    if not found.positions:
        raise DataError(
            f"{origin.place} holds no short position settled on {of}, in {len(lines)} rows; "
            f"the last one is of {ends_on}"
        )
    return ReceivedShortInterest(
        positions=tuple(found.positions[symbol] for symbol in sorted(found.positions)),
        refused=tuple(found.refused),
    )


def _split(body: bytes, origin: Origin) -> tuple[Sequence[str], list[str]]:
    # A name may hold any byte; a symbol with one that is no ASCII is refused with its row.
    text = body.decode("utf-8-sig", errors="replace")
    header, *lines = [line.rstrip("\r") for line in text.split("\n")]
    names = [name.strip().lower() for name in header.split(_SEPARATOR)]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise DataError(
            f"{origin.place} is no short interest file of FINRA: no column {', '.join(missing)} "
            f"in {header[:_LONGEST_SHOWN]!r}"
        )
    return names, [line for line in lines if line.strip()]


def _row(names: Sequence[str], line: str) -> dict[str, str] | None:
    fields = [text.strip() for text in line.split(_SEPARATOR)]
    return dict(zip(names, fields, strict=True)) if len(fields) == len(names) else None


def _take(
    line: str,
    names: Sequence[str],
    found: _Found,
    *,
    spelling: Spelling,
    settlement: date,
    origin: Origin,
) -> None:
    row = _row(names, line)
    if row is None:
        reason = f"{line.count(_SEPARATOR) + 1} fields where the header has {len(names)}"
        found.refused.append(_refused(settlement, {"line": line}, reason))
        return
    try:
        position = _position(row, spelling, settlement=settlement, origin=origin)
    except (ValueError, UnknownSymbol) as error:
        found.refused.append(_refused(settlement, row, str(error)))
    else:
        _keep(position, row, found)


def _keep(position: ShortPosition, row: Mapping[str, str], found: _Found) -> None:
    symbol, settlement = position.symbol, position.settlement_date
    reason = f"{symbol} stands there more than once, with different figures"
    if symbol in found.twice:
        found.refused.append(_refused(settlement, row, reason))
        return
    before = found.positions.setdefault(symbol, position)
    if before != position:
        found.twice.add(symbol)
        del found.positions[symbol]
        found.refused.append(_refused(settlement, found.rows[symbol], reason))
        found.refused.append(_refused(settlement, row, reason))
    found.rows.setdefault(symbol, row)


def _position(
    row: Mapping[str, str], spelling: Spelling, *, settlement: date, origin: Origin
) -> ShortPosition:
    if _date(row[_SETTLEMENT]) != settlement:
        raise ValueError(f"settled on {row[_SETTLEMENT]!r}, in the file of {settlement}")
    public_at = known_at(settlement)
    shares, volume = _quantity(row, _SHORT), _quantity(row, _VOLUME)
    if shares is None:
        raise ValueError("no short position stands there")
    return ShortPosition(
        symbol=spelling.symbol(row[_SYMBOL]),
        settlement_date=settlement,
        shares_short=shares,
        average_daily_volume=volume,
        known_at=max(public_at, origin.received_at) if row[_REVISED] else public_at,
    )


def _quantity(row: Mapping[str, str], name: str) -> float | None:
    text = row[name]
    if not text:
        return None
    if not _QUANTITY.fullmatch(text):
        raise ValueError(f"{name} {text[:_LONGEST_SHOWN]!r} is no quantity")
    return float(text)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _refused(settlement: date, received: Mapping[str, str], reason: str) -> RefusedRow:
    return RefusedRow(subject=settlement.isoformat(), reason=reason, received=received)
