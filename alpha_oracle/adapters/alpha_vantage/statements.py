"""The `alpha_vantage` source of statements: five requests a symbol, one where nothing is new.

What came is kept until all five did, so that a day that ends between them pays for none twice.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.alpha_vantage.announcements import read_announcements
from alpha_oracle.adapters.alpha_vantage.answers import PaidAnswers
from alpha_oracle.adapters.alpha_vantage.client import AlphaVantageClient
from alpha_oracle.adapters.alpha_vantage.reading import SOURCE, YOUNG
from alpha_oracle.adapters.alpha_vantage.statement_items import read_overview, read_statements
from alpha_oracle.adapters.alpha_vantage.statement_outcomes import outcome_so_far
from alpha_oracle.adapters.alpha_vantage.statement_questions import Statement, StatementQuestion
from alpha_oracle.adapters.alpha_vantage.translate import is_about
from alpha_oracle.domain.fundamentals import ReceivedFacts
from alpha_oracle.domain.requests import RequestLimits, RequestPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from alpha_oracle.adapters.alpha_vantage.answers import Answer
    from alpha_oracle.adapters.alpha_vantage.statement_outcomes import CompanyAnswers
    from alpha_oracle.config import AlphaVantageSettings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import AnswerSpool, RequestLedger

WORTH_ASKING_AFTER: Final = timedelta(days=7)
STORED_WITHIN: Final = timedelta(hours=1)
"""Of answers kept this soon after a symbol was last asked for, all is stored."""

_WAYS_OUT: Final = (
    "ask for fewer symbols, spread them over several days, take a premium key, "
    "or use EDGAR (data.reference.fundamentals = edgar)"
)


class AlphaVantageFundamentals:
    """Statements of Alpha Vantage, within the limits of the key. Safe to share between threads."""

    def __init__(
        self,
        settings: AlphaVantageSettings,
        *,
        ledger: RequestLedger,
        spool: AnswerSpool,
        clock: Clock,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_day = settings.requests_per_day
        self._clock = clock
        self._answers = PaidAnswers(
            AlphaVantageClient(settings),
            limits=RequestLimits(
                per_minute=settings.requests_per_minute, per_day=settings.requests_per_day
            ),
            ledger=ledger,
            spool=spool,
            clock=clock,
            wait=wait,
            ways_out=_WAYS_OUT,
        )

    @property
    def name(self) -> str:
        """The name the facts carry."""
        return SOURCE

    @property
    def worth_asking_after(self) -> timedelta:
        """How old a symbol's last answer must be before a daily run asks again."""
        return WORTH_ASKING_AFTER

    def plan(self, symbols: Sequence[Symbol]) -> RequestPlan:
        """Return how many requests `fetch` of each would send now at most, and how many are left.

        A symbol without a new announcement will take one in place of five.
        """
        return RequestPlan(
            source=self.name,
            symbols=len(symbols),
            requests=sum(self._missing(symbol) for symbol in set(symbols)),
            left=self._answers.left_today,
            per_day=self._per_day,
        )

    def fetch(self, symbol: Symbol, *, since: datetime | None) -> ReceivedFacts:
        """Return the facts of a symbol's statements, quarterly and annual, as they stand now.

        Nothing where no quarter was announced shortly before `since` or later: a restatement
        comes in with the next announcement.

        Raises:
            SourceAway: ask again later; what came is kept.
            BudgetSpent: the day's requests are used up; what came is kept.
            ConfigurationError: the key or `base_url` is wrong, or statements need a premium key.
        """
        answers = self._kept(symbol, since=since)
        for statement in Statement:
            outcome = outcome_so_far(answers, since=since)
            if outcome is not None:
                return outcome
            if statement not in answers:
                question = StatementQuestion(symbol=symbol, statement=statement)
                answers[statement] = self._answers.ask(question)
        return outcome_so_far(answers, since=since) or _received(symbol, answers)

    def _missing(self, symbol: Symbol) -> int:
        kept = self._kept(symbol, since=None)
        return 0 if outcome_so_far(kept, since=None) is not None else len(Statement) - len(kept)

    def _kept(self, symbol: Symbol, *, since: datetime | None) -> CompanyAnswers:
        questions = [StatementQuestion(symbol=symbol, statement=one) for one in Statement]
        return {
            answer.question.statement: answer
            for answer in self._answers.kept(questions)
            if self._is_usable(answer, since)
        }

    def _is_usable(self, answer: Answer[StatementQuestion], since: datetime | None) -> bool:
        if since is not None and answer.received_at <= since + STORED_WITHIN:
            return False
        if answer.refusal is not None:
            return self._clock.now() - answer.received_at < YOUNG
        return is_about(answer.document, answer.question.symbol)


def _received(symbol: Symbol, answers: CompanyAnswers) -> ReceivedFacts:
    announced, overview = answers[Statement.EARNINGS], answers[Statement.OVERVIEW]
    # The last one's: nothing undated may be known before all of it was here.
    received_at = max(answer.received_at for answer in answers.values())
    told = read_statements(
        {statement: answer.document for statement, answer in answers.items()},
        symbol,
        announcements=read_announcements(
            announced.document, symbol, received_at=announced.received_at
        ),
        received_at=received_at,
    )
    now = read_overview(overview.document, symbol, received_at=overview.received_at)
    return ReceivedFacts(facts=told.facts + now.facts, refused=told.refused + now.refused)
