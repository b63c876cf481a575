"""What comes in is put on record: each signal once, and beside the signals what is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.signals import STREAM
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.domain.trading_records import Arrivals
from alpha_oracle.domain.trading_records import MalformedSignal as MalformedDocument
from alpha_oracle.errors import MalformedSignal
from alpha_oracle.execution.recency import is_recent
from alpha_oracle.execution.signal_documents import parse_signal_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from alpha_oracle.calendar import ExecutionWindow
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_events import TradingEvent
    from alpha_oracle.domain.trading_records import TakenIn
    from alpha_oracle.ports.trading import TradingStore

TELL_EVERY: Final = timedelta(minutes=15)
"""How often at the most others are told of what is no signal: at once, then what was counted."""

SHOWN: Final = 2_000
"""Characters of a malformed document that are kept."""


class Intake:
    """Takes documents in for one account; a document that cannot be kept stops no other."""

    def __init__(
        self,
        account: str,
        store: TradingStore,
        *,
        window: ExecutionWindow,
        observe: Callable[[Sequence[MalformedDocument]], None],
    ) -> None:
        self._account = account
        self._store = store
        self._window = window
        self._observe = observe
        self._untold = 0
        self._last = ""
        self._told_at: datetime | None = None

    def receive(
        self, documents: Sequence[str], *, source: str, at: datetime
    ) -> tuple[ReceivedSignal, ...]:
        """Put documents on record; return the signals among them that are new.

        What is no signal, or contradicts one on record, is kept beside them, and never traded.

        Raises:
            StoreUnavailable: nothing is known to be kept; give all of them again.
        """
        read = [self._read(document, source, at) for document in documents]
        try:
            return self._keep(read, at=at, comes_again=source == STREAM)
        except MalformedSignal:
            # One of them cannot be kept: each stands for itself.
            return tuple(new for one in read for new in self._keep_alone(one, at=at))

    def tell(self, *, at: datetime) -> None:
        """Tell others how many documents were no signals since they last were told, if any.

        Raises:
            StoreUnavailable: they are told another time.
        """
        if self._untold and self._is_to_tell(at):
            self._take_in((), (), at=at)

    def _read(self, document: str, source: str, at: datetime) -> _Read:
        try:
            signal = parse_signal_document(document, received_at=at, window=self._window)
        except MalformedSignal as error:
            return _Read(document=document, source=source, problem=str(error))
        return _Read(document=document, source=source, signal=signal)

    def _keep_alone(self, one: _Read, *, at: datetime) -> tuple[ReceivedSignal, ...]:
        try:
            return self._keep([one], at=at)
        except MalformedSignal as error:
            self._take_in((), [one.refused(str(error))], at=at)
            return ()

    def _keep(
        self, read: Sequence[_Read], *, at: datetime, comes_again: bool = False
    ) -> tuple[ReceivedSignal, ...]:
        signals = [one.signal for one in read if one.signal is not None]
        malformed = [one.refused(one.problem) for one in read if one.signal is None]
        taken = self._take_in(signals, malformed, at=at, comes_again=comes_again)
        contradicting = [
            one.refused(f"another signal is on record as {one.signal.signal_id}")
            for one in read
            if one.signal is not None and one.signal in taken.contradicting
        ]
        if contradicting:
            self._take_in((), contradicting, at=at)
        return taken.new

    def _take_in(
        self,
        signals: Sequence[ReceivedSignal],
        malformed: Sequence[MalformedDocument],
        *,
        at: datetime,
        comes_again: bool = False,
    ) -> TakenIn:
        untold = self._untold + len(malformed)
        last = f"from {malformed[-1].source}: {malformed[-1].problem}" if malformed else self._last
        told = (_alert(untold, last, at),) if untold and self._is_to_tell(at) else ()
        arrivals = Arrivals(
            signals=tuple(signals),
            malformed=tuple(malformed),
            announcements=told,
            comes_again=comes_again,
        )
        taken = self._store.take_in(self._account, arrivals, at=at)
        self._untold, self._last = (0, "") if told else (untold, last)
        self._told_at = at if told else self._told_at
        if malformed:
            self._observe(malformed)
        return taken

    def _is_to_tell(self, at: datetime) -> bool:
        return not is_recent(self._told_at, at, within=TELL_EVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    document: str
    source: str
    signal: ReceivedSignal | None = None
    problem: str = ""

    def refused(self, problem: str) -> MalformedDocument:
        return MalformedDocument(text=self.document[:SHOWN], source=self.source, problem=problem)


def _alert(count: int, last: str, at: datetime) -> TradingEvent:
    return RiskAlert(
        type="malformed_signals",
        severity=Severity.WARNING,
        value=Decimal(count),
        threshold=None,
        message=f"{count} document(s) were no signals and are not traded; the last {last}",
        at=at,
    )
