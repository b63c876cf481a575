"""Sources by priority: each is asked for what those before it did not give, symbol by symbol."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.validation import SourceCount
from alpha_oracle.errors import ConfigurationError, DataError, StoreUnavailable, TransientError
from alpha_oracle.marketdata.budget import affordable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alpha_oracle.domain.bars import BarColumns, ReceivedBars
    from alpha_oracle.domain.market import Session
    from alpha_oracle.errors import AlphaOracleError
    from alpha_oracle.ports.bars import BarSource

_KINDS: Final = {
    AbsenceKind.UNKNOWN_SYMBOL: "unknown symbol",
    AbsenceKind.NO_DATA: "no data",
    AbsenceKind.REFUSED: "refused",
    AbsenceKind.FAILED: "no answer",
}
_OF_ONE_SYMBOL: Final = frozenset({AbsenceKind.UNKNOWN_SYMBOL, AbsenceKind.NO_DATA})
_LONGEST_REASON: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be fetched: the sessions each symbol lacks, from `start` to `end`.

    A symbol of `overlap` is asked for from that session on instead: it has bars stored there, which
    the answer can be held against.
    """

    sessions: Mapping[Symbol, frozenset[Session]]
    start: Session
    end: Session
    overlap: Mapping[Symbol, Session]


class Chain:
    """One pass over the sources; no source is asked twice."""

    def __init__(self, sources: Sequence[BarSource], wanted: Wanted) -> None:
        self._sources = sources
        self._wanted = wanted
        self._lacking = dict(wanted.sessions)
        self._absent: dict[Symbol, list[Absence]] = defaultdict(list)
        self._reasons: dict[Symbol, list[str]] = defaultdict(list)
        self._counts: list[SourceCount] = []
        self._errors: list[AlphaOracleError] = []
        self._answered = False

    def answers(self) -> Iterator[ReceivedBars]:
        """Ask the sources in their order; each answer carries why the sources before gave none.

        What one answer brought can be stored before the next is asked for.

        Raises:
            AlphaOracleError: the first source's, telling the others' too, where none answered.
        """
        for source in self._sources:
            asked = tuple(sorted(self._lacking))
            if not asked:
                return
            yield from self._ask(source, asked)
        if self._errors and not self._answered:
            raise _all_told(self._errors)

    @property
    def counts(self) -> tuple[SourceCount, ...]:
        """What each source was asked for and gave."""
        return tuple(self._counts)

    @property
    def lacking(self) -> tuple[Symbol, ...]:
        """The symbols that no source gave all of their sessions, ascending."""
        return tuple(sorted(self._lacking))

    @property
    def absent(self) -> tuple[Absence, ...]:
        """What each source said of the symbols still lacking."""
        return tuple(absence for symbol in self.lacking for absence in self._absent[symbol])

    def reason(self, symbol: Symbol) -> str:
        """Why the sources asked so far did not give a symbol; empty before the first."""
        return "; ".join(self._reasons[symbol])

    def _ask(self, source: BarSource, asked: tuple[Symbol, ...]) -> Iterator[ReceivedBars]:
        reasons = {symbol: self.reason(symbol) for symbol in asked}
        open_before = len(self._errors)
        for symbols, start in self._parts(asked):
            if len(self._errors) > open_before:
                self._note_failure(source, symbols, self._errors[-1])
                continue
            received = self._fetched(source, symbols, start)
            if received is not None:
                yield from by_reason(received, reasons)
        failures = self._errors[open_before:]
        self._counts.append(
            SourceCount(
                source=source.name,
                asked=len(asked),
                given=sum(symbol not in self._lacking for symbol in asked),
                failure=_short(str(failures[0])) if failures else "",
            )
        )

    def _parts(self, asked: tuple[Symbol, ...]) -> Iterator[tuple[tuple[Symbol, ...], Session]]:
        by_start: dict[Session, list[Symbol]] = defaultdict(list)
        for symbol in asked:
            by_start[self._wanted.overlap.get(symbol, self._wanted.start)].append(symbol)
        for start in sorted(by_start):
            yield tuple(by_start[start]), start

    def _fetched(
        self, source: BarSource, symbols: tuple[Symbol, ...], start: Session
    ) -> ReceivedBars | None:
        end = self._wanted.end
        try:
            within, beyond = affordable(source, symbols, start=start, end=end)
            received = source.fetch(within, start=start, end=end)
        except StoreUnavailable:
            # Ours, not the source's: no other source would help.
            raise
        except (TransientError, DataError, ConfigurationError) as error:
            self._errors.append(error)
            self._note_failure(source, symbols, error)
            return None
        self._answered = True
        self._note_answer(source, within, received)
        for symbol in beyond:
            self._note(symbol, source, AbsenceKind.REFUSED, "the day's requests are used up")
        return received

    def _note_failure(
        self, source: BarSource, symbols: Sequence[Symbol], error: AlphaOracleError
    ) -> None:
        for symbol in symbols:
            self._note(symbol, source, AbsenceKind.FAILED, _short(str(error)))

    def _note_answer(
        self, source: BarSource, symbols: Sequence[Symbol], received: ReceivedBars
    ) -> None:
        said = {absence.symbol: absence for absence in received.absent}
        given = _sessions_given(received.bars)
        for symbol in symbols:
            lacking = self._lacking[symbol] - given.get(symbol, frozenset())
            self._lacking[symbol] = lacking
            if not lacking:
                del self._lacking[symbol]
            elif symbol in said:
                self._note(symbol, source, said[symbol].kind, said[symbol].reason)
            else:
                self._note(symbol, source, AbsenceKind.FAILED, self._silence(lacking))

    def _silence(self, lacking: frozenset[Session]) -> str:
        if self._wanted.start == self._wanted.end:
            return f"no bar of {next(iter(lacking))} in its answer"
        return "not all sessions in its answer"

    def _note(
        self,
        symbol: Symbol,
        source: BarSource,
        kind: AbsenceKind,
        reason: str,
    ) -> None:
        absence = Absence(symbol=symbol, source=source.name, kind=kind, reason=reason)
        self._absent[symbol].append(absence)
        self._reasons[symbol].append(_in_short(absence))


