"""The operators' bot: does what listed people type and press, and says what came of it.

The operations are those of the API and the command line.

An update is claimed before it changes anything, so that no crash repeats a press or a resume. A
halt is done first and claimed then: done twice, it halts as well. It waits for nothing that was
asked before it, be that slow or not to be served at all. What may have been asked more
than `FRESH` ago, while nobody listened, is not done, but for a halt.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.entrypoints.telegram import texts
from alpha_oracle.entrypoints.telegram.conversation import name_of
from alpha_oracle.entrypoints.telegram.status import status_text
from alpha_oracle.entrypoints.telegram.updates import Pressed, Said, read_update
from alpha_oracle.entrypoints.telegram.wishes import WishKind, wish_of
from alpha_oracle.errors import AlphaOracleError, ConfigurationError, StoreUnavailable
from alpha_oracle.risk.kill_switch import KILL_WORD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from alpha_oracle.entrypoints.telegram.conversation import Conversation
    from alpha_oracle.entrypoints.telegram.deciding import Deciding
    from alpha_oracle.entrypoints.telegram.doorman import Doorman, Refusals
    from alpha_oracle.entrypoints.telegram.switching import Switching
    from alpha_oracle.entrypoints.telegram.updates import Place, Update
    from alpha_oracle.entrypoints.telegram.wishes import Wish

FRESH: Final = timedelta(minutes=2)
WAIT_SECONDS: Final = 5
"""How long Telegram holds a question for updates; the process ends no sooner."""

KEPT: Final = timedelta(days=7)
"""How long a claim is kept: Telegram tells no update older than a day."""

FORGET_EVERY: Final = timedelta(hours=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who does what with an update."""

    doorman: Doorman
    refusals: Refusals
    switching: Switching
    deciding: Deciding


class OperatorBot:
    """Serves one chat, an update at a time, in their order; times are those of the chat's server.

    Nobody tells when a button was pressed: a press is fresh where all before it was served within
    `FRESH`.
    """

    def __init__(self, conversation: Conversation, staff: Staff, *, username: str) -> None:
        self._conversation = conversation
        self._staff = staff
        self._username = username
        self._after: int | None = None
        self._caught_up_at: datetime | None = None
        self._forgot_at: datetime | None = None
        self._is_holding = False

    def listen(self) -> None:
        """Wait for what people do, and serve it.

        Raises:
            SourceAway: Telegram does not answer.
            StoreUnavailable: Postgres cannot be reached; it goes on with the same update.
            ConfigurationError: the token is refused, someone else listens, or the schema is wrong.
        """
        wait = 0 if self._caught_up_at is None else WAIT_SECONDS
        arrived = self._conversation.services.chat.arrived(after=self._after, wait_seconds=wait)
        now, before = arrived.served_at, self._caught_up_at
        is_gapless = before is not None and now - before <= FRESH
        self._halt_first(arrived.updates, now=now)
        for raw in arrived.updates:
            self._take(raw, now=now, is_gapless=is_gapless)
        if arrived.is_complete:
            self._caught_up_at = now
        if not arrived.updates:
            # All is confirmed; after a quiet week numbers may begin anew, below the last one.
            self._after = None
        self._forget(now)

    def _halt_first(self, updates: Sequence[Mapping[str, object]], *, now: datetime) -> None:
        for raw in updates:
            said = read_update(raw)
            if isinstance(said, Said) and self._wants_halt(said):
                # Served again in its turn, it is known to be done.
                self._guarded(said, now=now, is_gapless=False)

    def _wants_halt(self, said: Said) -> bool:
        wish = wish_of(said.text, username=self._username)
        is_halt = wish is not None and wish.kind is WishKind.KILL and wish.word == KILL_WORD
        return is_halt and said.is_typed and self._admits(said.user_id, said.place)

    @property
    def _doorman(self) -> Doorman:
        return replace(self._staff.doorman, chat=self._conversation.services.chat.name)

    def _admits(self, user_id: int | None, place: Place) -> bool:
        doorman = self._doorman
        if user_id in doorman.operators and not doorman.is_ours(place):
            # A group may have become another by now.
            with suppress(AlphaOracleError):
                self._conversation.services.chat.find()
        return self._doorman.admits(user_id, place)

    def _take(self, raw: Mapping[str, object], *, now: datetime, is_gapless: bool) -> None:
        update = read_update(raw)
        if update is None:
            log.warning("chat_update_unreadable")
            return
        self._guarded(update, now=now, is_gapless=is_gapless)
        self._after, self._is_holding = update.update, False

    def _guarded(self, update: Update, *, now: datetime, is_gapless: bool) -> None:
        try:
            match update:
                case Said():
                    self._serve_words(update, is_fresh=now - update.at <= FRESH)
                case Pressed():
                    self._serve_press(update, is_fresh=is_gapless, now=now)
                case _:
                    pass
        except (StoreUnavailable, ConfigurationError):
            self._hold()
            raise
        except Exception:
            # What cannot be served must not keep the next KILL from being.
            log.exception("chat_update_failed", update=update.update)
            self._conversation.say(texts.FAILED)

    def _serve_words(self, said: Said, *, is_fresh: bool) -> None:
        wish = wish_of(said.text, username=self._username)
        is_talk = wish is None and self._doorman.is_ours(said.place)
        if is_talk:
            return
        if wish is None or not self._admits(said.user_id, said.place):
            self._refuse(said, what="message" if wish is None else wish.kind.value)
            return
        self._do(said, wish, is_fresh=is_fresh)

    def _do(self, said: Said, wish: Wish, *, is_fresh: bool) -> None:
        if wish.kind is WishKind.KILL:
            self._staff.switching.halt(said, wish, is_fresh=is_fresh)
        elif wish.kind is WishKind.RESUME:
            self._staff.switching.resume(said, wish, is_fresh=is_fresh)
        elif is_fresh:
            self._conversation.say(self._answer(wish))

    def _answer(self, wish: Wish) -> str:
        if wish.kind is WishKind.STATUS:
            return status_text(self._conversation.services)
        return texts.HELP if wish.kind is WishKind.HELP else texts.UNKNOWN

    def _serve_press(self, pressed: Pressed, *, is_fresh: bool, now: datetime) -> None:
        if not self._admits(pressed.user_id, pressed.place):
            self._refuse(pressed, what="press")
            return
        self._staff.deciding.decide(pressed, is_fresh=is_fresh, at=now)

    def _refuse(self, update: Said | Pressed, *, what: str) -> None:
        refusal, talk = self._staff.refusals.another(update.user_id), self._conversation
        log.warning("chat_refused", what=what, refused=self._staff.refusals.count)
        if refusal.is_written:
            talk.note(
                "telegram_refused",
                by=name_of(update.user_id),
                subject=f"chat:{update.place.chat_id}",
                what=what,
                update=update.update,
                unwritten_before=refusal.unwritten,
            )
        if not refusal.is_answered:
            return
        if isinstance(update, Pressed):
            talk.answer(update.press, texts.NOT_LISTED)
        else:
            talk.say(texts.NOT_LISTED, to=update.place.chat_id)

    def _hold(self) -> None:
        if not self._is_holding:
            self._is_holding = True
            self._conversation.say(texts.HELD_BACK)

    def _forget(self, now: datetime) -> None:
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._conversation.record.forget_updates(before=now - KEPT)
            self._forgot_at = now
