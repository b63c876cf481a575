"""Judges an answer by the bars in it that are stored already: does its history still agree?

A source that re-adjusted its history after a split, another company behind a ticker and prices in
another convention all show here, before a bar is stored in the wrong one. What a single split with
a certain ex-date explains is recorded; what nothing explains is held. A stored bar is never
replaced by another source's: where the two differ, that is reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.calendar import session_open
from alpha_oracle.domain.market import ActionKind, CorporateAction
from alpha_oracle.domain.validation import Conflict, Disagreement
from alpha_oracle.marketdata.readjustment import readjustment
from alpha_oracle.marketdata.repeated import is_repeated, repeated_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from alpha_oracle.domain.bars import ReceivedBars, StoredBars
    from alpha_oracle.domain.market import Session, Symbol
    from alpha_oracle.marketdata.readjustment import Readjustment
    from alpha_oracle.marketdata.repeated import RepeatedRows

# A vendor corrects its close by less than this without its history having moved; the smallest
# stock dividends move it by more.
_CORRECTION: Final = math.log(1.005)
# One dividend moves a fully adjusted history by no more than this; a special one is held.
_DIVIDEND_DRIFT: Final = math.log(1.04)
# Two sources this far apart on most sessions speak of two companies, or two conventions.
_WILD: Final = math.log(1.2)
# Most bars beyond this by no one ratio are no corrections, and a single one may be a split.
_CORRECTION_ALONE: Final = math.log(1.02)
# That many rows moving alike are no slip of a decimal point.
_EVIDENCE_ROWS: Final = 2
_TEN_DIGITS: Final = Context(prec=10)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlap:
    """What an answer's repeated bars tell.

    New bars of the symbols in `conflicts` are to be held. `splits` explain the others once they
    are recorded. `is_repeated` marks the received rows of stored sessions, `is_correction` those
    of them that their own source gives otherwise now. `judged` symbols had bars to compare.
    """

    splits: tuple[CorporateAction, ...]
    conflicts: tuple[Conflict, ...]
    disagreements: tuple[Disagreement, ...]
    is_repeated: NDArray[np.bool_]
    is_correction: NDArray[np.bool_]
    judged: frozenset[Symbol]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Facts:
    received: ReceivedBars
    stored: StoredBars
    splits: dict[tuple[Symbol, Session], Decimal]
    max_disagreement_pct: float


def judge_overlap(
    received: ReceivedBars,
    stored: StoredBars,
    actions: Sequence[CorporateAction],
    *,
    max_disagreement_pct: float,
) -> Overlap:
    """Compare the repeated bars of each symbol with what is stored and on record."""
    rows = repeated_rows(received, stored, actions)
    facts = _Facts(
        received=received,
        stored=stored,
        splits={
            (action.symbol, action.ex_date): action.value
            for action in actions
            if action.kind is ActionKind.SPLIT
        },
        max_disagreement_pct=max_disagreement_pct,
    )
    found = list(_judged(rows, facts))
    splits = tuple(each for each in found if isinstance(each, CorporateAction))
    conflicts = tuple(each for each in found if isinstance(each, Conflict))
    disagreeing = {split.symbol for split in splits} | {each.symbol for each in conflicts}
    agreeing = _are_not(rows, disagreeing)
    is_correction = np.zeros(len(received.bars), dtype=np.bool_)
    is_correction[rows.row] = agreeing & rows.is_same_source & _differs(rows)
    return Overlap(
        splits=splits,
        conflicts=conflicts,
        disagreements=tuple(_disagreements(rows.take(agreeing), facts)),
        is_repeated=is_repeated(received, stored),
        is_correction=is_correction,
        judged=frozenset(rows.symbols[code] for code in rows.code[rows.is_usable].tolist()),
    )


def _judged(rows: RepeatedRows, facts: _Facts) -> Iterator[CorporateAction | Conflict | None]:
    usable = rows.take(rows.is_usable)
    is_shifted = np.abs(usable.shift) > _allowed(usable, facts.max_disagreement_pct)
    for code in np.unique(usable.code[is_shifted]).tolist():
        first, last = np.searchsorted(usable.code, [code, code + 1]).tolist()
        part = slice(first, last)
        yield _verdict(usable.symbols[code], usable.take(part), is_shifted[part], facts)


def _allowed(rows: RepeatedRows, max_disagreement_pct: float) -> NDArray[np.float64]:
    within = np.where(rows.is_same_source, _CORRECTION, math.log1p(max_disagreement_pct / 100))
    within = np.where(rows.is_fully_adjusted, np.maximum(within, _DIVIDEND_DRIFT), within)
    return np.maximum(within, rows.rounding)


def _verdict(
    symbol: Symbol, rows: RepeatedRows, is_shifted: NDArray[np.bool_], facts: _Facts
) -> CorporateAction | Conflict | None:
    source = facts.received.batch.source
    found = readjustment(rows, is_shifted)
    if found is None:
        if not _is_another(rows):
            return None
        return Conflict(symbol=symbol, source=source, reason=_strangers(symbol, rows, facts))
    if len(rows) == 1 and abs(rows.shift[0]) <= _CORRECTION_ALONE:
        return None
    split = _certain_split(symbol, found, facts)
    return split or Conflict(symbol=symbol, source=source, reason=_moved(symbol, found, facts))


def _is_another(rows: RepeatedRows) -> bool:
    bound = np.where(rows.is_same_source, _CORRECTION_ALONE, _WILD)
    is_wild = np.abs(rows.shift) > np.where(rows.is_fully_adjusted, _WILD, bound)
    # Of as many that agree as do not, the newest counts: new bars follow it.
    return 2 * int(is_wild.sum()) + int(is_wild[-1]) > len(rows)


def _certain_split(symbol: Symbol, found: Readjustment, facts: _Facts) -> CorporateAction | None:
    if found.split is None or len(found.sessions) != 1 or found.rows < _EVIDENCE_ROWS:
        return None
    [ex_date] = found.sessions
    # Recorded at another ratio: which of the two is right, a person decides.
    if (symbol, ex_date) in facts.splits:
        return None
    return CorporateAction(
        symbol=symbol,
        ex_date=ex_date,
        kind=ActionKind.SPLIT,
        value=_split_value(found.split),
        known_at=session_open(ex_date),
    )


def _split_value(split: Fraction) -> Decimal:
    return _TEN_DIGITS.divide(Decimal(split.numerator), Decimal(split.denominator))


def _differs(rows: RepeatedRows) -> NDArray[np.bool_]:
    moved = np.abs(rows.shift) > rows.rounding
    return rows.is_changed | (rows.is_converted & (moved | ~rows.is_usable))


def _are_not(rows: RepeatedRows, symbols: set[Symbol]) -> NDArray[np.bool_]:
    named = np.array([symbol in symbols for symbol in rows.symbols], dtype=np.bool_)
    others: NDArray[np.bool_] = ~named[rows.code] if len(rows) else np.empty(0, dtype=np.bool_)
    return others


def _disagreements(rows: RepeatedRows, facts: _Facts) -> Iterator[Disagreement]:
    bound = math.log1p(facts.max_disagreement_pct / 100)
    is_beyond = rows.is_usable & ~rows.is_same_source
    is_beyond &= np.abs(rows.shift) > np.maximum(bound, rows.rounding)
    for row in np.flatnonzero(is_beyond).tolist():
        yield Disagreement(
            symbol=rows.symbols[rows.code[row]],
            session=_session(int(rows.day[row])),
            stored_source=facts.stored.batches[rows.origin[row]].source,
            stored_close=float(rows.stored_close[row]),
            source=facts.received.batch.source,
            close=float(rows.close[row]),
            pct=100 * math.expm1(abs(float(rows.shift[row]))),
        )


def _session(day: int) -> Session:
    return date(1970, 1, 1).fromordinal(date(1970, 1, 1).toordinal() + day)


def _strangers(symbol: Symbol, rows: RepeatedRows, facts: _Facts) -> str:
    far = 100 * math.expm1(min(float(np.abs(rows.shift).max()), 10.0))
    return (
        f"{facts.received.batch.source} now gives earlier sessions of {symbol} up to {far:.4g} % "
        "from what is stored, by no one ratio: another company may be behind the ticker; release "
        "the bar if it is right"
    )


def _moved(symbol: Symbol, found: Readjustment, facts: _Facts) -> str:
    batch = facts.received.batch
    told = (
        f"{batch.source} now gives earlier sessions of {symbol} at {found.ratio:.5g} times what "
        "is stored, and no recorded action explains it"
    )
    if not found.sessions:
        return (
            f"{told}: no split between the two could. Its prices are not {batch.basis.value} as it "
            "declares, or the stored ones are not what they were declared, or another company is "
            "behind the ticker"
        )
    first, last = found.sessions[0], found.sessions[-1]
    when = f"on {first}" if first == last else f"between {first} and {last}"
    recorded = [day for day in found.sessions if (symbol, day) in facts.splits]
    if recorded:
        value = facts.splits[symbol, recorded[0]]
        return (
            f"{told}, not even the split of {value:f} recorded on {recorded[0]}; correct that one"
        )
    kind = "a split" if found.split else "a split, spin-off or dividend"
    worth = float(found.split or found.implied)
    return (
        f"{told}: as after {kind} worth {worth:.5g} shares for one that went ex {when}; "
        "import it with `alpha-oracle import actions`, and this bar is judged again"
    )
