"""The messages about orders that wait for a human: posted once, and kept true.

Their buttons go once nobody is asked any more, whoever decided and wherever.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.domain.trading_records import ApprovalStatus
from alpha_oracle.entrypoints.telegram.cards import face_of
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.ports.operator_chat import Card

if TYPE_CHECKING:
    from collections.abc import Callable

    from alpha_oracle.bootstrap.operator_chat import ChatServices
    from alpha_oracle.domain.trading_records import Approval
    from alpha_oracle.entrypoints.telegram.buttons import Seal
    from alpha_oracle.entrypoints.telegram.cards import Face
    from alpha_oracle.ports.operator_chat import ChatRecord

PAGE: Final = 100
MOST_REFUSED: Final = 3
"""So many refusals in one look are about the chat, or what is set up, in place of a message."""

log = structlog.get_logger(__name__)


class ApprovalBoard:
    """Keeps one message an order. Threads may share it.

    A message whose posting was not confirmed is posted again: the buttons of both do the same, and
    an order is decided once.
    """

    def __init__(self, services: ChatServices, record: ChatRecord, seal: Seal) -> None:
        self._services = services
        self._record = record
        self._seal = seal
        self._lock = Lock()
        self._seen: dict[str, str] = {}

    def refresh(self) -> None:
        """Post what waits and has no message yet, and let each message say what is.

        Raises:
            StoreUnavailable: Postgres cannot be reached.
            SourceAway: Telegram does not answer; the rest is done the next time.
            ConfigurationError: Telegram refuses the chat.
        """
        with self._lock:
            cards = {card.order_id: card for card in self._open_cards()}
            self._seen = {key: stamp for key, stamp in self._seen.items() if key in cards}
            refused: list[ConfigurationError] = []
            for approval in self._waiting():
                if approval.order_id not in cards:
                    self._tried(partial(self._post, approval), refused)
            for card in cards.values():
                if self._seen.get(card.order_id) != card.stamp:
                    self._tried(partial(self._show, card), refused)
                    self._seen[card.order_id] = card.stamp
        if refused:
            raise refused[0]

    def show(self, order_id: str, message: int) -> None:
        """Let a message about an order say what is now; it need not be the one on record.

        Nobody waits for a look at all messages that goes on meanwhile: the next one shows it.

        Raises:
            StoreUnavailable: Postgres cannot be reached.
            SourceAway: Telegram does not answer; `refresh` does it later.
            ConfigurationError: Telegram refuses the chat.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            known = [card for card in self._open_cards() if card.order_id == order_id]
            card = known[0] if known else Card(order_id=order_id, message=message, text="")
            if card.message == message:
                self._show(card)
            else:
                self._show(replace(card, message=message, text=""), is_kept=False)
        finally:
            self._lock.release()

    def _tried(self, do: Callable[[], None], refused: list[ConfigurationError]) -> None:
        # What Telegram refuses of one message says nothing of the others.
        try:
            do()
        except ConfigurationError as error:
            refused.append(error)
            if len(refused) == MOST_REFUSED:
                raise

    def _open_cards(self) -> list[Card]:
        return self._record.open_cards(now=self._services.operations.clock.now())

    def _waiting(self) -> list[Approval]:
        waiting: list[Approval] = []
        after = None
        while True:
            page = self._services.operations.records.approvals(
                status=ApprovalStatus.WAITING, after=after, limit=PAGE
            )
            waiting += page.rows
            if page.end is None:
                # Oldest first: in their order of work.
                return waiting[::-1]
            after = page.end

    def _post(self, approval: Approval) -> None:
        face = self._face(approval.order_id)
        if face is None or not face.asks:
            return
        message = self._services.chat.say(face.text, buttons=self._seal.buttons(approval.order_id))
        self._keep(Card(order_id=approval.order_id, message=message, text=face.text), face)
        log.info("approval_posted", order_id=approval.order_id, message=message)

    def _show(self, card: Card, *, is_kept: bool = True) -> None:
        face = self._face(card.order_id)
        if face is None or face.text == card.text:
            return
        buttons = self._seal.buttons(card.order_id) if face.asks else ()
        self._services.chat.edit(card.message, face.text, buttons=buttons)
        if is_kept:
            self._keep(replace(card, text=face.text), face)

    def _face(self, order_id: str) -> Face | None:
        operations = self._services.operations
        found = operations.records.order(order_id)
        if found is None or found.approval is None:
            return None
        return face_of(found, found.approval, now=operations.clock.now())

    def _keep(self, card: Card, face: Face) -> None:
        at = self._services.operations.clock.now()
        self._record.keep_card(card, is_open=face.is_open, at=at)
