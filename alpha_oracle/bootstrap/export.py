"""Features as a file for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle import calendar
from alpha_oracle.adapters.parquet.export import write_features
from alpha_oracle.bootstrap.pipeline import open_runtime
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.research.market import feature_rows

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from alpha_oracle.domain.market import Session


def export_feature_rows(
    path: Path, *, start: Session, end: Session, as_of: datetime | None
) -> tuple[int, int]:
    """Write one row a session and symbol, as known at `as_of` (None: now).

    Return how many rows and features there are.

    Raises:
        DataError: no bars are stored up to `end`.
        ConfigurationError: the range holds no session, or the file cannot be written.
    """
    if not calendar.sessions_between(start, end):
        raise ConfigurationError(f"there is no session from {start} to {end}; widen the range")
    if not path.parent.is_dir():
        raise ConfigurationError(f"{path.parent} is no folder; make it, or name another file")
    with open_runtime() as runtime:
        market = runtime.markets.market(end, as_of=as_of or runtime.clock.now())
        rows = feature_rows(market, runtime.features, start=start)
    write_features(path, rows.sessions, rows.symbols, values=rows.values)
    return len(rows.symbols), len(rows.values)
