"""A process of many threads that reserve requests:

`python -m tests.integration.postgres.reserving URL THREADS SECONDS PER_MINUTE PER_DAY`.

It waits for a line before it begins, so that several can start together. Each thread waits as
long as it is told, but no longer than the seconds given. It writes how many were granted.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.requests import PostgresRequestLedger
from alpha_oracle.domain.requests import RequestLimits
from alpha_oracle.errors import BudgetSpent

ACCOUNT = "alpha_vantage:0123456789abcdef"


def reserve_as_told(ledger, limits, *, until):
    """Reserve one request after the other; how many were granted."""
    granted = 0
    while (now := time.monotonic()) < until:
        try:
            wait = ledger.reserve(ACCOUNT, limits)
        except BudgetSpent:
            break
        granted += wait == 0.0
        time.sleep(min(wait, until - now))
    return granted


def main(url, threads, seconds, per_minute, per_day):
    """Let the threads reserve at once."""
    limits = RequestLimits(per_minute=int(per_minute), per_day=int(per_day))
    with closing(open_database(url)) as database, ThreadPoolExecutor(int(threads)) as pool:
        ledger = PostgresRequestLedger(database)
        ledger.spent_today(ACCOUNT)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        until = time.monotonic() + float(seconds)
        counts = [
            pool.submit(reserve_as_told, ledger, limits, until=until) for _ in range(int(threads))
        ]
        sys.stdout.write(f"{sum(count.result() for count in counts)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
