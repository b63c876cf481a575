"""Signals as they come in: each kept once, and what is none kept for inspection."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import psycopg2
from sqlalchemy import text

from alpha_oracle.adapters.postgres import trading_rows as rows
from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.adapters.postgres.trading_reading import SIGNALS, UNANSWERED
from alpha_oracle.adapters.postgres.trading_script import script_of_steps
from alpha_oracle.adapters.postgres.trading_session import unwritable
from alpha_oracle.adapters.postgres.trading_statements import PREPARED as PREPARED_CHANGES
from alpha_oracle.adapters.postgres.trading_statements import insert
from alpha_oracle.domain.trading_events import encode_event
from alpha_oracle.domain.trading_records import TakenIn
from alpha_oracle.errors import MalformedSignal as SignalRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from alpha_oracle.adapters.postgres.trading_script import Script, Step
    from alpha_oracle.domain.market import Session
    from alpha_oracle.domain.received_signals import ReceivedSignal
    from alpha_oracle.domain.trading_records import Arrivals, MalformedSignal

KEPT_CHARACTERS: Final = 4_096
"""How much is kept of a document that is no signal, and of what was wrong with it."""

KEPT_DOCUMENTS: Final = 1_000
"""How many of those are kept, the latest; the others are counted together, by where they came."""

_SIGNAL_COLUMNS: Final = (
    *("account", "signal_id", "session", "strategy", "symbol", "direction", "strength"),
    *("decided_at", "expires_at", "min_hold_days", "max_hold_days", "reference_price"),
    *("win_rate", "avg_win_loss_ratio", "received_at"),
)
_MALFORMED_COLUMNS: Final = (
    *("digest", "source", "document", "problem", "times", "first_at", "last_at"),
)

PREPARED: Final = {
    "ao_signal": f"{insert('signal_inbox', _SIGNAL_COLUMNS)} ON CONFLICT DO NOTHING",
    "ao_malformed": f"""
        {insert("malformed_signals AS kept", _MALFORMED_COLUMNS)}
        ON CONFLICT (digest, source) DO UPDATE
        SET times = kept.times + excluded.times, last_at = excluded.last_at
    """,
    "ao_forget (bigint)": f"""
        WITH forgotten AS (
            DELETE FROM malformed_signals WHERE (digest, source) IN (
                SELECT digest, source FROM malformed_signals WHERE digest <> ''
                ORDER BY last_at DESC, digest OFFSET $1
            )
            RETURNING source, times, first_at, last_at
        )
        INSERT INTO malformed_signals AS kept ({", ".join(_MALFORMED_COLUMNS)})
        SELECT '', source, '', 'older ones, counted and no longer kept',
               sum(times), min(first_at), max(last_at)
        FROM forgotten GROUP BY source
        ON CONFLICT (digest, source) DO UPDATE
        SET times = kept.times + excluded.times,
            last_at = greatest(kept.last_at, excluded.last_at)
    """,
    "ao_announce_once": f"{PREPARED_CHANGES['ao_announce']} ON CONFLICT DO NOTHING",
    "ao_on_record (text, text[])": f"""
        SELECT {SIGNALS}, {UNANSWERED} AS waits FROM signal_inbox AS inbox
        WHERE account = $1 AND inbox.signal_id = ANY($2) ORDER BY number
    """,
}
"""Each statement that takes in by its name, with the types of its parameters where need be."""

_MISSED: Final = """
SELECT document FROM signals
WHERE session >= :since AND NOT EXISTS (
    SELECT FROM signal_inbox AS inbox
    WHERE inbox.account = :account AND inbox.signal_id = signals.signal_id
)
ORDER BY session, saved_at, strategy, symbol, direction
"""

_ON_RECORD: Final = """
SELECT signal_id FROM signal_inbox WHERE account = :account AND session >= :since
"""


def script_of(account: str, arrivals: Arrivals, *, at: datetime) -> Script:
    """Return the script that keeps what came in, all or nothing, and answers what is on record."""
    return script_of_steps(_steps(account, arrivals, at))


def script_of_signals(account: str, arrivals: Arrivals, *, at: datetime) -> Script:
    """Return the script that keeps the signals of arrivals, where they are not on record yet."""
    return script_of_steps(
        ("ao_signal", _signal_values(account, signal, at)) for signal in arrivals.signals
    )


def on_record(connection: Connection, account: str, *, since: Session) -> set[str]:
    """Return the ids of all signals of sessions from `since` on that were taken in."""
    return set(connection.scalars(text(_ON_RECORD), {"account": account, "since": since}))


def taken(arrivals: Arrivals, on_record: Sequence[Any]) -> TakenIn:
    """Return what became of arrivals, by the answer of their script: all that waits is new."""
    known = {row.signal_id: rows.to_signal(row) for row in on_record}
    return TakenIn(
        new=tuple(known[row.signal_id] for row in on_record if row.waits),
        contradicting=tuple(one for one in arrivals.signals if known[one.signal_id] != one),
    )


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell what the database cannot keep, whatever it is, as what it is: no signal.

    Raises:
        MalformedSignal: says what the database says.
        RecordUnwritable: it is not for what it is; says what the database says.
    """
    try:
        yield
    except (psycopg2.DataError, psycopg2.IntegrityError) as error:
        reason = str(error).partition("\n")[0]
        raise SignalRefused(f"the database cannot keep it: {reason}") from None
    except psycopg2.Error as error:
        raise unwritable(str(error).partition("\n")[0]) from None
    except ValueError as error:
        # The driver itself refuses a text with a NUL.
        raise SignalRefused(f"the database cannot keep it: {error}") from None


def missed(connection: Connection, account: str, *, since: Session) -> list[str]:
    """Return the documents of signals on record from `since` on that were never taken in."""
    return list(connection.scalars(text(_MISSED), {"account": account, "since": since}))


def _steps(account: str, arrivals: Arrivals, at: datetime) -> Iterator[Step]:
    for signal in arrivals.signals:
        yield "ao_signal", _signal_values(account, signal, at)
    for one in arrivals.malformed:
        yield "ao_malformed", _malformed_values(one, at)
    if arrivals.malformed:
        yield "ao_forget", (KEPT_DOCUMENTS,)
    if arrivals.announcements:
        cause = _batch_id(account, arrivals)
        for place, event in enumerate(arrivals.announcements):
            told = (event.channel, f"{cause}:{place}", encode_event(event), at)
            yield "ao_announce_once", told
    yield "ao_on_record", (account, [signal.signal_id for signal in arrivals.signals])


def _signal_values(account: str, signal: ReceivedSignal, at: datetime) -> tuple[object, ...]:
    hold, statistics = signal.hold, signal.statistics
    return (
        *(account, signal.signal_id, signal.session, signal.strategy, signal.symbol),
        *(str(signal.direction), signal.strength, signal.decided_at, signal.expires_at),
        *((None, None) if hold is None else (hold.min_days, hold.max_days)),
        signal.reference_price,
        *(
            (None, None)
            if statistics is None
            else (statistics.win_rate, statistics.avg_win_loss_ratio)
        ),
        at,
    )


def _malformed_values(one: MalformedSignal, at: datetime) -> tuple[object, ...]:
    document, problem = (storable(told)[:KEPT_CHARACTERS] for told in (one.text, one.problem))
    return _digest(one.text), one.source, document, problem, 1, at, at


def _batch_id(account: str, arrivals: Arrivals) -> str:
    return _digest(f"{account}|{arrivals}")[:32]


def _digest(told: str) -> str:
    return hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()
