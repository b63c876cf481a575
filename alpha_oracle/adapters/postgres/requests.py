"""The ledger of metered requests: one count for all processes, by the clock of Postgres.

A request is counted in one round trip: the account's lock, the look at what was spent and the new
row are one transaction on the server. So requests of many processes are told apart exactly, and no
process that stops in the middle holds up the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from alpha_oracle.errors import BudgetSpent

if TYPE_CHECKING:
    from sqlalchemy import Row

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.requests import RequestLimits

REQUEST_LOCKS: Final = 6_104
"""The first half of the advisory lock's key; the second is made from the account."""

WINDOW_SECONDS: Final = 61.0
"""A minute, and a second: on their way to the vendor some requests take longer than others."""

KEPT_DAYS: Final = 4

_TODAY: Final = "CAST(now AT TIME ZONE 'America/New_York' AS date)"
_MIDNIGHT: Final = f"CAST({_TODAY} AS timestamp) AT TIME ZONE 'America/New_York'"
_NEXT_MIDNIGHT: Final = f"CAST({_TODAY} + 1 AS timestamp) AT TIME ZONE 'America/New_York'"
_NOW: Final = "moment AS MATERIALIZED (SELECT clock_timestamp() AS now)"
_SPENT: Final = f"""
(SELECT count(*) FROM request_log
 WHERE account = :account AND requested_at >= {_MIDNIGHT} AND requested_at < {_NEXT_MIDNIGHT})
"""
_IS_CLOSED: Final = f"""
EXISTS (SELECT FROM closed_request_days WHERE account = :account AND day = {_TODAY})
"""

# A day without a bound is not counted through: of a hundred thousand requests that takes longer
# than the requests are apart.
_PER_DAY: Final = "CAST(:per_day AS bigint)"

# What a clock counted that was ahead and has been set back is of no minute: nobody waits for it.
_LATELY: Final = f"""
FROM request_log
WHERE account = :account AND requested_at <= now + {WINDOW_SECONDS} * INTERVAL '1 second'
"""

# The statement that looks must see what was committed before it got the lock: it reads the
# clock and takes its snapshot after the first one has ended.
_RESERVE: Final = f"""
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock({REQUEST_LOCKS}, hashtext(:account));
WITH {_NOW}, standing AS (
    SELECT now, CASE WHEN {_PER_DAY} IS NULL THEN 0 ELSE {_SPENT} END AS spent,
        {_IS_CLOSED} AS is_closed, {_NEXT_MIDNIGHT} AS day_ends,
        greatest(now, (
            SELECT max(requested_at) + :apart * INTERVAL '1 second' {_LATELY}
        ), (
            SELECT requested_at + {WINDOW_SECONDS} * INTERVAL '1 second' {_LATELY}
            ORDER BY requested_at DESC OFFSET :per_minute - 1 LIMIT 1
        )) AS free_at
    FROM moment
), counted AS (
    INSERT INTO request_log (account, requested_at)
    SELECT :account, now FROM standing
    WHERE free_at = now AND spent < coalesce({_PER_DAY}, 1) AND NOT is_closed
), pruned AS (
    DELETE FROM request_log USING moment
    WHERE account = :account AND requested_at < now - INTERVAL '{KEPT_DAYS} days'
)
SELECT spent, is_closed, day_ends,
       CAST(extract(epoch FROM free_at - now) AS double precision) AS wait_seconds
FROM standing
"""

# The vendor refused the last request: just after midnight, that one may be of the day before.
_CLOSE: Final = f"""
WITH moment AS (
    SELECT greatest(max(requested_at), clock_timestamp() - INTERVAL '10 minutes') AS now
    FROM request_log WHERE account = :account AND requested_at <= clock_timestamp()
)
INSERT INTO closed_request_days (account, day, closed_at)
SELECT :account, {_TODAY}, clock_timestamp() FROM moment
ON CONFLICT DO NOTHING
"""


class PostgresRequestLedger:
    """`RequestLedger` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, account: str, limits: RequestLimits) -> float:
        """Count one request and return 0.0, or count none and return the seconds to wait first.

        After that long one request is free to whoever asks first.

        Raises:
            BudgetSpent: the day's requests are used up, by our count or by the vendor's word.
            StoreUnavailable: nothing was counted, as far as anyone knows.
        """
        values = {
            "account": account,
            "per_minute": limits.per_minute,
            "per_day": limits.per_day,
            "apart": min(1.0, 60.0 / limits.per_minute),
        }
        with self._database.at_once() as connection:
            standing = connection.execute(text(_RESERVE), values).one()
        per_day = limits.per_day
        if standing.is_closed or (per_day is not None and standing.spent >= per_day):
            raise BudgetSpent(_told(account.partition(":")[0], standing, per_day=per_day))
        return float(standing.wait_seconds)

    def spent_today(self, account: str) -> int:
        """Return how many requests were counted since midnight in New York."""
        return int(self._answer(_SPENT, account))

    def close_day(self, account: str) -> None:
        """Let nothing more be reserved today: the vendor says that the day is used up.

        Just after midnight, today is the day of the last request, which is the one refused.
        """
        with self._database.at_once() as connection:
            connection.execute(text(_CLOSE), {"account": account})

    def is_day_closed(self, account: str) -> bool:
        """Whether the vendor said so today."""
        return bool(self._answer(_IS_CLOSED, account))

    def _answer(self, question: str, account: str) -> Any:  # noqa: ANN401 - a column's value.
        statement = text(f"WITH {_NOW} SELECT {question} FROM moment")
        with self._database.at_once() as connection:
            return connection.execute(statement, {"account": account}).scalar_one()


def _told(vendor: str, standing: Row[Any], *, per_day: int | None) -> str:
    of = "" if per_day is None else f" of {per_day}"
    spent = f"{standing.spent}{of} requests were counted"
    ends = f"its day ends at {standing.day_ends:%Y-%m-%d %H:%M} UTC, midnight in New York"
    elsewhere = "name another source in data.source or data.fallback"
    if standing.is_closed:
        # No setting of ours opens a day that the vendor has closed.
        return (
            f"{vendor} says that today's requests are used up ({spent}); {ends}. "
            f"Wait until then, or {elsewhere}"
        )
    return (
        f"today's requests to {vendor} are used up ({spent}); {ends}. "
        f"Wait until then, ask for fewer symbols, set data.{vendor}.requests_per_day to what a "
        f"higher plan of the key allows, or {elsewhere}"
    )
