"""A list of orders, replayed on what is stored: Postgres alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alpha_oracle.adapters.files.orders import read_orders
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.bootstrap.stores import clock_of, opened_database
from alpha_oracle.config import load_settings
from alpha_oracle.research.prices import load_prices
from alpha_oracle.research.replay import replay_orders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alpha_oracle.domain.listed_orders import ListedOrder
    from alpha_oracle.research.replay import ReplayResult, ReplayTerms


def listed_orders(path: Path) -> tuple[ListedOrder, ...]:
    """Return the orders of a file, as listed; opens no store.

    Raises:
        DataError: the file or one of its rows cannot be read; names each.
    """
    return read_orders(path)


def replay_on_stored_bars(orders: Sequence[ListedOrder], *, terms: ReplayTerms) -> ReplayResult:
    """Replay orders on every bar stored, as known now.

    Raises:
        DataError: no bars are stored.
        ConfigurationError: the settings or the schema are wrong.
        StoreUnavailable: Postgres cannot be reached.
    """
    settings = load_settings()
    with opened_database(settings) as database:
        panel = load_prices(
            TimeSeriesStorage(database),
            PostgresReference(database),
            as_of=clock_of(settings).now(),
        )
    return replay_orders(orders, panel, terms=terms)
