"""When the answers so far already say how a symbol's statements end: nothing new, or none.

To a symbol it does not know Alpha Vantage says what it says when something slipped: nothing, or
that the call is invalid. Said twice it tells an unknown symbol; once, beside an answer, nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from alpha_oracle.adapters.alpha_vantage.announcements import read_announcements
from alpha_oracle.adapters.alpha_vantage.reading import SOURCE
from alpha_oracle.adapters.alpha_vantage.refusals import EARNINGS, RefusalKind
from alpha_oracle.adapters.alpha_vantage.statement_questions import Statement, StatementQuestion
from alpha_oracle.adapters.alpha_vantage.statement_reports import has_reports
from alpha_oracle.adapters.alpha_vantage.translate import is_about, symbol_told
from alpha_oracle.domain.bars import Absence, AbsenceKind
from alpha_oracle.domain.fundamentals import ReceivedFacts
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from alpha_oracle.adapters.alpha_vantage.answers import Answer
    from alpha_oracle.domain.market import Symbol

CompanyAnswers: TypeAlias = "dict[Statement, Answer[StatementQuestion]]"

_NOTHING_NEW: Final = ReceivedFacts()
_NOT_OURS: Final = frozenset({RefusalKind.PREMIUM_ONLY, RefusalKind.NO_SUCH_FUNCTION})


def outcome_so_far(answers: CompanyAnswers, *, since: datetime | None) -> ReceivedFacts | None:
    """Return what a fetch gives, whatever the questions not yet asked would bring; None: go on.

    Raises:
        ConfigurationError: the key's plan has no statements, or Alpha Vantage has none any more.
    """
    for answer in answers.values():
        _require_plan(answer)
        if answer.refusal is None and not is_about(answer.document, answer.question.symbol):
            return ReceivedFacts(absence=_mixed_up(answer))
    earnings = answers.get(Statement.EARNINGS)
    if earnings is not None and since is not None and _is_quiet(earnings, since):
        return _NOTHING_NEW
    absence = _absence(answers)
    return None if absence is None else ReceivedFacts(absence=absence)


def _require_plan(answer: Answer[StatementQuestion]) -> None:
    if answer.refusal is not None and answer.refusal.kind in _NOT_OURS:
        raise ConfigurationError(
            f"Alpha Vantage does not give {answer.question.statement} for this key; take a "
            "premium key, or use EDGAR (data.reference.fundamentals = edgar). "
            f"{_said([answer])}"
        )


def _mixed_up(answer: Answer[StatementQuestion]) -> Absence:
    question = answer.question
    return _absent(
        question.symbol,
        AbsenceKind.FAILED,
        f"asked for {question.statement} of {question.symbol} and answered about "
        f"{symbol_told(answer.document)!r}; nothing of it was taken",
    )


def _is_quiet(earnings: Answer[StatementQuestion], since: datetime) -> bool:
    announcements = read_announcements(
        earnings.document, earnings.question.symbol, received_at=earnings.received_at
    )
    return announcements.is_quiet_since(since)


def _absence(answers: CompanyAnswers) -> Absence | None:
    earnings, income = answers.get(Statement.EARNINGS), answers.get(Statement.INCOME_STATEMENT)
    if earnings is None or income is None:
        return None
    symbol = income.question.symbol
    # An overview adds today's shares to those of the last balance sheet: it may be missed.
    missed = [
        answer
        for statement, answer in answers.items()
        if answer.refusal is not None and statement is not Statement.OVERVIEW
    ]
    if earnings in missed and income in missed:
        return _absent(symbol, AbsenceKind.UNKNOWN_SYMBOL, _said(missed))
    if not has_reports(income.document) and not (income in missed and _has_any(earnings)):
        reason = "it has no report of a quarter or a year"
        return _absent(symbol, AbsenceKind.NO_DATA, reason)
    if missed:
        # Facts stored without an announcement would keep the time they came for good.
        return _absent(symbol, AbsenceKind.FAILED, f"nothing was taken: {_said(missed)}")
    return None


def _has_any(earnings: Answer[StatementQuestion]) -> bool:
    return bool(earnings.document.get(EARNINGS))


def _said(refused: Sequence[Answer[StatementQuestion]]) -> str:
    told = (
        f'of {answer.question.statement} it said: "{answer.refusal.text}"'
        for answer in refused
        if answer.refusal is not None
    )
    return "; ".join(told)


def _absent(symbol: Symbol, kind: AbsenceKind, reason: str) -> Absence:
    return Absence(symbol=symbol, source=SOURCE, kind=kind, reason=reason)
