"""Requests to Alpha Vantage through its package, bounded in time and size, silent about the key.

The package composes the request; its own transport has no timeout, does not look at the status
and lets the key out in its exceptions, so that ours takes its place. It never holds the key.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, urlsplit, urlunsplit

import requests
from alpha_vantage.timeseries import TimeSeries
from requests import Session as HttpSession
from urllib3.exceptions import HTTPError, ReadTimeoutError

from alpha_oracle.adapters.alpha_vantage.refusals import SERIES
from alpha_oracle.adapters.alpha_vantage.statement_questions import (
    StatementQuestion,
    StatementRequests,
)
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

    from alpha_oracle.config import AlphaVantageSettings
    from alpha_oracle.domain.market import Symbol

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
API_KEY_SETTING: Final = "data.alpha_vantage.api_key (ALPHA_ORACLE_DATA__ALPHA_VANTAGE__API_KEY)"
BASE_URL_SETTING: Final = "data.alpha_vantage.base_url (ALPHA_ORACLE_DATA__ALPHA_VANTAGE__BASE_URL)"

_REDACTED: Final = "[redacted]"
_NOT_THE_KEY: Final = "put-in-by-the-transport"
_SHORTEST_KEY: Final = 4
_CERTAIN_KEY: Final = 8
_LONGEST_CONNECT_SECONDS: Final = 10.0
_WHOLE_ANSWER_TIMEOUTS: Final = 3
_CHUNK_BYTES: Final = 64 * 1024
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_KEY_REFUSED: Final = frozenset({401, 403})
_ASK_LATER: Final = frozenset({408, 425, 429, *range(500, 600)})

_FAILURES: Final = (requests.RequestException, HTTPError, OSError)
# The first that fits; a connection that times out is a ConnectionError too.
_WHAT_FAILED: Final[tuple[tuple[tuple[type[Exception], ...], str], ...]] = (
    ((requests.ConnectTimeout,), "did not take a connection in time"),
    ((requests.ReadTimeout, ReadTimeoutError), "did not answer in time"),
    ((requests.exceptions.SSLError,), "showed no certificate that can be trusted"),
    ((requests.ConnectionError,), "cannot be reached, or hung up"),
    ((requests.RequestException,), "cannot be asked"),
    ((HTTPError, OSError), "broke off its answer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A symbol's daily series: with splits and dividends or without, all or the last 100 points."""

    symbol: Symbol
    adjusted: bool
    full: bool

    @property
    def name(self) -> str:
        """What the request is called where answers are kept."""
        function = "TIME_SERIES_DAILY_ADJUSTED" if self.adjusted else "TIME_SERIES_DAILY"
        return f"{function} {self.symbol} {self.size}"

    @property
    def holds(self) -> str:
        """The key under which an answer has what is asked for."""
        return SERIES

    @property
    def size(self) -> str:
        """Alpha Vantage's word for how much is asked for."""
        return "full" if self.full else "compact"

    @property
    def ticker(self) -> str:
        """The symbol as Alpha Vantage lists it: class shares with a hyphen, `BRK-B`."""
        return self.symbol.replace(".", "-")


