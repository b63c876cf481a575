"""Forms 4 and 4/A of a generated company, written from its insiders' dealings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alpha_oracle.adapters.synthetic.filing import accession, instant
from alpha_oracle.adapters.synthetic.insider_amounts import LINES, amounts_of
from alpha_oracle.adapters.synthetic.insider_events import Dealing, events_of
from alpha_oracle.adapters.synthetic.insider_people import reporters_of
from alpha_oracle.domain.insiders import InsiderTransaction, OwnershipFiling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from alpha_oracle.adapters.synthetic.insider_amounts import Amounts
    from alpha_oracle.adapters.synthetic.insider_events import Events
    from alpha_oracle.adapters.synthetic.insider_people import Reporter
    from alpha_oracle.adapters.synthetic.market import Market
    from alpha_oracle.domain.market import Symbol

_FIRST_NUMBER: Final = 100_000
"""Of a company's accession numbers; the lower ones are its reports'."""

_PLAN_BOX_SINCE: Final = date(2023, 4, 1)
_PLANNED_FRACTION: Final = 0.45
_LOST_DIGIT_FRACTION: Final = 0.5
_DIGIT: Final = 10


class _Dealt(NamedTuple):
    # One event with its amounts and days; what is wrong may be amended later than is due.
    slot: int
    reporter: int
    dealing: int
    second: int
    amended_second: int
    detail: float
    shares: float
    withheld: float
    held: float
    prices: list[float]
    traded_on: date
    filed_on: date
    is_wrong: bool
    amended_on: date | None


class _Move(NamedTuple):
    code: str
    shares: float
    price_usd: float | None
    sign: int
    is_derivative: bool = False


def filings_of(
    seed: int, market: Market, column: int, *, start: date, until: datetime, through: date
) -> Iterator[OwnershipFiling]:
    """Give a company's filings of `start` and later that are known by an instant of `through`."""
    owner, symbol = int(market.companies.owner[column]), market.companies.symbols[column]
    reporters = reporters_of(seed, owner)
    events = events_of(seed, market, column, reporters=reporters, through=through)
    amounts = amounts_of(market, column, events=events, reporters=reporters)
    first = int(np.searchsorted(market.sessions, np.datetime64(start, "D")))
    last = market.sessions_through(through)
    due = (np.maximum(events.filed_row, events.amended_row) >= first) & (events.filed_row < last)
    for dealt in _dealt(market, events, amounts, chosen=np.flatnonzero(due), last=last):
        reporter = reporters[dealt.reporter]
        for filing in _written(dealt, owner=owner, symbol=symbol, reporter=reporter):
            if filing.filed_on >= start and filing.known_at <= until:
                yield filing


def _dealt(
    market: Market, events: Events, amounts: Amounts, *, chosen: NDArray[np.int64], last: int
) -> Iterator[_Dealt]:
    days, amended = market.sessions, events.amended_row[chosen]
    is_due = (amended >= 0) & (amended < last)
    columns = (
        events.slot[chosen],
        events.reporter[chosen],
        events.dealing[chosen],
        events.second[chosen],
        events.amended_second[chosen],
        events.detail[chosen],
        amounts.shares[chosen],
        amounts.withheld[chosen],
        amounts.held[chosen],
        amounts.prices[chosen],
        days[events.row[chosen]],
        days[events.filed_row[chosen]],
        amended >= 0,
        np.where(is_due, days[np.where(is_due, amended, 0)], np.datetime64("NaT")),
    )
    return map(_Dealt._make, zip(*(column.tolist() for column in columns), strict=True))


