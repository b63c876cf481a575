"""Presses on the buttons under an order: claimed, decided once, audited each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from alpha_oracle.domain.trading_records import ApprovalStatus
from alpha_oracle.entrypoints.telegram import texts
from alpha_oracle.entrypoints.telegram.cards import headline
from alpha_oracle.entrypoints.telegram.conversation import name_of
from alpha_oracle.errors import AlphaOracleError, StoreUnavailable

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.domain.trading_pages import OrderFile
    from alpha_oracle.entrypoints.telegram.approvals import ApprovalBoard
    from alpha_oracle.entrypoints.telegram.buttons import Seal, Verdict
    from alpha_oracle.entrypoints.telegram.conversation import Conversation
    from alpha_oracle.entrypoints.telegram.updates import Pressed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """Decides what people pressed. What it raises is to be asked again: nothing is claimed yet."""

    conversation: Conversation
    board: ApprovalBoard
    seal: Seal

    def decide(self, pressed: Pressed, *, is_fresh: bool, at: datetime) -> None:
        """Decide an order by a press that came just now.

        Raises:
            StoreUnavailable: nothing is done.
        """
        verdict = self.seal.opened(pressed.data)
        if verdict is None:
            self._told(pressed, "button:unknown", texts.NOT_OURS, outcome="not a button of ours")
            return
        found = self.conversation.services.operations.records.order(verdict.order_id)
        if not self.conversation.record.claim(pressed.update, at=at):
            self.conversation.answer(pressed.press, texts.TAKEN)
            return
        if not is_fresh:
            self._refused_as_old(pressed, verdict, found)
            return
        told, outcome = self._decided(pressed, verdict, found)
        said = "approve" if verdict.approve else "reject"
        self._told(pressed, f"order:{verdict.order_id}", told, outcome=outcome, verdict=said)
        self._shown(verdict.order_id, pressed.message)

    def _decided(
        self, pressed: Pressed, verdict: Verdict, found: OrderFile | None
    ) -> tuple[str, str]:
        if found is None or found.approval is None:
            return texts.ABSENT, "no such order"
        by = name_of(pressed.user_id)
        operations = self.conversation.services.operations_of(by)
        try:
            approval = operations.decide(verdict.order_id, approve=verdict.approve)
        except StoreUnavailable as error:
            return texts.unsure(error), "unknown"
        wanted = ApprovalStatus.APPROVED if verdict.approve else ApprovalStatus.REJECTED
        waited = found.approval.status is ApprovalStatus.WAITING
        is_ours = waited and (approval.status, approval.decided_by) == (wanted, by)
        outcome = approval.status.value if is_ours else f"{approval.status.value} before"
        return texts.decided(approval, is_ours=is_ours), outcome

    def _refused_as_old(self, pressed: Pressed, verdict: Verdict, found: OrderFile | None) -> None:
        what = verdict.order_id if found is None else headline(found.order)
        told = texts.stale_press(what)
        # By now Telegram may take no answer to it any more.
        self.conversation.say(told)
        self._told(pressed, f"order:{verdict.order_id}", told, outcome="too late, perhaps")

    def _told(self, pressed: Pressed, subject: str, text: str, **detail: object) -> None:
        by = name_of(pressed.user_id)
        self.conversation.note(
            "telegram_press", by=by, subject=subject, update=pressed.update, **detail
        )
        self.conversation.answer(pressed.press, text)

    def _shown(self, order_id: str, message: int) -> None:
        try:
            self.board.show(order_id, message)
        except AlphaOracleError as error:
            # The next look at all messages does it.
            log.warning("approval_not_shown", order_id=order_id, reason=str(error))
