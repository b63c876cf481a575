"""Signals as they come in: each kept once, and what is none kept for inspection."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from alpha_oracle.adapters.postgres import trading_rows as rows
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.outbox import ANNOUNCE, announce_values
from alpha_oracle.adapters.postgres.trading_reading import SIGNALS, UNANSWERED
from alpha_oracle.domain.trading_records import TakenIn
from alpha_oracle.errors import MalformedSignal as SignalRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_records import Arrivals, MalformedSignal

KEPT_CHARACTERS: Final = 4_096
"""How much is kept of a document that is no signal, and of what was wrong with it."""

KEPT_DOCUMENTS: Final = 1_000
"""How many of those are kept, the latest; the others are counted together, by where they came."""

_MALFORMED: Final = """
INSERT INTO malformed_signals AS kept (
    digest, source, document, problem, times, first_at, last_at
)
SELECT digest, source, min(document), min(problem), count(*), :at, :at
FROM unnest(
    CAST(:digests AS text[]), CAST(:sources AS text[]), CAST(:documents AS text[]),
    CAST(:problems AS text[])
) AS given (digest, source, document, problem)
GROUP BY digest, source
ON CONFLICT (digest, source) DO UPDATE
SET times = kept.times + excluded.times, last_at = excluded.last_at
"""
_FORGET: Final = """
WITH forgotten AS (
    DELETE FROM malformed_signals WHERE (digest, source) IN (
        SELECT digest, source FROM malformed_signals WHERE digest <> ''
        ORDER BY last_at DESC, digest OFFSET :kept_documents
    )
    RETURNING source, times, first_at, last_at
)
INSERT INTO malformed_signals AS kept (
    digest, source, document, problem, times, first_at, last_at
)
SELECT '', source, '', 'older ones, counted and no longer kept',
       sum(times), min(first_at), max(last_at)
FROM forgotten GROUP BY source
ON CONFLICT (digest, source) DO UPDATE
SET times = kept.times + excluded.times, last_at = greatest(kept.last_at, excluded.last_at)
"""
# Whole columns each: the rows of a batch are one statement however many they are.
_COLUMNS: Final = {
    "signal_id": "text",
    "session": "date",
    "strategy": "text",
    "symbol": "text",
    "direction": "text",
    "strength": "double precision",
    "decided_at": "timestamptz",
    "expires_at": "timestamptz",
    "min_hold_days": "integer",
    "max_hold_days": "integer",
    "reference_price": "numeric",
    "win_rate": "numeric",
    "avg_win_loss_ratio": "numeric",
}
_TAKE_IN: Final = f"""
INSERT INTO signal_inbox (account, {", ".join(_COLUMNS)}, received_at)
SELECT :account, {", ".join(_COLUMNS)}, :at
FROM unnest({", ".join(f"CAST(:{name} AS {type_}[])" for name, type_ in _COLUMNS.items())})
WITH ORDINALITY AS given ({", ".join(_COLUMNS)}, place)
ORDER BY place
ON CONFLICT (account, signal_id) DO NOTHING
"""
_ON_RECORD: Final = f"""
SELECT {SIGNALS}, {UNANSWERED} AS waits FROM signal_inbox AS inbox
WHERE account = :account AND inbox.signal_id = ANY(:signal_id) ORDER BY number
"""
_MISSED: Final = """
SELECT document FROM signals
WHERE session >= :since AND NOT EXISTS (
    SELECT FROM signal_inbox AS inbox
    WHERE inbox.account = :account AND inbox.signal_id = signals.signal_id
)
ORDER BY session, saved_at, strategy, symbol, direction
"""


def take_in(connection: Connection, account: str, arrivals: Arrivals, *, at: datetime) -> TakenIn:
    """Keep what came in, all or nothing; return those of its signals that wait as new.

    The connection is one on which each execution is a transaction of its own.
    """
    values = {"account": account, "at": at, **_columns(arrivals.signals)}
    steps = [_TAKE_IN]
    if arrivals.malformed:
        steps += [_MALFORMED, _FORGET]
        values |= _malformed_columns(arrivals.malformed) | {"kept_documents": KEPT_DOCUMENTS}
    if arrivals.announcements:
        steps.append(ANNOUNCE)
        values |= announce_values(_batch_id(account, arrivals), arrivals.announcements, at=at)
    found = connection.execute(text(";".join([*steps, _ON_RECORD])), values).all()
    known = {row.signal_id: rows.to_signal(row) for row in found}
    return TakenIn(
        new=tuple(known[row.signal_id] for row in found if row.waits),
        contradicting=tuple(one for one in arrivals.signals if known[one.signal_id] != one),
    )


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell what the database cannot keep, whatever it is, as what it is: no signal.

    Raises:
        MalformedSignal: says what the database says.
    """
    try:
        yield
    except (DataError, IntegrityError) as error:
        reason = str(error.orig).partition("\n")[0]
        raise SignalRefused(f"the database cannot keep it: {reason}") from None
    except ValueError as error:
        # The driver itself refuses a text with a NUL.
        raise SignalRefused(f"the database cannot keep it: {error}") from None


def missed(connection: Connection, account: str, *, since: Session) -> list[str]:
    """Return the documents of signals on record from `since` on that were never taken in."""
    return list(connection.scalars(text(_MISSED), {"account": account, "since": since}))


def _columns(signals: Sequence[ReceivedSignal]) -> dict[str, Any]:
    told = [_row(signal) for signal in signals]
    return {name: [row[place] for row in told] for place, name in enumerate(_COLUMNS)}


def _row(signal: ReceivedSignal) -> tuple[object, ...]:
    hold, statistics = signal.hold, signal.statistics
    return (
        *(signal.signal_id, signal.session, signal.strategy, signal.symbol),
        *(signal.direction.value, signal.strength, signal.decided_at, signal.expires_at),
        *((None, None) if hold is None else (hold.min_days, hold.max_days)),
        signal.reference_price,
        *(
            (None, None)
            if statistics is None
            else (statistics.win_rate, statistics.avg_win_loss_ratio)
        ),
    )


def _malformed_columns(malformed: Sequence[MalformedSignal]) -> dict[str, Any]:
    return {
        "digests": [_digest(one.text) for one in malformed],
        "sources": [one.source for one in malformed],
        "documents": [storable(one.text)[:KEPT_CHARACTERS] for one in malformed],
        "problems": [storable(one.problem)[:KEPT_CHARACTERS] for one in malformed],
    }


def _batch_id(account: str, arrivals: Arrivals) -> str:
    return _digest(f"{account}|{arrivals}")[:32]


def _digest(told: str) -> str:
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()
