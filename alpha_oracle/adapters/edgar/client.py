"""Requests to EDGAR, as the SEC asks for them: by name, and no more than so many a second.

The ledger counts a request before it is sent, for all threads and processes. Where the SEC says to
stay away, all threads stay away.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from alpha_oracle.adapters.downloads import (
    Absent,
    AccessRefused,
    AskLater,
    Download,
    address,
    download,
)
from alpha_oracle.domain.requests import RequestLimits
from alpha_oracle.errors import ConfigurationError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from alpha_oracle.config import EdgarSettings
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.requests import RequestLedger

log = structlog.get_logger(__name__)

SOURCE: Final = "edgar"
VENDOR: Final = "EDGAR"
USER_AGENT_SETTING: Final = "data.edgar.user_agent (ALPHA_ORACLE_DATA__EDGAR__USER_AGENT)"
BASE_URL_SETTING: Final = "data.edgar.base_url (ALPHA_ORACLE_DATA__EDGAR__BASE_URL)"
DATA_URL_SETTING: Final = "data.edgar.data_url (ALPHA_ORACLE_DATA__EDGAR__DATA_URL)"

PAUSES_SECONDS: Final = (2.0, 10.0)
"""Before a request that got no answer is repeated."""

LONGEST_WAIT_SECONDS: Final = 60.0
"""What the SEC may ask us to wait in the middle of a run; for longer, the run ends."""

REFUSED_FOR: Final = timedelta(minutes=10)
"""How long the SEC keeps out an address that asked too fast."""

_MOST_BYTES: Final = 64 * 1024 * 1024
_FORBIDDEN: Final = 403
_TOO_FAST: Final = re.compile("request rate threshold", re.IGNORECASE)
# A tenth less than allowed: on their way to the SEC requests bunch up.
_PER_MINUTE_OF_A_SECOND: Final = 54
_NAME_AND_E_MAIL: Final = re.compile(r"(?=.*\S+@\S+\.\S+)\S+( \S+)+")


class EdgarClient:
    """Asks www.sec.gov and data.sec.gov. Safe to use from several threads."""

    def __init__(
        self,
        settings: EdgarSettings,
        *,
        ledger: RequestLedger,
        clock: Clock,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._user_agent = _user_agent_of(settings)
        self._settings = settings
        self._limits = RequestLimits(
            per_minute=_PER_MINUTE_OF_A_SECOND * settings.requests_per_second,
            per_day=None,
        )
        self._ledger = ledger
        self._clock = clock
        self._wait = wait
        self._quiet_until: datetime | None = None
        self._was_answered = False

    def document(self, path: str) -> bytes | None:
        """Return the body of a path of www.sec.gov; None: it has no such file.

        Raises:
            SourceAway: no answer came, a part of one, or one that says to ask later.
            ConfigurationError: the SEC refuses us, or `base_url` is someone else's.
            DataError: the answer is larger than any of EDGAR's.
        """
        return self._patiently(self._settings.base_url, path, setting=BASE_URL_SETTING)

    def data(self, path: str) -> bytes | None:
        """Return the body of a path of data.sec.gov; None: it has no such file.

        Raises:
            SourceAway: no answer came, a part of one, or one that says to ask later.
            ConfigurationError: the SEC refuses us, or `data_url` is someone else's.
            DataError: the answer is larger than any of EDGAR's.
        """
        return self._patiently(self._settings.data_url, path, setting=DATA_URL_SETTING)

    def _patiently(self, base_url: str, path: str, *, setting: str) -> bytes | None:
        asked = Download(
            url=address(base_url, path, setting=setting),
            vendor=VENDOR,
            setting=setting,
            timeout_seconds=self._settings.timeout_seconds,
            max_bytes=_MOST_BYTES,
            headers={"User-Agent": self._user_agent},
        )
        for pause in PAUSES_SECONDS:
            try:
                return self._once(asked)
            except SourceAway as error:
                if self._quiet_seconds() > LONGEST_WAIT_SECONDS:
                    raise
                log.warning("request_unanswered", source=SOURCE, path=path, error=str(error))
                self._wait(pause)
        return self._once(asked)

    def _once(self, asked: Download) -> bytes | None:
        self._stay_away()
        while (seconds := self._ledger.reserve(SOURCE, self._limits)) > 0.0:
            self._wait(seconds)
        try:
            answer = download(asked)
        except AskLater as later:
            if later.after_seconds is not None:
                self._be_quiet(timedelta(seconds=later.after_seconds))
            raise
        except AccessRefused as refused:
            raise self._refusal(asked, excerpt=refused.excerpt) from None
        if isinstance(answer, Absent):
            if answer.status == _FORBIDDEN:
                raise self._refusal(asked, excerpt="AccessDenied")
            return None
        self._was_answered = True
        return answer.body

    def _stay_away(self) -> None:
        seconds = self._quiet_seconds()
        if seconds > LONGEST_WAIT_SECONDS:
            raise SourceAway(
                f"the SEC wants no requests before {self._quiet_until:%Y-%m-%d %H:%M:%S} UTC; "
                "ask again after that"
            )
        if seconds > 0.0:
            self._wait(seconds)

    def _quiet_seconds(self) -> float:
        if self._quiet_until is None:
            return 0.0
        return (self._quiet_until - self._clock.now()).total_seconds()

    def _be_quiet(self, duration: timedelta) -> None:
        until = self._clock.now() + duration
        # Two threads may write at once; either tells a time the SEC has named.
        self._quiet_until = max(until, self._quiet_until or until)

    def _refusal(self, asked: Download, *, excerpt: str) -> SourceAway | ConfigurationError:
        # Who was answered before is known by name: then it was too much at once.
        if self._was_answered or _TOO_FAST.search(excerpt):
            self._be_quiet(REFUSED_FOR)
            return SourceAway(
                f"{asked.place} refuses us (HTTP 403): too many requests came from this address, "
                "by whatever program; ask again in ten minutes, and lower "
                "data.edgar.requests_per_second "
                f"(now {self._settings.requests_per_second}) if others here ask the SEC too"
            )
        return ConfigurationError(
            f"{asked.place} refuses us (HTTP 403), as it does programs that do not say whose they "
            f"are, and addresses that asked too fast; set {USER_AGENT_SETTING} to a name and an "
            "e-mail address that are yours, wait ten minutes, and check "
            f"{asked.setting}. It said: {excerpt[:120]!r}"
        )


def _user_agent_of(settings: EdgarSettings) -> str:
    user_agent = (settings.user_agent or "").strip()
    if not user_agent:
        raise ConfigurationError(
            "edgar needs to say who asks, as the SEC demands of every program, and nothing is "
            f"set; set {USER_AGENT_SETTING} to a name and an e-mail address, like "
            "'Sample Company admin@example.com'"
        )
    is_writable = user_agent.isascii() and user_agent.isprintable()
    if not is_writable or not _NAME_AND_E_MAIL.fullmatch(user_agent):
        # What is set stays unsaid: it may be somebody's address.
        raise ConfigurationError(
            f"{USER_AGENT_SETTING} must be a name and an e-mail address on one line of plain "
            "letters, like 'Sample Company admin@example.com'"
        )
    return user_agent
