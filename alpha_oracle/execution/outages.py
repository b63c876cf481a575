"""What is out of reach: told once where that lasts while the market is open."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PATIENCE: Final = timedelta(seconds=30)

BROKER: Final = "broker_away"
STORE: Final = "store_away"
BUS: Final = "bus_away"
_NAMES: Final[Mapping[str, str]] = {
    BROKER: "the broker",
    STORE: "the store of orders and positions",
    BUS: "the bus of signals and events",
}
_SUBJECTS: Final[Mapping[str, str]] = {BROKER: "", STORE: "Postgres", BUS: "Redis"}
"""As whoever watches over the stores calls them: of both, one is told."""


class Outages:
    """Remembers since when something is away.

    Nights do not count: a gateway that restarts then is nobody's alarm, unless it is still away
    after the open. What cannot be told while it lasts, the store being what is away, is told with
    all its time when it is over. `untold` is for whoever announces it to empty.
    """

    def __init__(self) -> None:
        self.untold: dict[str, RiskAlert] = {}
        self._since: dict[str, datetime] = {}
        self._told: set[str] = set()

    def note(self, what: str, *, is_away: bool, at: datetime) -> None:
        """Note how it is with one of `BROKER`, `STORE` and `BUS`."""
        since = self._since.setdefault(what, at) if is_away else self._since.pop(what, None)
        if since is None:
            return
        lasted = _market_time(since, at)
        if lasted >= PATIENCE and (what in self.untold or what not in self._told):
            self._told.add(what)
            self.untold[what] = _alert(what, since=since, at=at, lasted=lasted)
        if not is_away:
            self._told.discard(what)


def _market_time(since: datetime, until: datetime) -> timedelta:
    session = calendar.latest_opened_session(until)
    begins = max(since, calendar.session_open(session))
    return min(until, calendar.session_close(session)) - begins


def _alert(what: str, *, since: datetime, at: datetime, lasted: timedelta) -> RiskAlert:
    seconds = Decimal(round(lasted.total_seconds()))
    return RiskAlert(
        type=what,
        severity=Severity.HIGH,
        value=seconds,
        threshold=Decimal(round(PATIENCE.total_seconds())),
        message=(
            f"{_NAMES[what]} has been out of reach since {since.isoformat(timespec='seconds')}, "
            f"{seconds} seconds of an open market; nothing is sent meanwhile"
        ),
        at=at,
        subject=_SUBJECTS[what],
    )