def by_reason(received: ReceivedBars, reasons: Mapping[Symbol, str]) -> list[ReceivedBars]:
    """Return an answer in parts, one for each reason why it was asked for; rows keep their order.

    Rows nobody could read the symbol of stay with the first part.
    """
    bars = received.bars
    distinct = list(dict.fromkeys(reasons.get(symbol, "") for symbol in bars.symbols))
    if len(distinct) <= 1:
        reason = distinct[0] if distinct else next(iter(reasons.values()), "")
        return [replace(received, batch=replace(received.batch, reason=reason))]
    of_symbol = np.array([distinct.index(reasons.get(symbol, "")) for symbol in bars.symbols])
    of_row = of_symbol[bars.symbol_index]

    def is_of(part: int, symbol: str) -> bool:
        reason = reasons.get(Symbol(symbol), distinct[0])
        return part == (distinct.index(reason) if reason in distinct else 0)

    return [
        replace(
            received,
            bars=bars.take(of_row == part),
            batch=replace(received.batch, reason=reason),
            unreadable=tuple(row for row in received.unreadable if is_of(part, row.symbol)),
            actions=tuple(each for each in received.actions if is_of(part, each.symbol)),
            absent=tuple(each for each in received.absent if is_of(part, each.symbol)),
        )
        for part, reason in enumerate(distinct)
    ]


def _sessions_given(bars: BarColumns) -> dict[Symbol, frozenset[Session]]:
    given: dict[Symbol, set[Session]] = defaultdict(set)
    sessions: list[Session] = bars.session.astype("datetime64[D]").tolist()
    for code, session in zip(bars.symbol_index.tolist(), sessions, strict=True):
        given[bars.symbols[code]].add(session)
    return {symbol: frozenset(found) for symbol, found in given.items()}


def _all_told(errors: Sequence[AlphaOracleError]) -> AlphaOracleError:
    texts = dict.fromkeys(str(error) for error in errors)
    return errors[0] if len(texts) == 1 else type(errors[0])("; then ".join(texts))


def _in_short(absence: Absence) -> str:
    # What stands on a bar names no symbol, so that bars of one reason are one batch.
    told = _short(absence.reason.removeprefix(f"{absence.source}: "))
    is_of_one = absence.kind in _OF_ONE_SYMBOL or absence.symbol in told
    return f"{absence.source}: {_KINDS[absence.kind] if is_of_one else told}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 3]}..."
