"""What was asked of whom, and the rows of the answers that nobody could use."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from alpha_oracle.adapters.postgres.documents import storable
from alpha_oracle.domain.reference import Fetch, RefusedRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.domain.reference import Family

LONGEST_SUBJECT: Final = 120
"""What a row is about is cut to this in its column; an index entry has no room for more."""

_FETCHES: Final = """
SELECT subject, fetched_at, covers_from FROM reference_fetches
WHERE family = :family AND source = :source
ORDER BY subject
"""

# An answer that comes again, or late, takes nothing back. LEAST passes over NULL.
_RECORD: Final = """
INSERT INTO reference_fetches AS stored (family, source, subject, fetched_at, covers_from)
VALUES (:family, :source, :subject, :fetched_at, :covers_from)
ON CONFLICT (family, source, subject) DO UPDATE
SET fetched_at = greatest(stored.fetched_at, excluded.fetched_at),
    covers_from = least(stored.covers_from, excluded.covers_from)
"""

_COVERAGE: Final = """
SELECT subject, min(covers_from) AS covers_from FROM reference_fetches
WHERE family = :family AND covers_from IS NOT NULL
GROUP BY subject ORDER BY subject
"""

# In one order, so that two that refuse at once never wait for one another in a circle.
_REFUSE: Final = """
INSERT INTO refused_rows (family, source, subject, reason, received, digest, refused_at)
SELECT :family, :source, subject, reason, CAST(received AS jsonb), digest, :at
FROM unnest(
    CAST(:subjects AS text[]), CAST(:reasons AS text[]), CAST(:received AS text[]),
    CAST(:digests AS text[])
) AS given (subject, reason, received, digest)
ORDER BY subject, digest
ON CONFLICT (family, subject, source, digest) DO NOTHING
"""

_REFUSED: Final = """
SELECT subject, reason, received FROM refused_rows
WHERE family = :family
ORDER BY refused_at DESC, refused_id DESC
LIMIT :limit
"""


class PostgresFetchLog:
    """`FetchLog` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fetches(self, family: Family, source: str) -> Mapping[str, Fetch]:
        """Return the last whole answer by subject."""
        values = {"family": family.value, "source": source}
        with self._database.at_once() as connection:
            return {
                row.subject: Fetch(
                    subject=row.subject, fetched_at=row.fetched_at, covers_from=row.covers_from
                )
                for row in connection.execute(text(_FETCHES), values)
            }

    def record(self, family: Family, source: str, fetch: Fetch) -> None:
        """Keep that a subject was answered whole and stored; its coverage only grows."""
        values = {
            "family": family.value,
            "source": source,
            "subject": fetch.subject,
            "fetched_at": fetch.fetched_at,
            "covers_from": fetch.covers_from,
        }
        with self._database.at_once() as connection:
            connection.execute(text(_RECORD), values)

    def coverage(self, family: Family) -> Mapping[str, date]:
        """Return from which day on each subject is complete, by any source."""
        with self._database.at_once() as connection:
            rows = connection.execute(text(_COVERAGE), {"family": family.value})
            return {row.subject: row.covers_from for row in rows}

    def refuse(
        self, family: Family, source: str, rows: Sequence[RefusedRow], *, at: datetime
    ) -> int:
        """Keep rows that could not be used; return how many were not kept before."""
        subjects = [storable(row.subject) for row in rows]
        reasons = [storable(row.reason) for row in rows]
        received = [_document(row.received) for row in rows]
        values = {
            "family": family.value,
            "source": source,
            "subjects": [_shortened(subject) for subject in subjects],
            "reasons": reasons,
            "received": received,
            "digests": [
                hashlib.sha256("\x00".join(row).encode()).hexdigest()
                for row in zip(subjects, reasons, received, strict=True)
            ],
            "at": at,
        }
        with self._database.at_once() as connection:
            return connection.execute(text(_REFUSE), values).rowcount

    def refused(self, family: Family, *, limit: int | None = None) -> Sequence[RefusedRow]:
        """Return the rows kept, newest first."""
        with self._database.at_once() as connection:
            rows = connection.execute(text(_REFUSED), {"family": family.value, "limit": limit})
            return [
                RefusedRow(subject=row.subject, reason=row.reason, received=row.received)
                for row in rows
            ]


def _document(received: Mapping[str, str]) -> str:
    return json.dumps(
        {storable(name): storable(value) for name, value in received.items()}, sort_keys=True
    )


def _shortened(subject: str) -> str:
    if len(subject) <= LONGEST_SUBJECT:
        return subject
    return f"{subject[: LONGEST_SUBJECT - 3]}..."
