"""What the reading verbs need: Postgres alone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.bootstrap.stores import opened_database
from alpha_oracle.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.ports.bars import Quarantine
    from alpha_oracle.ports.signals import RankingStore, SignalStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is on record."""

    signals: SignalStore
    rankings: RankingStore
    quarantine: Quarantine


@contextmanager
def opened_records() -> Iterator[Records]:
    """Open the record for the length of a block.

    Raises:
        ConfigurationError: the settings or the schema are wrong.
        StoreUnavailable: Postgres cannot be reached.
    """
    with opened_database(load_settings()) as database:
        yield Records(
            signals=PostgresSignals(database),
            rankings=PostgresRankings(database),
            quarantine=PostgresQuarantine(database),
        )
