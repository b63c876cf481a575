"""The `cboe` source of index levels: one public file with all there ever were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.cboe.reading import CutOff, read_history
from alpha_oracle.adapters.downloads import Absent, Download, Downloaded, address, download
from alpha_oracle.adapters.level_rows import latest_settled_session
from alpha_oracle.domain.levels import VIX, ReceivedLevels
from alpha_oracle.errors import ConfigurationError, SourceAway

if TYPE_CHECKING:
    from typing import Literal

    from alpha_oracle.config import CboeSettings
    from alpha_oracle.domain.market import Session
    from alpha_oracle.ports.clock import Clock

BASE_URL_SETTING: Final = "data.cboe.base_url (ALPHA_ORACLE_DATA__CBOE__BASE_URL)"
_FILES: Final = {VIX: "/api/global/us_indices/daily_prices/VIX_History.csv"}
_LARGEST_BYTES: Final = 16 * 1024 * 1024


class CboeLevels:
    """Daily levels of VIX, one request a fetch. Safe to share between threads."""

    def __init__(self, settings: CboeSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    @property
    def name(self) -> str:
        """The name the levels carry."""
        return "cboe"

    def fetch(self, series: str, *, start: Session, end: Session) -> ReceivedLevels:
        """Return the levels from `start` to `end`, both included, that are final.

        Rows of days without a session, and rows that contradict themselves, are refused.

        Raises:
            SourceAway: no whole answer came.
            DataError: it cannot be read.
            ConfigurationError: Cboe has no such series here, refuses us, or is someone else.
        """
        now = self._clock.now()
        end = min(end, latest_settled_session(now))
        if start > end:
            return ReceivedLevels()
        answer = self._ask(series)
        try:
            return read_history(series, answer.body, start=start, end=end, now=now)
        except CutOff as error:
            raise SourceAway(f"Cboe's answer was cut off: {error}; ask again later") from None

    def check(self) -> str:
        """Ask whether the history of VIX is there; return what was found, in words.

        Raises:
            SourceAway: Cboe does not answer.
            ConfigurationError: it has no such file, refuses us, or is someone else.
        """
        self._ask(VIX, method="HEAD")
        return "Cboe has the history of VIX"

    def _ask(self, series: str, *, method: Literal["GET", "HEAD"] = "GET") -> Downloaded:
        path = _FILES.get(series)
        if path is None:
            raise ConfigurationError(
                f"no history of {series} is known at Cboe, only of {', '.join(_FILES)}"
            )
        answer = download(
            Download(
                url=address(self._settings.base_url, path, setting=BASE_URL_SETTING),
                vendor="Cboe",
                setting=BASE_URL_SETTING,
                timeout_seconds=self._settings.timeout_seconds,
                max_bytes=_LARGEST_BYTES,
                method=method,
            )
        )
        if isinstance(answer, Absent):
            raise ConfigurationError(
                f"Cboe has no {path} (HTTP {answer.status}): it moved, or {BASE_URL_SETTING} is "
                "not Cboe's; check that, or name another source in data.reference.volatility"
            )
        return answer