class AlphaVantageClient(TimeSeries):  # type: ignore[misc]  # the package has no types.
    """Asks for daily series and statements. Safe to use from several threads."""

    def __init__(self, settings: AlphaVantageSettings) -> None:
        self._key = _key_of(settings)
        self._key_anywhere = _key_pattern(self._key)
        self._url = query_url(settings.base_url)
        self._timeout_seconds = settings.timeout_seconds
        super().__init__(key=_NOT_THE_KEY, output_format="json")
        self._statements = StatementRequests(key=_NOT_THE_KEY, exchange=self._handle_api_call)

    @property
    def account(self) -> str:
        """What the key's requests are counted under; tells nothing of the key."""
        return f"alpha_vantage:{hashlib.sha256(self._key.encode()).hexdigest()[:16]}"

    @property
    def place(self) -> str:
        """Where requests go, for errors."""
        return urlunsplit(urlsplit(self._url)._replace(path="", query=""))

    def ask(self, question: Question | StatementQuestion) -> bytes:
        """Return the body of the answer, the key taken out.

        Raises:
            SourceAway: no answer came, or one that says to ask later.
            ConfigurationError: the key is refused, or `base_url` is not Alpha Vantage.
            DataError: the answer is larger than any series.
        """
        if isinstance(question, StatementQuestion):
            body = self._statements.ask(question)
        else:
            ask = self.get_daily_adjusted if question.adjusted else self.get_daily
            body, _ = ask(question.ticker, outputsize=question.size)
        return self._key_anywhere.sub(_REDACTED.encode(), bytes(body))

    def _handle_api_call(self, url: str) -> Mapping[str, bytes]:
        # The package picks the data out of what this returns; refusals must come through too,
        # so that it finds the whole answer under any name.
        parameters = dict(parse_qsl(urlsplit(url).query)) | {"apikey": self._key}
        body = self._exchange(parameters)
        return defaultdict(lambda: body)

    def _exchange(self, parameters: Mapping[str, str]) -> bytes:
        try:
            return self._received(parameters)
        except _FAILURES as error:
            failed = _what_failed(error)
        # Raised out here: those exceptions hold the URL, and with it the key, and an exception
        # keeps what it was raised in the face of.
        raise SourceAway(
            f"{self.place} {failed} (timeout {self._timeout_seconds:g} s); ask again later, and "
            f"check the network and {BASE_URL_SETTING} if it stays away"
        )

    def _received(self, parameters: Mapping[str, str]) -> bytes:
        connect_seconds = min(self._timeout_seconds, _LONGEST_CONNECT_SECONDS)
        # A session of its own: batches ask from several threads, and requests are seconds apart.
        with (
            HttpSession() as session,
            session.get(
                self._url,
                params=parameters,
                timeout=(connect_seconds, self._timeout_seconds),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            self._check_status(response)
            return self._body(response)

    def _check_status(self, response: Response) -> None:
        status = response.status_code
        if status == _OK:
            return
        if status in _ASK_LATER:
            raise SourceAway(f"{self.place} answered with HTTP {status}; ask again later")
        if status in _KEY_REFUSED:
            raise ConfigurationError(
                f"{self.place} refuses the key (HTTP {status}); check {API_KEY_SETTING}"
            )
        what = "a redirect" if status in _REDIRECTS else "no data"
        raise ConfigurationError(
            f"{self.place} answered with {what} (HTTP {status}), as Alpha Vantage does not; "
            f"check {BASE_URL_SETTING}"
        )

    def _body(self, response: Response) -> bytes:
        patience = _WHOLE_ANSWER_TIMEOUTS * self._timeout_seconds
        deadline = time.monotonic() + patience
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise DataError(
                    f"{self.place} sent more than {MAX_BODY_BYTES >> 20} MiB for one symbol; "
                    f"check {BASE_URL_SETTING}"
                )
            if time.monotonic() > deadline:
                raise SourceAway(
                    f"{self.place} was still answering after {patience:g} s; ask again later"
                )
        return bytes(body)


def query_url(base_url: str) -> str:
    """Return the address of the query interface under a base URL with or without `/query`.

    Raises:
        ConfigurationError: it is no http address, or holds more than one.
    """
    parts = _parts(base_url.strip().rstrip("?"))
    if parts is None or parts.username is not None or parts.query or parts.fragment:
        # The value stays unsaid: it may hold a password or a key.
        raise ConfigurationError(
            f"{BASE_URL_SETTING} must be an address like https://www.alphavantage.co, "
            "without user, query or fragment"
        )
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith("/query") else f"{path}/query"))


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        is_http = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_http else None


def _key_of(settings: AlphaVantageSettings) -> str:
    key = settings.api_key.get_secret_value().strip() if settings.api_key else ""
    if not key:
        raise ConfigurationError(
            f"alpha_vantage needs a key and none is set; set {API_KEY_SETTING} "
            "to the one from https://www.alphavantage.co/support/#api-key"
        )
    # One like "12" could not be told from the figures of an answer when it is taken out.
    if len(key) < _SHORTEST_KEY or not re.search("[A-Za-z]", key):
        raise ConfigurationError(
            f"{API_KEY_SETTING} holds no key of Alpha Vantage; theirs are 16 letters and digits"
        )
    return key


def _key_pattern(key: str) -> re.Pattern[bytes]:
    forms = sorted({key, quote(key), quote(key, safe=""), quote_plus(key)}, key=len, reverse=True)
    either = "|".join(re.escape(form) for form in forms)
    if len(key) < _CERTAIN_KEY:  # A short one, like "demo", may be a part of any word.
        either = rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])"
    return re.compile(either.encode(), re.IGNORECASE)


def _what_failed(error: Exception) -> str:
    return next(words for kinds, words in _WHAT_FAILED if isinstance(error, kinds))
