"""The registry of models, wired: records in Postgres, files under home."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alpha_oracle import calendar
from alpha_oracle.adapters.model_files import FolderModelFiles
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.bootstrap.recipes import gate_of
from alpha_oracle.bootstrap.stores import clock_of, opened_database
from alpha_oracle.config import load_settings
from alpha_oracle.ml.registry import ModelRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, timedelta

    from alpha_oracle.adapters.postgres.engine import Database
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.models import ModelRecord
    from alpha_oracle.ml.promotion import PromotionGate
    from alpha_oracle.ports.clock import Clock

PACKAGE: Final = Path(__file__).parents[1]
DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What changes the registry by hand needs."""

    registry: ModelRegistry
    gate: PromotionGate
    clock: Clock


@contextmanager
def open_models() -> Iterator[Models]:
    """Open the registry for the length of a block; of the stores, Postgres alone.

    Raises:
        ConfigurationError: the settings or the schema are wrong.
        StoreUnavailable: Postgres cannot be reached.
    """
    settings = load_settings()
    with opened_database(settings) as database:
        yield Models(
            registry=registry_of(settings, database),
            gate=gate_of(settings.ml.promotion),
            clock=clock_of(settings),
        )


def registry_of(settings: Settings, database: Database) -> ModelRegistry:
    """Return the registry of an installation."""
    return ModelRegistry(PostgresModels(database), model_files(settings))


def model_files(settings: Settings) -> FolderModelFiles:
    """Return the files of models of an installation."""
    return FolderModelFiles(settings.home / "models")


def age_of(record: ModelRecord, on: date) -> timedelta:
    """Return how old a model's data is on a day, in whole days by New York's calendar."""
    return on - record.as_of.astimezone(calendar.NEW_YORK).date()


@cache
def code_version() -> str:
    """Return the version of this package and a digest of its sources, as they are installed."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(PACKAGE).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return f"{version('alpha-oracle')}+{digest.hexdigest()[:DIGITS]}"
