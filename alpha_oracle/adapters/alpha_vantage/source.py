"""The `alpha_vantage` bar source: one request a symbol, prices as traded.

Splits and dividends come along where the key's plan allows the adjusted endpoint, which is found
by trying it and remembered; else bars come without them.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.alpha_vantage.answers import WAYS_OUT, Answer, PaidAnswers
from alpha_oracle.adapters.alpha_vantage.client import AlphaVantageClient, Question
from alpha_oracle.adapters.alpha_vantage.coverage import span_of
from alpha_oracle.adapters.alpha_vantage.reading import (
    SOURCE,
    Reading,
    is_usable,
    lacks_the_start,
    read_answer,
    received_bars,
    refused,
)
from alpha_oracle.adapters.alpha_vantage.refusals import RefusalKind
from alpha_oracle.adapters.alpha_vantage.witnesses import Witnesses
from alpha_oracle.domain.market import PriceBasis, Symbol
from alpha_oracle.domain.requests import RequestLimits, RequestPlan
from alpha_oracle.errors import BudgetSpent, ConfigurationError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from alpha_oracle.adapters.alpha_vantage.coverage import Span
    from alpha_oracle.config import AlphaVantageSettings
    from alpha_oracle.domain.bars import ReceivedBars
    from alpha_oracle.domain.market import Session
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import AnswerSpool, Capabilities, RequestLedger

log = structlog.get_logger(__name__)

ADJUSTED: Final = "adjusted daily series"
FULL: Final = "full daily series"

_PROBED: Final = Symbol("IBM")  # The one that every key may ask for, `demo` included.
_NOT_OURS: Final = frozenset({RefusalKind.PREMIUM_ONLY, RefusalKind.NO_SUCH_FUNCTION})
_WITHOUT_ACTIONS: Final = (
    "the adjusted endpoint is not for it, so bars come without splits and dividends: import "
    "those, or take a premium key"
)
_PROBED_PLAN: Final[Mapping[RefusalKind | None, str]] = {
    None: "splits and dividends come with the bars",
    RefusalKind.PREMIUM_ONLY: _WITHOUT_ACTIONS,
    RefusalKind.NO_SUCH_FUNCTION: _WITHOUT_ACTIONS,
    RefusalKind.INVALID_CALL: "the first fetch finds out whether splits and dividends come along",
}


class AlphaVantageBarSource:
    """Bars of Alpha Vantage, within the limits of the key's plan. Safe to share between threads."""

    def __init__(
        self,
        settings: AlphaVantageSettings,
        *,
        ledger: RequestLedger,
        spool: AnswerSpool,
        capabilities: Capabilities,
        clock: Clock,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_day = settings.requests_per_day
        self._capabilities = capabilities
        self._clock = clock
        # Batches run in threads: one of them tries, the others wait for what it finds.
        self._trial = Lock()
        self._is_in_doubt = False
        self._witnesses = Witnesses()
        self._answers = PaidAnswers(
            AlphaVantageClient(settings),
            limits=RequestLimits(
                per_minute=settings.requests_per_minute, per_day=settings.requests_per_day
            ),
            ledger=ledger,
            spool=spool,
            clock=clock,
            wait=wait,
        )

    @property
    def name(self) -> str:
        """The name the bars carry."""
        return SOURCE

    @property
    def basis(self) -> PriceBasis:
        """Prices are as traded; those of the adjusted endpoint's own column are not used."""
        return PriceBasis.RAW

    def symbols(self, session: Session) -> None:
        """Return None: its list of symbols says nothing of a session's bars."""

    def plan(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> RequestPlan:
        """Return how many requests `fetch` of the same would send now, and how many are left.

        Raises:
            ConfigurationError: the range needs more than the key's plan gives.
        """
        span = span_of(start, end, now=self._clock.now())
        requests = 0 if span is None else self._missing(set(symbols), span)
        left = self._answers.left_today
        if 0 < requests < left and self._found(ADJUSTED) is None:
            requests += 1
        return RequestPlan(
            source=self.name,
            symbols=len(symbols),
            requests=requests,
            left=left,
            per_day=self._per_day,
        )

    def fetch(self, symbols: Sequence[Symbol], *, start: Session, end: Session) -> ReceivedBars:
        """Return the bars of `symbols` from `start` to `end`, both included, as traded.

        Symbols are asked for one after another, ascending; what was paid for and covers the range
        is not asked for again.

        Raises:
            SourceAway: ask again later; what came is kept.
            NotPublished: the newest session is not there yet; nothing more was spent.
            BudgetSpent: the day's requests are used up, and no bar came before.
            ConfigurationError: the key or `base_url` is wrong, or the range needs a premium key.
        """
        wanted = sorted(set(symbols))
        span = span_of(start, end, now=self._clock.now())
        if span is None:
            return received_bars([])
        self._witnesses.require_hope(span, now=self._clock.now())
        # The adjusted endpoint is tried where the day can spare the request that may be lost.
        may_try = self._found(ADJUSTED) is None and self._can_spare_one(wanted, span)
        readings = self._readings(wanted, span, may_try=may_try)
        return received_bars(readings)

    def probe(self) -> str:
        """Ask one small request; return what the key may do, for a person.

        Raises:
            SourceAway: Alpha Vantage cannot be reached.
            BudgetSpent: the day is used up.
            ConfigurationError: the key is refused, or `base_url` is wrong.
        """
        question = Question(symbol=_PROBED, adjusted=True, full=False)
        answer = self._answers.ask(question, pauses_seconds=())
        if answer.kind is RefusalKind.NOTHING_SAID:
            raise SourceAway(f"Alpha Vantage gave no data of {_PROBED}: {_said(answer)}")
        if answer.kind is not RefusalKind.INVALID_CALL:
            self._record(ADJUSTED, allowed=answer.kind is None)
        return (
            f"Alpha Vantage takes the key: {_PROBED_PLAN[answer.kind]}; "
            f"{self._answers.left_today} of {self._per_day} requests are left today"
        )

    def _readings(self, wanted: Sequence[Symbol], span: Span, *, may_try: bool) -> list[Reading]:
        readings: list[Reading] = []
        spent: BudgetSpent | None = None
        for symbol in wanted:
            answer = self._kept(symbol, span)
            if answer is None and spent is None:
                try:
                    answer = self._asked(symbol, span, may_try=may_try)
                except BudgetSpent as error:
                    spent = error
            if answer is None:
                readings.append(refused(symbol, str(spent)))
                continue
            readings.append(read_answer(answer, span))
            left = len(wanted) - len(readings)
            self._witnesses.hear(readings[-1], span, left=left, now=self._clock.now())
        # What was paid for comes in, though the day ended in the middle.
        if spent is not None and not any(reading.bars for reading in readings):
            raise spent
        return readings

    def _missing(self, symbols: Collection[Symbol], span: Span) -> int:
        missing = sum(self._kept(symbol, span) is None for symbol in symbols)
        if missing:
            self._require_reach(span)
        return missing

    def _can_spare_one(self, symbols: Collection[Symbol], span: Span) -> bool:
        return self._answers.left_today > self._missing(symbols, span)

    def _kept(self, symbol: Symbol, span: Span) -> Answer[Question] | None:
        # What came without actions is enough for as long as nobody knows that the plan has them.
        kinds = {True: (True,), False: (False,), None: (True, False)}[self._found(ADJUSTED)]
        questions = [
            Question(symbol=symbol, adjusted=adjusted, full=full)
            for adjusted in kinds
            for full in (True, False)
        ]
        now = self._clock.now()
        kept = self._answers.kept(questions)
        return next((answer for answer in kept if is_usable(answer, span, now=now)), None)

    def _asked(self, symbol: Symbol, span: Span, *, may_try: bool) -> Answer[Question]:
        self._require_reach(span)
        answer = self._daily(symbol, full=span.needs_full, may_try=may_try)
        if span.needs_full or not lacks_the_start(answer, span):
            return answer
        return self._daily(symbol, full=True, may_try=may_try)

    def _daily(self, symbol: Symbol, *, full: bool, may_try: bool) -> Answer[Question]:
        if may_try and self._found(ADJUSTED) is None:
            with self._trial:
                if self._found(ADJUSTED) is None:
                    return self._tried(symbol, full=full)
        if self._found(ADJUSTED) is not True:
            return self._plain(symbol, full=full)
        answer = self._answers.ask(Question(symbol=symbol, adjusted=True, full=full))
        if answer.kind not in _NOT_OURS:
            return answer
        self._record(ADJUSTED, allowed=False)
        return self._plain(symbol, full=full)

    def _tried(self, symbol: Symbol, *, full: bool) -> Answer[Question]:
        # In doubt the plain endpoint goes first: a symbol that is none costs one request then.
        plain = self._plain(symbol, full=full) if self._is_in_doubt else None
        if plain is not None and plain.kind is not None:
            return plain
        answer = self._answers.ask(Question(symbol=symbol, adjusted=True, full=full))
        if answer.kind is None:
            self._record(ADJUSTED, allowed=True)
            return answer
        plain = plain or self._plain(symbol, full=full)
        self._note_refusal(answer, plain)
        return plain

    def _note_refusal(self, adjusted: Answer[Question], plain: Answer[Question]) -> None:
        # What both endpoints call invalid is no symbol; what the adjusted one alone does twice is
        # an endpoint that is not there. Once is a slip, as Alpha Vantage has them.
        is_only_there = adjusted.kind is RefusalKind.INVALID_CALL and plain.kind is None
        if adjusted.kind in _NOT_OURS or (is_only_there and self._is_in_doubt):
            self._record(ADJUSTED, allowed=False)
        self._is_in_doubt = True

    def _plain(self, symbol: Symbol, *, full: bool) -> Answer[Question]:
        answer = self._answers.ask(Question(symbol=symbol, adjusted=False, full=full))
        if answer.kind is RefusalKind.NO_SUCH_FUNCTION:
            raise ConfigurationError(f"Alpha Vantage has no plain daily series: {_said(answer)}")
        if answer.kind is RefusalKind.PREMIUM_ONLY:
            if full:
                self._record(FULL, allowed=False)
                raise _needs_premium(_said(answer))
            raise ConfigurationError(
                f"even the plain daily series is premium for this key; {WAYS_OUT}. {_said(answer)}"
            )
        return answer

    def _require_reach(self, span: Span) -> None:
        refused = self._found(FULL) is False and self._found(ADJUSTED) is not True
        if span.needs_full and refused:
            raise _needs_premium(
                "it was refused in the last 30 days; where the plan has changed, run doctor"
            )

    def _found(self, capability: str) -> bool | None:
        return self._capabilities.found(self._answers.account, capability)

    def _record(self, capability: str, *, allowed: bool) -> None:
        log.info("capability_found", source=self.name, capability=capability, allowed=allowed)
        self._capabilities.record(self._answers.account, capability, allowed=allowed)


def _needs_premium(why: str) -> ConfigurationError:
    return ConfigurationError(
        "this key gives the last 100 sessions only and older ones are asked for; begin the range "
        "later, take a premium key, or get the history from IBKR (data.source = ibkr) or files. "
        f"{why}"
    )


def _said(answer: Answer[Question]) -> str:
    return f'It said: "{answer.refusal.text}"' if answer.refusal else "it gave data"
