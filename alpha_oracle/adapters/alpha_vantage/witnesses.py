"""Whether Alpha Vantage has the session at all, as the first answers of a run tell.

A vendor that is late, or out of order, says the same of every symbol. So a few of them are
believed, whichever batch they came with, before the day's requests are spent on the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.alpha_vantage.reading import YOUNG
from alpha_oracle.errors import NotPublished, SourceAway

if TYPE_CHECKING:
    from datetime import datetime

    from alpha_oracle.adapters.alpha_vantage.coverage import Span
    from alpha_oracle.adapters.alpha_vantage.reading import Reading
    from alpha_oracle.domain.market import Session

LATE: Final = 3
"""So many symbols that end with the session before, and no more are asked for."""
SILENT: Final = 10
"""So many symbols without any data, and none with some, and no more are asked for."""


@dataclass(slots=True, kw_only=True)
class _Heard:
    span: Span
    since: datetime
    late: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    said: str = ""
    has_data: bool = False
    has_session: bool = False

    def add(self, reading: Reading) -> None:
        if reading.newest is None:
            self.silent.append(reading.symbol)
            self.said = reading.absence.reason if reading.absence else ""
            return
        self.has_data = True
        self.has_session |= reading.newest >= self.span.end
        # A symbol that ended earlier is delisted and says nothing.
        if self.span.is_latest and reading.newest == calendar.shift_session(self.span.end, -1):
            self.late.append(reading.symbol)

    def require_hope(self) -> None:
        again = f"nothing was spent on the others; ask again from {self.since + YOUNG:%H:%M} UTC on"
        if not self.has_session and len(self.late) >= LATE:
            raise NotPublished(
                f"Alpha Vantage has not published {self.span.end} yet: the newest session of "
                f"{', '.join(self.late)} is {calendar.shift_session(self.span.end, -1)}; {again}"
            )
        # A range of years has tickers of old that nobody knows any more.
        if self.span.is_recent and not self.has_data and len(self.silent) >= SILENT:
            raise SourceAway(
                f"Alpha Vantage has no data of any of {', '.join(self.silent)}: {self.said}; "
                f"{again}"
            )


class Witnesses:
    """The first answers of a run. Shared by the threads that fetch its batches."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._heard: _Heard | None = None

    def require_hope(self, span: Span, *, now: datetime) -> None:
        """Stop a batch that would only hear what others heard minutes ago.

        Raises:
            NotPublished: the newest session is not there yet.
            SourceAway: no symbol has data.
        """
        with self._guard:
            self._of(span, now=now).require_hope()

    def hear(self, reading: Reading, span: Span, *, left: int, now: datetime) -> None:
        """Take note of an answer; stop where enough have said the same.

        `left` is the number of symbols of the batch not yet asked for.

        Raises:
            NotPublished: the newest session is not there yet.
            SourceAway: no symbol has data.
        """
        with self._guard:
            heard = self._of(span, now=now)
            heard.add(reading)
            if left:
                heard.require_hope()

    def _of(self, span: Span, *, now: datetime) -> _Heard:
        heard = self._heard
        if heard is None or now - heard.since >= YOUNG or _ends(heard.span) != _ends(span):
            heard = self._heard = _Heard(span=span, since=now)
        return heard


def _ends(span: Span) -> tuple[Session, bool]:
    return span.end, span.is_recent
