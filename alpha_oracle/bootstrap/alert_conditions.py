"""What alerts have to do with how things stand: what still lasts, and what must stop."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.alert_texts import KILL_SWITCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alpha_oracle.domain.alerts import Episode, Notice
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.risk_board import RiskBoard
    from alpha_oracle.ports.trading import KillSwitchStore
    from alpha_oracle.risk.kill_switch import KillSwitchRules

SYSTEM: Final = "system"
ALREADY: Final = timedelta(minutes=1)
"""Whoever raises a critical alert may have tripped the switch for it so long before."""

BOARD_FRESH: Final = timedelta(minutes=2)
SEVERAL: Final = frozenset({"position_limit", "sector_limit"})
"""Limits that hold for several symbols or sectors; the board shows the worst alone."""

log = structlog.get_logger(__name__)


class Tripwire:
    """Activates the kill switch for a critical alert, unless whoever raised it did."""

    def __init__(self, switch: KillSwitchStore, rules: KillSwitchRules, clock: Clock) -> None:
        self._switch = switch
        self._rules = rules
        self._clock = clock

    def trip(self, notice: Notice) -> None:
        """Activate the switch, once for an alert: one that was resumed since stays so.

        Raises:
            StoreUnavailable: it is not known to be on record.
        """
        record, now = self._switch.record(), self._clock.now()
        # One from further ahead is a rehearsal's.
        is_known = (
            record.activated_at is not None
            and notice.at - ALREADY <= record.activated_at <= now + ALREADY
        )
        if record.is_active or is_known:
            return
        reason = f"{notice.type}: {notice.text.splitlines()[1]}"
        tripped = self._rules.trip(record, now=now, by=SYSTEM, reason=reason)
        try:
            self._switch.change(tripped, at=now)
        except StoreUnavailable:
            # The mirror follows by itself.
            if not self._switch.record().is_active:
                raise
        log.warning("kill_switch_tripped", alert=notice.type)


class Conditions:
    """Whether what people were told of is still so, as far as the stores can tell."""

    def __init__(
        self, switch: KillSwitchStore, board: RiskBoard, clock: Clock, *, account: str
    ) -> None:
        self._switch = switch
        self._board = board
        self._clock = clock
        self._account = account

    def lasts(self, episode: Episode) -> bool | None:
        """Return whether an episode lasts; None: nobody can tell.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        if episode.type == KILL_SWITCH:
            return self._switch.record().is_active
        if episode.type == "store_away":
            # Who asks has just read it.
            return False
        shown = self._shown()
        if episode.type == "bus_away":
            return shown is None
        return None if shown is None else _shown_of(episode, shown, now=self._clock.now())

    def _shown(self) -> Mapping[str, object] | None:
        try:
            return self._board.read(self._account) or {}
        except StoreUnavailable:
            return None


def _shown_of(episode: Episode, shown: Mapping[str, object], *, now: datetime) -> bool | None:
    breached = {one["name"]: bool(one["breached"]) for one in _readings(shown)}
    if episode.type not in breached or not _is_fresh(shown, now=now):
        return None
    is_breached = breached[episode.type]
    return None if is_breached and episode.type in SEVERAL else is_breached


def _readings(shown: Mapping[str, object]) -> list[dict[str, object]]:
    found = [shown.get(part) for part in ("breakers", "limits")]
    return [one for part in found if isinstance(part, list) for one in part]


def _is_fresh(shown: Mapping[str, object], *, now: datetime) -> bool:
    return abs(now - datetime.fromisoformat(str(shown["at"]))) < BOARD_FRESH
