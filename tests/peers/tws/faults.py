"""Faults as a table: at which point, for whom, how often, and what happens there instead."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.peers.tws.ledger import Request
    from tests.peers.tws.notices import Notice
    from tests.peers.tws.stage import Stage


class Point(StrEnum):
    """Where a fault can strike: on the way in, at a kind of request, at what is told unasked."""

    ACCEPT = "accept"
    HANDSHAKE = "handshake"
    START_API = "start_api"
    CONTRACT_DETAILS = "contract_details"
    HISTORICAL_DATA = "historical_data"
    CANCEL_HISTORICAL_DATA = "cancel_historical_data"
    CURRENT_TIME = "current_time"
    MARKET_DATA = "market_data"
    POSITIONS = "positions"
    OPEN_ORDERS = "open_orders"
    COMPLETED_ORDERS = "completed_orders"
    EXECUTIONS = "executions"
    ACCOUNT_UPDATES = "account_updates"
    ACCOUNT_UPDATES_MULTI = "account_updates_multi"
    ACCOUNT_SUMMARY = "account_summary"
    PLACE_ORDER = "place_order"
    CANCEL_ORDER = "cancel_order"
    OPEN_ORDER_TOLD = "open_order_told"
    STATUS_TOLD = "status_told"
    EXECUTION_TOLD = "execution_told"
    COMMISSION_TOLD = "commission_told"
    ERROR_TOLD = "error_told"
    TICK_TOLD = "tick_told"
    OTHER = "other"


class Effect(Protocol):
    """What happens at a point."""

    async def play(self, stage: Stage) -> None:
        """Do it, in place of the plain answer."""


@dataclass(frozen=True, slots=True)
class Plain:
    """The answer, as without a fault."""

    async def play(self, stage: Stage) -> None:
        await stage.reply()


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error in place of the answer; then, where asked, the socket is closed."""

    notice: Notice
    then_close: bool = False

    async def play(self, stage: Stage) -> None:
        await stage.refuse(self.notice)
        if self.then_close:
            stage.session.close()


@dataclass(frozen=True, slots=True)
class Tell:
    """A notice without a request id, then the answer."""

    notice: Notice

    async def play(self, stage: Stage) -> None:
        stage.session.tell(self.notice)
        await stage.reply()


@dataclass(frozen=True, slots=True)
class Empty:
    """An answer with nothing in it, and no error."""

    async def play(self, stage: Stage) -> None:
        await stage.reply_empty()


@dataclass(frozen=True, slots=True)
class Cut:
    """The first part of the answer, then the socket is closed."""

    keep_fraction: float = 0.5

    async def play(self, stage: Stage) -> None:
        await stage.reply_cut(self.keep_fraction)


@dataclass(frozen=True, slots=True)
class Hang:
    """The socket stays open and is never answered again."""

    async def play(self, stage: Stage) -> None:
        stage.session.deaf = True


@dataclass(frozen=True, slots=True)
class Unanswered:
    """This request alone gets no answer; it stays in flight until cancelled."""

    async def play(self, stage: Stage) -> None:
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer, later."""

    seconds: float

    async def play(self, stage: Stage) -> None:
        await asyncio.sleep(self.seconds)
        await stage.reply()


@dataclass(frozen=True, slots=True)
class Held:
    """The answer, once the test lets go of it; what is told unasked waits behind it."""

    async def play(self, stage: Stage) -> None:
        await stage.session.gateway.let_go.wait()
        await stage.reply()


@dataclass(frozen=True, slots=True)
class Close:
    """The socket is closed."""

    async def play(self, stage: Stage) -> None:
        stage.session.close()


@dataclass(frozen=True, slots=True)
class Silent:
    """What is asked is done, and not answered."""

    async def play(self, stage: Stage) -> None:
        await stage.do()


@dataclass(frozen=True, slots=True)
class DoThenClose:
    """What is asked is done; instead of the answer the socket is closed."""

    async def play(self, stage: Stage) -> None:
        await stage.do()
        stage.session.abort()


@dataclass(frozen=True, slots=True)
class AnswerThenClose:
    """The answer, then the socket is closed."""

    async def play(self, stage: Stage) -> None:
        await stage.reply()
        stage.session.close()


@dataclass(frozen=True, slots=True)
class Adding:
    """The answer, then a notice that carries the request's id."""

    notice: Notice

    async def play(self, stage: Stage) -> None:
        await stage.reply()
        stage.session.tell(self.notice, request_id=stage.request_id)


@dataclass(frozen=True, slots=True)
class Twice:
    """What is said is said again."""

    async def play(self, stage: Stage) -> None:
        await stage.reply_twice()


@dataclass(frozen=True, slots=True)
class Instead:
    """Something else is said."""

    data: bytes

    async def play(self, stage: Stage) -> None:
        stage.session.send(self.data)


@dataclass(frozen=True, slots=True)
class Overtaken:
    """What is said comes later, and what follows before it."""

    seconds: float

    async def play(self, stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(self.seconds, lambda: stage.session.send(stage.answer()))


@dataclass(frozen=True, slots=True)
class Withheld:
    """It is never said."""

    async def play(self, stage: Stage) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class LoseLink:
    """1100 now and 1101 or 1102 later; `data_lost` forgets what was asked meanwhile."""

    seconds: float
    data_lost: bool

    async def play(self, stage: Stage) -> None:
        stage.session.gateway.lose_link(for_seconds=self.seconds, data_lost=self.data_lost)
        await stage.reply()


@dataclass(frozen=True, slots=True)
class Restart:
    """The daily restart: every socket closed, nobody let in for a while, then back."""

    seconds: float

    async def play(self, stage: Stage) -> None:
        stage.session.gateway.restart(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class DoThenRestart:
    """What is asked is done; instead of the answer the gateway restarts."""

    seconds: float

    async def play(self, stage: Stage) -> None:
        await stage.do()
        stage.session.gateway.restart(seconds=self.seconds)


@dataclass(slots=True, kw_only=True)
class Fault:
    """One row: `does` at `at`, after `skip` matches, `times` times (None: always)."""

    at: Point
    does: Effect
    symbol: str | None = None
    client_id: int | None = None
    skip: int = 0
    times: int | None = 1

    def matches(self, point: Point, request: Request | None) -> bool:
        """Whether this row speaks of this moment."""
        if point is not self.at or self.times == 0:
            return False
        if request is None:
            return self.symbol is None and self.client_id is None
        return self.symbol in {None, request.symbol} and self.client_id in {None, request.client_id}

    def strikes(self) -> bool:
        """Count one match; whether it is this one's turn."""
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(slots=True)
class FaultTable:
    """The rows, first match first."""

    rows: list[Fault] = field(default_factory=list)

    def effect(self, point: Point, request: Request | None) -> Effect:
        """What happens now; a row still skipping counts this moment and lets it pass."""
        for row in self.rows:
            if row.matches(point, request) and row.strikes():
                return row.does
        return Plain()
