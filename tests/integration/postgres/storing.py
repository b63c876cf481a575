"""A process that stores a big load: `python -m tests.integration.postgres.storing URL FIRST CLOSE`.

It waits for a line before it stores, so that several can start together.
"""

import sys
from contextlib import closing
from datetime import UTC, date, datetime

import numpy as np

from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.domain.bars import BarColumns
from alpha_oracle.domain.market import Symbol
from tests.builders import received, sessions_from

RECEIVED_AT = datetime(2020, 1, 1, tzinfo=UTC)
SYMBOLS, SESSIONS = 60, 2000


def big_load(*, first=0, close=10.0):
    """120,000 bars, enough for two connections, of symbols numbered from `first`."""
    symbols = tuple(Symbol(f"S{number:03d}") for number in range(first, first + SYMBOLS))
    count = SYMBOLS * SESSIONS
    price = np.arange(count, dtype=np.float64) % 97 + 1.0
    columns = BarColumns(
        symbols=symbols,
        symbol_index=np.repeat(np.arange(SYMBOLS, dtype=np.int32), SESSIONS),
        session=np.tile(
            np.array(sessions_from(date(2005, 1, 3), count=SESSIONS), "datetime64[D]"), SYMBOLS
        ),
        open=price,
        high=price + close,
        low=price,
        close=np.full(count, close),
        volume=price * 1000,
    )
    return received(columns)


def store_big_load(url, **changes):
    """Store it; return the report."""
    with closing(open_database(url)) as database:
        load = big_load(**changes)
        return TimeSeriesStorage(database).store(load, received_at=RECEIVED_AT)


if __name__ == "__main__":
    url, first, close = sys.argv[1:]
    sys.stdin.readline()
    report = store_big_load(url, first=int(first), close=float(close))
    sys.stdout.write(f"{report.inserted} {report.unchanged} {report.corrected}\n")
