"""What the reading verbs need: Postgres alone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alpha_oracle.adapters.postgres.explanations import PostgresExplanations
from alpha_oracle.adapters.postgres.families import reference_stores
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.bootstrap.reference import absences, source_names
from alpha_oracle.bootstrap.stores import opened_database
from alpha_oracle.config import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.reference import Family
    from alpha_oracle.ports.bars import Quarantine
    from alpha_oracle.ports.models import ExplanationStore, ModelStore
    from alpha_oracle.ports.reference_stores import ReferenceStores
    from alpha_oracle.ports.signals import RankingStore, SignalStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is on record."""

    settings: Settings
    families: ReferenceStores
    signals: SignalStore
    rankings: RankingStore
    models: ModelStore
    explanations: ExplanationStore
    quarantine: Quarantine

    @property
    def reference_sources(self) -> dict[Family, str | None]:
        """Who is asked for each family of reference data; None: nobody."""
        return source_names(self.settings)

    def absences(self) -> dict[Family, str]:
        """Why nothing is stored of a family, and what to do; the others are left out."""
        return absences(self.settings, self.families.index)


@contextmanager
def opened_records() -> Iterator[Records]:
    """Open the record for the length of a block.

    Raises:
        ConfigurationError: the settings or the schema are wrong.
        StoreUnavailable: Postgres cannot be reached.
    """
    settings = load_settings()
    with opened_database(settings) as database:
        yield records_on(settings, database)


def records_on(settings: Settings, database: Database) -> Records:
    """Return the record in an open database."""
    return Records(
        settings=settings,
        families=reference_stores(database),
        signals=PostgresSignals(database),
        rankings=PostgresRankings(database),
        models=PostgresModels(database),
        explanations=PostgresExplanations(database),
        quarantine=PostgresQuarantine(database),
    )
