"""The `finra` source of short interest: one public file a settlement date."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.downloads import Absent, Download, Downloaded, address, download
from alpha_oracle.adapters.finra.reading import CutOff, Origin, read_file
from alpha_oracle.adapters.finra.schedule import (
    FIRST_WITH_LISTED,
    known_at,
    published_on,
    settlement_dates,
)
from alpha_oracle.adapters.finra.spelling import Spelling
from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.errors import DataError, NotPublished, SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date, datetime
    from typing import Literal

    from alpha_oracle.config import FinraSettings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.short_interest import ReceivedShortInterest
    from alpha_oracle.ports.clock import Clock

BASE_URL_SETTING: Final = "data.finra.base_url (ALPHA_ORACLE_DATA__FINRA__BASE_URL)"
_LARGEST_BYTES: Final = 64 * 1024 * 1024
_LATE_BY: Final = timedelta(days=10)
_LOOKED_BACK: Final = timedelta(days=60)


class FinraShortInterest:
    """Short interest of all symbols a file. Safe to share between threads.

    `symbols` are those we follow, asked for at each file: FINRA writes `BRK.B` as `BRKB`.
    """

    def __init__(
        self,
        settings: FinraSettings,
        *,
        symbols: Callable[[], Collection[Symbol]],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._symbols = symbols
        self._clock = clock

    @property
    def name(self) -> str:
        """The name the positions carry."""
        return "finra"

    def settlements(self, *, start: date, now: datetime) -> tuple[date, ...]:
        """Return the settlement dates from `start` on whose positions are known at `now`.

        None before June 2021: those files hold nothing that is listed on an exchange.
        """
        dates = settlement_dates(
            max(start, FIRST_WITH_LISTED), now.astimezone(NEW_YORK).date() - timedelta(days=1)
        )
        return tuple(settlement for settlement in dates if known_at(settlement) <= now)

    def fetch(self, settlement: date) -> ReceivedShortInterest:
        """Return the file of a settlement date.

        Raises:
            NotPublished: it is not there yet.
            SourceAway: no whole answer came.
            DataError: it cannot be read, or never came.
            ConfigurationError: we are refused, or `base_url` is not FINRA.
        """
        received_at = self._clock.now()
        answer = self._ask(settlement)
        if isinstance(answer, Absent):
            raise _absence(settlement, answer, now=received_at)
        origin = Origin(place=_file_name(settlement), received_at=received_at)
        try:
            return read_file(
                answer.body,
                spelling=Spelling(self._symbols()),
                origin=origin,
                settlement=settlement,
            )
        except CutOff as error:
            raise SourceAway(f"FINRA's answer was cut off: {error}") from None

    def check(self) -> str:
        """Ask whether the newest file is there; return what was found, in words.

        Raises:
            SourceAway: FINRA does not answer.
            ConfigurationError: we are refused, or `base_url` is not FINRA.
        """
        now = self._clock.now()
        newest = self.settlements(start=now.date() - _LOOKED_BACK, now=now)[-1]
        is_there = isinstance(self._ask(newest, method="HEAD"), Downloaded)
        return f"FINRA has {'the' if is_there else 'no'} short interest of {newest}"

    def _ask(
        self, settlement: date, *, method: Literal["GET", "HEAD"] = "GET"
    ) -> Downloaded | Absent:
        path = f"/equity/otcmarket/biweekly/{_file_name(settlement)}"
        return download(
            Download(
                url=address(self._settings.base_url, path, setting=BASE_URL_SETTING),
                vendor="FINRA",
                setting=BASE_URL_SETTING,
                timeout_seconds=self._settings.timeout_seconds,
                max_bytes=_LARGEST_BYTES,
                method=method,
            )
        )


def _file_name(settlement: date) -> str:
    return f"shrt{settlement:%Y%m%d}.csv"


def _absence(settlement: date, answer: Absent, *, now: datetime) -> NotPublished | DataError:
    what = f"FINRA has no {_file_name(settlement)} (HTTP {answer.status})"
    if now < known_at(settlement) + _LATE_BY:
        return NotPublished(
            f"{what} yet; it is published on the evening of {published_on(settlement)}, or later"
        )
    return DataError(
        f"{what}, though it was due on {published_on(settlement)}: perhaps it was settled on "
        f"another day; look at FINRA's list of files, and at {BASE_URL_SETTING}"
    )
