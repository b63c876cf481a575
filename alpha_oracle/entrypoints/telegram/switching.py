"""The kill switch from the chat: the same words, rules and record as by HTTP and command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.entrypoints.telegram import texts
from alpha_oracle.entrypoints.telegram.conversation import name_of
from alpha_oracle.entrypoints.telegram.status import switch_line
from alpha_oracle.errors import ContradictsRecord, StoreUnavailable
from alpha_oracle.risk.kill_switch import RefusedChange

if TYPE_CHECKING:
    from alpha_oracle.bootstrap.operating import Operations
    from alpha_oracle.entrypoints.telegram.conversation import Conversation
    from alpha_oracle.entrypoints.telegram.updates import Said
    from alpha_oracle.entrypoints.telegram.wishes import Wish

SUBJECT = "kill_switch"


@dataclass(frozen=True, slots=True)
class Switching:
    """Halts and resumes. What it raises is to be asked again: nothing of it is claimed yet."""

    conversation: Conversation

    def halt(self, said: Said, wish: Wish, *, is_fresh: bool) -> None:
        """Halt all trading, however late it was asked.

        Raises:
            StoreUnavailable: it is not on record.
        """
        talk = self.conversation
        if wish.word is None or not said.is_typed:
            talk.say(texts.NOT_TYPED if wish.word else texts.ASK_KILL)
            return
        if talk.record.was_taken(said.update):
            return
        operations = talk.services.operations_of(name_of(said.user_id))
        told = self._halted(operations, said, wish, is_fresh=is_fresh)
        talk.record.claim(said.update, at=said.at)
        talk.say(told)

    def resume(self, said: Said, wish: Wish, *, is_fresh: bool) -> None:
        """Let trading go on, where the rules let it and it was asked just now.

        Raises:
            StoreUnavailable: nothing is done.
        """
        talk = self.conversation
        if wish.word is None or not said.is_typed:
            talk.say(texts.NOT_TYPED if wish.word else texts.ASK_RESUME)
            return
        if not talk.record.claim(said.update, at=said.at):
            return
        told = self._resumed(said, wish) if is_fresh else texts.stale_resume(said.at)
        if not is_fresh:
            self._note("telegram_resume", said, outcome="too late")
        talk.say(told)

    def _halted(self, operations: Operations, said: Said, wish: Wish, *, is_fresh: bool) -> str:
        is_mirrored = True
        try:
            changed = operations.activate(wish.word or "", reason=wish.reason)
        except StoreUnavailable:
            if not _is_on_record(operations, wish):
                raise
            is_mirrored = False
        else:
            if isinstance(changed, RefusedChange):
                self._note("telegram_kill", said, outcome=changed.refusal.value)
                return texts.refused(changed.reason)
        self._note("telegram_kill", said, outcome="halted", is_late=not is_fresh)
        sent_at = None if is_fresh else said.at
        line = switch_line(self.conversation.services)
        return texts.halted(line, sent_at=sent_at, is_mirrored=is_mirrored)

    def _resumed(self, said: Said, wish: Wish) -> str:
        operations = self.conversation.services.operations_of(name_of(said.user_id))
        try:
            changed = operations.resume(wish.word or "")
        except ContradictsRecord as error:
            self._note("telegram_resume", said, outcome="activated meanwhile")
            return texts.refused(str(error))
        except StoreUnavailable as error:
            self._note("telegram_resume", said, outcome="unknown")
            return texts.unsure(error)
        if isinstance(changed, RefusedChange):
            self._note("telegram_resume", said, outcome=changed.refusal.value)
            return texts.refused(changed.reason)
        self._note("telegram_resume", said, outcome="resumed")
        return texts.resumed(switch_line(self.conversation.services))

    def _note(self, action: str, said: Said, **detail: object) -> None:
        by = name_of(said.user_id)
        self.conversation.note(action, by=by, subject=SUBJECT, update=said.update, **detail)


def _is_on_record(operations: Operations, wish: Wish) -> bool:
    # The record comes before its mirror: what was refused by Redis alone stands.
    record = operations.switch.record()
    is_this = (record.changed_by, record.reason) == (operations.by, wish.reason)
    return record.is_active and is_this
