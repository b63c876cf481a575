"""A process that asks a local EDGAR for many filings, the ledger in Postgres:

`python -m tests.integration.edgar.asking DATABASE PEER START`.

It waits for a line before it begins, so that several can start together, and writes how many came.
"""

import sys
from contextlib import closing
from datetime import UTC, date, datetime

from alpha_oracle.adapters.edgar.edgar import Edgar
from alpha_oracle.adapters.edgar.insiders import EdgarInsiders
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.listings import PostgresListings
from alpha_oracle.adapters.postgres.requests import PostgresRequestLedger
from alpha_oracle.config import EdgarSettings
from tests.integration.edgar.worlds import USER_AGENT


class RealClock:
    def now(self):
        return datetime.now(UTC)


def an_edgar(database, peer_url):
    """EDGAR with everything it remembers in Postgres."""
    return Edgar(
        EdgarSettings(user_agent=USER_AGENT, base_url=peer_url, data_url=peer_url),
        ledger=PostgresRequestLedger(database),
        listings=PostgresListings(database),
        clock=RealClock(),
    )


def main(database_url, peer_url, start):
    """Ask, and say how many filings came."""
    with closing(open_database(database_url)) as database:
        source = EdgarInsiders(an_edgar(database, peer_url))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        received = source.fetch("AAA", start=date.fromisoformat(start), known=())
        sys.stdout.write(f"{len(received.filings)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
