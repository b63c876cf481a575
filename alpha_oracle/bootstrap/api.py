"""What the API works with, wired; and the token that it makes where none is set."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TextIO

import structlog

from alpha_oracle.adapters.postgres.event_log import PostgresEventLog
from alpha_oracle.adapters.postgres.execution_quality import PostgresQualitySummaries
from alpha_oracle.adapters.redis.operator_presence import RedisOperatorPresence
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.redis.risk_board import RedisRiskBoard
from alpha_oracle.bootstrap.operating import operations_on
from alpha_oracle.bootstrap.overview import Overview
from alpha_oracle.bootstrap.records import records_on
from alpha_oracle.bootstrap.stores import opened_stores
from alpha_oracle.errors import ConfigurationError, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alpha_oracle.bootstrap.operating import Operations
    from alpha_oracle.bootstrap.records import Records
    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.ports.events import EventLog
    from alpha_oracle.ports.execution_quality import QualitySummaries
    from alpha_oracle.ports.risk_board import RiskBoard

TOKEN_FILE: Final = "api_token"  # noqa: S105 - the file's name.
TOKEN_BYTES: Final = 32
NOBODY: Final = "api"
SEEN_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class OperatorPresence:
    """Notes that somebody with a token asked for something, once a second at most."""

    def __init__(self, store: RedisOperatorPresence, operations: Operations) -> None:
        self._store = store
        self._clock = operations.clock
        self._noted_at = 0.0

    def seen(self) -> None:
        """Note it; a store that is away is left alone: nothing is decided by it."""
        now = time.monotonic()
        if now - self._noted_at < SEEN_SECONDS:
            return
        self._noted_at = now
        try:
            self._store.note(self._clock.now())
        except StoreUnavailable as error:
            log.warning("presence_not_noted", reason=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything there is to read and to do."""

    stores: Stores
    operations: Operations
    records: Records
    events: EventLog
    risk_board: RiskBoard
    overview: Overview
    presence: OperatorPresence
    qualities: QualitySummaries

    def operations_of(self, name: str) -> Operations:
        """Return what a caller of this name can do."""
        return replace(self.operations, by=name)

    def accounts(self, account: str | None) -> list[str]:
        """Return an account, or all that were traded."""
        return self.operations.records.accounts() if account is None else [account]

    def portfolios(self, account: str | None = None) -> list[dict[str, Any]]:
        """Return what an account is worth, or each of them."""
        found = (self.overview.portfolio(one) for one in self.accounts(account))
        return [one for one in found if one is not None]

    def day_trade_counts(self, account: str | None) -> list[dict[str, Any]]:
        """Return what the day-trade guard counts of an account, or of all."""
        return [self.overview.day_trades(one) for one in self.accounts(account)]

    def measurements(self) -> list[dict[str, Any]]:
        """Return what was measured last of each account, and how many seconds ago."""
        found = (self.risk_board.read(account) for account in self.accounts(None))
        now = self.operations.clock.now()
        return [one | {"age_seconds": _age(one, now)} for one in found if one is not None]


@contextmanager
def opened_services(settings: Settings) -> Iterator[Services]:
    """Open everything the API works with for the length of a block.

    Raises:
        ConfigurationError: the settings, or the schema, are wrong.
        StoreUnavailable: a store cannot be reached.
    """
    with opened_stores(settings) as stores:
        operations = operations_on(settings, stores.database, stores.redis, by=NOBODY)
        yield Services(
            stores=stores,
            operations=operations,
            records=records_on(settings, stores.database),
            events=PostgresEventLog(stores.database),
            risk_board=RedisRiskBoard(stores.redis),
            overview=Overview(
                records=operations.records,
                board=RedisQuoteBoard(stores.redis, clock=operations.clock),
                clock=operations.clock,
                window_sessions=settings.risk.day_trading.window_business_days,
            ),
            presence=OperatorPresence(RedisOperatorPresence(stores.redis), operations),
            qualities=PostgresQualitySummaries(stores.database),
        )


def own_token(home: Path) -> str:
    """Return the SHA-256 of the operator's token under home, made where there is none.

    Raises:
        ConfigurationError: the file cannot be read or written, or others may read it.
    """
    path = home / TOKEN_FILE
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _made_new(path) as file:
            file.write(secrets.token_urlsafe(TOKEN_BYTES))
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    return hashlib.sha256(_read(path).encode()).hexdigest()


def _made_new(path: Path) -> TextIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w")


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"others may read {path}; chmod 600 it, or delete it")
        token = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{path} cannot be read; delete it for a new one") from None
    if len(token) < TOKEN_BYTES:
        raise ConfigurationError(f"{path} holds no token of ours; delete it for a new one")
    return token


def _age(document: dict[str, Any], now: datetime) -> float | None:
    try:
        return (now - datetime.fromisoformat(str(document.get("at")))).total_seconds()
    except (TypeError, ValueError):
        return None