def _written(
    dealt: _Dealt, *, owner: int, symbol: Symbol, reporter: Reporter
) -> Iterator[OwnershipFiling]:
    right = _transactions(dealt, is_direct=not reporter.is_large)
    number = _FIRST_NUMBER + 2 * dealt.slot
    original = OwnershipFiling(
        accession=accession(owner, dealt.filed_on, number),
        symbol=symbol,
        form="4",
        known_at=instant(dealt.filed_on, dealt.second),
        period_of_report=dealt.traded_on,
        filed_on=dealt.filed_on,
        owners=reporter.owners,
        transactions=_mistaken(right, dealt.detail) if dealt.is_wrong else right,
    )
    yield original
    if dealt.amended_on is not None:
        yield replace(
            original,
            accession=accession(owner, dealt.amended_on, number + 1),
            form="4/A",
            known_at=instant(dealt.amended_on, dealt.amended_second),
            filed_on=dealt.amended_on,
            transactions=right,
            replaces_filed_on=dealt.filed_on,
        )


def _transactions(dealt: _Dealt, *, is_direct: bool) -> tuple[InsiderTransaction, ...]:
    moves = _MOVES[dealt.dealing](dealt)
    plans = moves[0].code in {"S", "M"} and dealt.detail < _PLANNED_FRACTION
    is_planned = plans if dealt.traded_on >= _PLAN_BOX_SINCE else None
    held, written = dealt.held, []
    for line, move in enumerate(moves):
        if not move.is_derivative:
            held += move.sign * move.shares
        written.append(
            InsiderTransaction(
                line=line,
                traded_on=dealt.traded_on,
                code=move.code,
                is_derivative=move.is_derivative,
                is_acquisition=move.sign > 0,
                shares=move.shares,
                price_usd=move.price_usd,
                shares_after=None if move.is_derivative else max(held, 0.0),
                is_direct=is_direct,
                is_planned=is_planned,
            )
        )
    return tuple(written)


def _exercise(dealt: _Dealt) -> list[_Move]:
    shares, price = dealt.shares, _told(dealt.prices[0])
    strike = None if price is None else round(price * (0.3 + 0.5 * dealt.detail), 2)
    return [
        _Move("M", shares, strike, 1),
        _Move("S", shares, price, -1),
        _Move("M", shares, 0.0, -1, is_derivative=True),
    ]


def _award(dealt: _Dealt) -> list[_Move]:
    award = _Move("A", dealt.shares, 0.0, 1)
    if not dealt.withheld:
        return [award]
    return [award, _Move("F", dealt.withheld, _told(dealt.prices[0]), -1)]


def _gift(dealt: _Dealt) -> list[_Move]:
    return [_Move("G", dealt.shares, 0.0, -1)]


def _purchase(dealt: _Dealt) -> list[_Move]:
    return [_Move("P", shares, price, 1) for shares, price in _lines(dealt)]


def _sale(dealt: _Dealt) -> list[_Move]:
    return [_Move("S", shares, price, -1) for shares, price in _lines(dealt)]


def _lines(dealt: _Dealt) -> list[tuple[float, float | None]]:
    count = min(1 + int(dealt.detail * LINES), int(dealt.shares))
    each, rest = divmod(dealt.shares, count)
    return [
        (each + (rest if line == 0 else 0.0), _told(dealt.prices[line])) for line in range(count)
    ]


def _told(price: float) -> float | None:
    return price if price == price else None  # noqa: PLR0124 - NaN, cheaply.


def _mistaken(
    right: tuple[InsiderTransaction, ...], detail: float
) -> tuple[InsiderTransaction, ...]:
    # A digit lost, or one too many.
    shares = right[0].shares
    loses = detail < _LOST_DIGIT_FRACTION and shares >= _DIGIT
    wrong = float(shares // _DIGIT) if loses else shares * _DIGIT
    return (replace(right[0], shares=wrong), *right[1:])


_MOVES: Final[Mapping[int, Callable[[_Dealt], list[_Move]]]] = {
    Dealing.PURCHASE: _purchase,
    Dealing.SALE: _sale,
    Dealing.EXERCISE: _exercise,
    Dealing.AWARD: _award,
    Dealing.GIFT: _gift,
}
