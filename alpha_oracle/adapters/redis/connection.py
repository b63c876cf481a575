"""The way to Redis: one client with bounded waits, and errors that name who must act."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError, ResponseError
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from alpha_oracle.adapters.redis.kept_connection import KeptConnection, packed
from alpha_oracle.errors import AlphaOracleError, ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS: Final = 5.0
REST_SECONDS: Final = 1.0
"""How long a server that did not answer is not asked again: who asks for many things waits once."""

RETRIES: Final = 2
LONGEST_WAIT_SECONDS: Final = 0.5


class RedisConnection:
    """A client of one Redis database; safe to share between threads, not across a fork.

    A lost connection is tried again at once, and then not: what this product sends may be repeated,
    or says not. A server that takes longer than `patience_seconds` to answer counts as away.
    """

    def __init__(self, url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self.place = redacted(url)
        self.patience_seconds = patience_seconds
        self._rests_until = 0.0
        try:
            self._client = redis.Redis.from_url(
                url,
                decode_responses=True,
                # What others wrote and is no text is told as such, and never ends a reading.
                encoding_errors="replace",
                socket_connect_timeout=patience_seconds,
                socket_timeout=patience_seconds,
                retry=Retry(
                    ExponentialWithJitterBackoff(cap=LONGEST_WAIT_SECONDS),
                    RETRIES,
                    supported_errors=(ConnectionLost,),
                ),
                health_check_interval=30,
            )
        except ValueError:
            # Its text may hold a part of the password.
            raise ConfigurationError(
                f"redis.url ({self.place}) cannot be read; expected redis://host:6379/0, "
                "rediss:// or unix:///path"
            ) from None
        self._guard = threading.Lock()
        self._kept = KeptConnection(self._client)

    @contextmanager
    def client(self) -> Iterator[redis.Redis]:
        """Give the client for the length of a block.

        Raises:
            StoreUnavailable: the server cannot be reached, or does not answer, or did not a moment
                ago.
            ConfigurationError: it refuses the password.
        """
        self._see_that_it_answers()
        try:
            yield self._client
        except RedisError as error:
            raise self._told(error) from error

    def ask(self, *commands: bytes, is_text: bool = True, may_repeat: bool = True) -> list[Any]:
        """Return the answers to packed commands, asked in one round trip over a kept connection.

        A refusal is told as the error it is. Without `is_text` answers stay bytes, without
        `may_repeat` nothing is asked again that may have been done.

        Raises:
            StoreUnavailable: as of `client`; some of them may be done.
            ConfigurationError: as of `client`.
        """
        with self._guard:
            # Whoever waited while another got no answer does not wait as long once more.
            self._see_that_it_answers()
            try:
                return self._kept.ask(commands, is_text=is_text, may_repeat=may_repeat)
            except RedisError as error:
                raise self._told(error) from error

    def answer(self, *command: str | int) -> Any:  # noqa: ANN401 - whatever the server said.
        """Return the answer to one command, asked likewise.

        Raises:
            StoreUnavailable: it is refused, or as of `client`; it may be done.
            ConfigurationError: as of `client`.
        """
        (told,) = self.ask(packed(*command))
        if isinstance(told, ResponseError):
            raise self._told(told)
        return told

    def failure(self, cause: str) -> StoreUnavailable:
        """Return the error that tells what the server refused or why it cannot be reached."""
        return StoreUnavailable(
            f"Redis at {self.place} failed ({cause}); start it or mend redis.url"
        )

    def _see_that_it_answers(self) -> None:
        if time.monotonic() < self._rests_until:
            raise self.failure("it did not answer a moment ago")

    def _told(self, error: RedisError) -> AlphaOracleError:
        if isinstance(error, AuthenticationError):
            return ConfigurationError(f"Redis at {self.place} refuses the password")
        if isinstance(error, NoAnswer):
            self._rests_until = time.monotonic() + REST_SECONDS
        return self.failure(_cause(error))

    def ping(self) -> None:
        """Ask for an answer.

        Raises:
            StoreUnavailable: none comes.
        """
        with self.client() as client:
            client.ping()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def redacted(url: str) -> str:
    """Return a URL without its user, password and options; where in doubt, less of it."""
    scheme, found, rest = url.partition("://")
    secrets, _, place = rest.rpartition("@")
    if not found or "?" in secrets:
        return "..."
    return f"{scheme}://{place.partition('?')[0]}"


def _cause(error: RedisError) -> str:
    if isinstance(error, BusyLoadingError):
        return "it is still reading its data"
    # What the server answers is about the command; what the driver says may be about the URL.
    return str(error) if isinstance(error, ResponseError) else type(error).__name__
