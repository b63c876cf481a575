"""The `ibkr` source of index levels: VIX from TWS or IB Gateway, as it is calculated at Cboe."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.contracts import Missing, Venue
from alpha_oracle.adapters.ibkr.history import Asking, Batch, Range
from alpha_oracle.adapters.ibkr.pacing import Forbearance, Pace
from alpha_oracle.adapters.ibkr.translate import FIELDS
from alpha_oracle.adapters.level_rows import LevelRow, latest_settled_session, to_levels
from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.levels import VIX, ReceivedLevels
from alpha_oracle.errors import ConfigurationError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alpha_oracle.adapters.ibkr.connection import GatewayConnection
    from alpha_oracle.adapters.ibkr.history import Rows
    from alpha_oracle.config import IbkrDataSettings
    from alpha_oracle.domain.market import Session
    from alpha_oracle.ports.clock import Clock

_VENUES: Final = {VIX: Venue(security_type="IND", exchange="CBOE")}
_DATE: Final = re.compile(r"\d{8}")
_NOT_FOR_US: Final = frozenset({AbsenceKind.UNKNOWN_SYMBOL, AbsenceKind.REFUSED})


class IbkrLevels:
    """Daily levels of regular hours. Safe to share between threads."""

    def __init__(
        self,
        connection: GatewayConnection,
        *,
        clock: Clock,
        settings: IbkrDataSettings,
        refusal_waits_seconds: tuple[float, ...] = (10.0, 30.0, 60.0),
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._asking = Asking(
            max_in_flight=settings.max_in_flight, timeout_seconds=settings.timeout_seconds
        )
        self._pace = Pace(requests_per_second=settings.requests_per_second)
        self._forbearance = Forbearance(self._pace, waits_seconds=refusal_waits_seconds)

    @property
    def name(self) -> str:
        """The name the levels carry."""
        return "ibkr"

    def fetch(self, series: str, *, start: Session, end: Session) -> ReceivedLevels:
        """Return the levels from `start` to `end`, both included, that are final.

        Raises:
            SourceAway: the gateway, or its line to IBKR, stayed away, or did not say.
            LeaseTaken: another run of ours keeps the client id.
            StoreUnavailable: the lease cannot be asked for.
            ConfigurationError: the gateway is not the one of the settings, knows no such index,
                or keeps its data from us.
        """
        venue = _VENUES.get(series)
        if venue is None:
            raise ConfigurationError(
                f"no index {series} is known at IBKR, only {', '.join(_VENUES)}"
            )
        now = self._clock.now()
        asked = Range(start=start, end=min(end, latest_settled_session(now)), now=now)
        if not calendar.sessions_between(asked.start, asked.end):
            return ReceivedLevels()
        answer = self._connection.run(lambda: self._batch().fetch_index(series, venue, asked))
        rows = _rows_of(series, answer)
        return to_levels(
            series, [_level_row(row) for row in rows], start=asked.start, end=asked.end, now=now
        )

    def _batch(self) -> Batch:
        return Batch(
            self._connection,
            pace=self._pace,
            forbearance=self._forbearance,
            asking=self._asking,
            known={},
            moved={},
            companies={},
        )


def _rows_of(series: str, answer: Rows | Missing) -> Rows:
    if not isinstance(answer, Missing):
        return answer
    if answer.kind in _NOT_FOR_US:
        raise ConfigurationError(
            f"no {series} from IBKR: {answer.reason}; mend that, or name another source in "
            "data.reference.volatility (cboe asks nobody's leave)"
        )
    if answer.kind is AbsenceKind.NO_DATA:
        return []
    raise SourceAway(f"no {series} from IBKR: {answer.reason}")


def _level_row(fields: Sequence[str]) -> LevelRow:
    received = dict(zip(FIELDS, fields, strict=False))
    return LevelRow(day=_day(received.get("date", "")), fields=received)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
