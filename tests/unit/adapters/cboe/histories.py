"""Histories of VIX for tests, as Cboe writes them."""

from datetime import UTC, date, datetime

from alpha_oracle.adapters.cboe.reading import read_history
from alpha_oracle.domain.levels import VIX

FRIDAY = date(2016, 1, 8)
MONDAY = date(2016, 1, 11)
EVENING = datetime(2016, 1, 11, 21, 20, tzinfo=UTC)  # 16:20 in New York.
ROWS = (
    "01/07/2016,23.220000,26.440000,21.670000,24.990000",
    "01/08/2016,22.960000,27.080000,22.480000,27.010000",
    "01/11/2016,25.630000,27.390000,23.860000,24.300000",
)


def a_history(*rows, header="DATE,OPEN,HIGH,LOW,CLOSE", end="\n"):
    """A history of rows."""
    return ("\n".join([header, *(rows or ROWS)]) + end).encode()


def read(body, *, start=FRIDAY, end=MONDAY, now=EVENING):
    """Read a history from Friday to Monday."""
    return read_history(VIX, body, start=start, end=end, now=now)


def closes_of(received):
    """The closes by session."""
    return {level.session: level.close for level in received.levels}
