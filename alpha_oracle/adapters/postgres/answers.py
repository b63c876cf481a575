"""Answers that were paid for, kept until what they say is stored, for two days at most."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import psycopg2
from sqlalchemy import text

from alpha_oracle.ports.requests import KeptAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alpha_oracle.adapters.postgres.engine import Database

KEPT: Final = "INTERVAL '2 days'"

# Two that keep at once leave one another's old answers alone: neither waits for the other.
_KEEP: Final = f"""
INSERT INTO vendor_answers (account, request, body, received_at)
VALUES (:account, :request, :body, clock_timestamp())
ON CONFLICT (account, request) DO UPDATE
SET body = excluded.body, received_at = excluded.received_at;
DELETE FROM vendor_answers USING (
    SELECT account, request FROM vendor_answers
    WHERE received_at < clock_timestamp() - {KEPT} FOR UPDATE SKIP LOCKED
) AS old
WHERE (vendor_answers.account, vendor_answers.request) = (old.account, old.request)
"""
_KEPT: Final = f"""
WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now)
SELECT request, body, now - received_at AS age FROM vendor_answers, moment
WHERE account = :account AND request = ANY(:requests)
  AND received_at BETWEEN now - {KEPT} AND now
"""


class PostgresAnswerSpool:
    """`AnswerSpool` on Postgres; bodies lie compressed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, account: str, request: str, body: bytes) -> None:
        """Keep an answer; a newer one to the same request takes its place."""
        compressed = psycopg2.Binary(zlib.compress(body))
        values = {"account": account, "request": request, "body": compressed}
        with self._database.at_once() as connection:
            connection.execute(text(_KEEP), values)

    def kept(self, account: str, requests: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """Return the answers kept to these requests; those without one are absent."""
        values = {"account": account, "requests": list(requests)}
        with self._database.at_once() as connection:
            return {
                row.request: KeptAnswer(body=zlib.decompress(row.body), age=row.age)
                for row in connection.execute(text(_KEPT), values)
            }
