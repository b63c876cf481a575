"""Answers from Alpha Vantage: each paid for once, counted before it is asked for, and kept.

The ledger counts a request before it is sent, whoever sends it; an answer that holds something
is kept as soon as it came, so that neither a kill nor a later failure pays for it twice.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Generic, NoReturn, TypeVar

import structlog

from alpha_oracle.adapters.alpha_vantage.client import API_KEY_SETTING, Question
from alpha_oracle.adapters.alpha_vantage.refusals import Refusal, RefusalKind, read_refusal
from alpha_oracle.adapters.alpha_vantage.statement_questions import StatementQuestion
from alpha_oracle.adapters.alpha_vantage.translate import is_about, parse_document, read_series
from alpha_oracle.calendar import SETTLED_AFTER, latest_finished_session
from alpha_oracle.errors import BudgetSpent, ConfigurationError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.adapters.alpha_vantage.client import AlphaVantageClient
    from alpha_oracle.adapters.alpha_vantage.translate import DailySeries
    from alpha_oracle.domain.requests import RequestLimits
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import AnswerSpool, RequestLedger

log = structlog.get_logger(__name__)

QuestionT = TypeVar("QuestionT", Question, StatementQuestion)

WAYS_OUT: Final = (
    "ask for fewer symbols, spread them over several days, take a premium key, "
    "or use IBKR (data.source = ibkr) or files"
)
PAUSES_SECONDS: Final = (2.0, 20.0, 60.0)
"""Before a request is repeated that came too fast: past the second, then past the minute."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer(Generic[QuestionT]):
    """What came to a question, the key taken out.

    `received_at` is when it was asked for; of a kept one when it was kept, some minutes later at
    most.
    """

    question: QuestionT
    document: Mapping[str, object]
    refusal: Refusal | None
    received_at: datetime

    @property
    def kind(self) -> RefusalKind | None:
        """Why there is no data; None: there is."""
        return self.refusal.kind if self.refusal else None

    @cached_property
    def series(self) -> DailySeries:
        """The finished days of a daily one; read once, for a full one has thousands.

        Raises:
            DataError: it is about another symbol, or does not say about which.
        """
        finished = latest_finished_session(self.received_at)
        return read_series(self.document, self.question.symbol, finished=finished)


class PaidAnswers:
    """Answers of one account, kept and new."""

    def __init__(
        self,
        client: AlphaVantageClient,
        *,
        limits: RequestLimits,
        ledger: RequestLedger,
        spool: AnswerSpool,
        clock: Clock,
        wait: Callable[[float], None],
        ways_out: str = WAYS_OUT,
    ) -> None:
        self._client = client
        self._limits = limits
        self._ledger = ledger
        self._spool = spool
        self._clock = clock
        self._wait = wait
        self._ways_out = ways_out

    @property
    def account(self) -> str:
        """What requests are counted under."""
        return self._client.account

    @property
    def left_today(self) -> int:
        """Requests the day still has, as far as we and Alpha Vantage said."""
        if self._ledger.is_day_closed(self.account):
            return 0
        return max(0, (self._limits.per_day or 0) - self._ledger.spent_today(self.account))

    @property
    def spent_today(self) -> int:
        """Requests counted today."""
        return self._ledger.spent_today(self.account)

    def kept(self, questions: Sequence[QuestionT]) -> list[Answer[QuestionT]]:
        """Return the answers kept to these questions, in their order; asks nothing."""
        kept = self._spool.kept(self.account, [question.name for question in questions])
        now, found = self._clock.now(), []
        for question in questions:
            answer = kept.get(question.name)
            if answer is not None:
                # One that cannot be read is asked for again.
                with suppress(SourceAway):
                    found.append(_answer(question, answer.body, received_at=now - answer.age))
        return found

    def ask(
        self, question: QuestionT, *, pauses_seconds: Sequence[float] = PAUSES_SECONDS
    ) -> Answer[QuestionT]:
        """Ask, waiting until the account may, and keep what came.

        A refusal of this question alone is returned: no such symbol or function, premium only,
        nothing said.

        Raises:
            SourceAway: no answer, too many requests for too long, or a refusal nobody knows.
            BudgetSpent: the day is used up.
            ConfigurationError: the key is refused, or `base_url` is wrong.
        """
        for pause in pauses_seconds:
            answer = self._asked_once(question)
            if answer.kind is not RefusalKind.RATE_LIMITED:
                return answer
            log.warning("request_refused", source="alpha_vantage", kind=answer.kind, pause=pause)
            self._wait(pause)
        return self._asked_once(question, is_last=True)

    def _asked_once(self, question: QuestionT, *, is_last: bool = False) -> Answer[QuestionT]:
        while (seconds := self._ledger.reserve(self.account, self._limits)) > 0.0:
            self._wait(seconds)
        asked_at = self._clock.now()
        body = self._client.ask(question)
        answer = _answer(question, body, received_at=asked_at)
        if answer.refusal is not None and (
            answer.kind in _FATAL or (is_last and answer.kind is RefusalKind.RATE_LIMITED)
        ):
            self._give_up(answer.refusal)
        # The spool takes it for as new as it was when it was kept: one that a machine slept over
        # may hold a bar that has not settled.
        is_new = self._clock.now() - asked_at < SETTLED_AFTER
        if is_new and _is_worth_keeping(answer):
            self._spool.keep(self.account, question.name, body)
        return answer

    def _give_up(self, refusal: Refusal) -> NoReturn:
        said = f'Alpha Vantage said: "{refusal.text}"'
        match refusal.kind:
            case RefusalKind.BAD_KEY:
                raise ConfigurationError(f"the key is refused; check {API_KEY_SETTING}. {said}")
            case RefusalKind.DAY_USED_UP:
                spent = self.spent_today
                self._ledger.close_day(self.account)
                raise BudgetSpent(
                    f"the key's day is used up, after {spent} requests of ours "
                    f"(data.alpha_vantage.requests_per_day {self._limits.per_day}); an unknown "
                    f"key is told the same, so check {API_KEY_SETTING} if nothing else used it. "
                    f"Go on tomorrow, or {self._ways_out}. {said}"
                )
            case RefusalKind.RATE_LIMITED:
                raise SourceAway(
                    "Alpha Vantage still finds our requests too fast; ask again later, and lower "
                    f"data.alpha_vantage.requests_per_minute (now {self._limits.per_minute}) to "
                    f"what the key's plan allows. {said}"
                )
            case _:
                raise SourceAway(f"Alpha Vantage refused for a reason not known here. {said}")


_FATAL: Final = frozenset({RefusalKind.BAD_KEY, RefusalKind.DAY_USED_UP, RefusalKind.UNRECOGNISED})


def _answer(question: QuestionT, body: bytes, *, received_at: datetime) -> Answer[QuestionT]:
    document = parse_document(body)
    return Answer(
        question=question,
        document=document,
        refusal=read_refusal(document, holds=question.holds),
        received_at=received_at,
    )


def _is_worth_keeping(answer: Answer[QuestionT]) -> bool:
    if answer.refusal is None:
        return is_about(answer.document, answer.question.symbol)
    return answer.kind in {RefusalKind.INVALID_CALL, RefusalKind.NOTHING_SAID}
