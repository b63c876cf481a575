"""A process that fetches a session from a local Alpha Vantage, remembering in Postgres:

`python -m tests.integration.alpha_vantage.fetching DATABASE PEER PER_DAY SESSION SYMBOL...`.

It waits for a line before it begins, so that several can start together, and writes the symbols
that came, or the error's class.
"""

import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime

from alpha_oracle.adapters.alpha_vantage.source import AlphaVantageBarSource
from alpha_oracle.adapters.postgres.answers import PostgresAnswerSpool
from alpha_oracle.adapters.postgres.capabilities import PostgresCapabilities
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.requests import PostgresRequestLedger
from alpha_oracle.config import AlphaVantageSettings
from alpha_oracle.errors import AlphaOracleError
from tests.integration.alpha_vantage.worlds import KEY, symbols_of


class RealClock:
    def now(self):
        return datetime.now(UTC)


def a_source(database, peer_url, *, per_day, wait=time.sleep):
    """A source with everything it remembers in Postgres."""
    return AlphaVantageBarSource(
        AlphaVantageSettings(
            api_key=KEY,
            base_url=peer_url,
            requests_per_minute=6000,
            requests_per_day=per_day,
        ),
        ledger=PostgresRequestLedger(database),
        spool=PostgresAnswerSpool(database),
        capabilities=PostgresCapabilities(database),
        clock=RealClock(),
        wait=wait,
    )


def main(database_url, peer_url, per_day, session, *symbols):
    """Fetch, and say what came."""
    with closing(open_database(database_url)) as database:
        source = a_source(database, peer_url, per_day=int(per_day))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        day = date.fromisoformat(session)
        try:
            told = " ".join(symbols_of(source.fetch(symbols, start=day, end=day)))
        except AlphaOracleError as error:
            told = type(error).__name__
        sys.stdout.write(f"{told}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
