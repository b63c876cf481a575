"""What operators ask of the worker, which alone changes the book: each is answered once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.portfolio import after_transfer
from alpha_oracle.domain.trading_records import OperatorAnswer, OperatorRequestKind
from alpha_oracle.execution.acceptance import NotAccepted, accept_broker
from alpha_oracle.execution.recency import is_recent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from alpha_oracle.domain.broker import BrokerSnapshot
    from alpha_oracle.domain.trading_records import OperatorRequest
    from alpha_oracle.execution.gathering import Gatherer
    from alpha_oracle.execution.ledger import BookParts, Ledger
    from alpha_oracle.execution.link import Link
    from alpha_oracle.execution.surroundings import Ports

LOOK_EVERY: Final = timedelta(seconds=1)


class OperatorClerk:
    """Answers operators.

    `snapshot` asks the broker for everything and settles what it tells.
    """

    def __init__(
        self,
        ports: Ports,
        ledger: Ledger,
        gatherer: Gatherer,
        *,
        link: Link,
        snapshot: Callable[[], BrokerSnapshot],
    ) -> None:
        self._ports = ports
        self._ledger = ledger
        self._gatherer = gatherer
        self._link = link
        self._snapshot = snapshot
        self._looked_at: datetime | None = None

    def work(self) -> None:
        """Answer what was asked since last time.

        Raises:
            BrokerAway: what needs the broker's word is asked for again later.
        """
        now = self._ports.clock.now()
        if is_recent(self._looked_at, now, within=LOOK_EVERY):
            return
        self._looked_at = now
        for request in self._ports.store.operator_requests(self._ledger.account):
            self._answer(request, _ANSWERS[request.kind](self, request))

    def _answer(self, request: OperatorRequest, done: tuple[str, BookParts]) -> None:
        told, parts = done
        answer = OperatorAnswer(request_id=request.request_id, answer=told)
        self._ledger.commit(
            self._ledger.change(f"request|{request.request_id}", answers=(answer,), **parts)
        )

    def _reset_peak(self, _request: OperatorRequest) -> tuple[str, BookParts]:
        self._gatherer.quotes()
        state, equity = self._ledger.book.state, self._ledger.book.equity_usd()
        if equity is None:
            unmarked = ", ".join(self._ledger.book.unmarked())
            return f"not done: equity unknown, as the price of {unmarked} is; ask again later", {}
        told = f"the peak was {state.peak_equity_usd} USD and is {equity} now"
        return told, {"state": replace(state, peak_equity_usd=equity)}

    def _transfer(self, request: OperatorRequest) -> tuple[str, BookParts]:
        amount, state = request.amount_usd, self._ledger.book.state
        if amount is None:
            return "not done: it named no amount", {}
        after = after_transfer(state, amount)
        self._link.ask_by(self._ports.clock.now(), "transfer")
        return f"cash was {state.cash_usd} USD and is {after.cash_usd} now", {"state": after}

    def _accept(self, _request: OperatorRequest) -> tuple[str, BookParts]:
        snapshot, now = self._snapshot(), self._ports.clock.now()
        found = accept_broker(
            self._ledger.book,
            snapshot,
            doubts=self._ledger.doubts,
            session=self._gatherer.session,
            now=now,
        )
        if isinstance(found, NotAccepted):
            return f"not done: {found.reason}", {}
        self._gatherer.references.cover(snapshot.positions, session=self._gatherer.session)
        self._link.ask_by(now, "accept")
        return found.told, {"lots": found.lots, "state": found.state, "accepted": found.doubts}


_ANSWERS: Final[
    Mapping[OperatorRequestKind, Callable[[OperatorClerk, OperatorRequest], tuple[str, BookParts]]]
] = {
    OperatorRequestKind.RESET_PEAK: OperatorClerk._reset_peak,  # noqa: SLF001 - Its own table.
    OperatorRequestKind.TRANSFER: OperatorClerk._transfer,  # noqa: SLF001
    OperatorRequestKind.ACCEPT_BROKER: OperatorClerk._accept,  # noqa: SLF001
}
