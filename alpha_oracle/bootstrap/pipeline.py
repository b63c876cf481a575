"""The research lane, wired: what a flow run, or a verb that does its work, needs."""

from __future__ import annotations

import atexit
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.explanations import PostgresExplanations
from alpha_oracle.adapters.postgres.families import reference_stores
from alpha_oracle.adapters.postgres.model_health import PostgresModelHealth
from alpha_oracle.adapters.postgres.outbox import PostgresOutbox
from alpha_oracle.adapters.postgres.predictions import PostgresPredictions
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.adapters.postgres.windows import PostgresTrials, PostgresWindows
from alpha_oracle.adapters.redis.done_set import RedisDoneSet
from alpha_oracle.adapters.redis.event_bus import RedisEventBus
from alpha_oracle.bootstrap.models import model_files, registry_of
from alpha_oracle.bootstrap.recipes import recipe_of
from alpha_oracle.bootstrap.reference import absences
from alpha_oracle.bootstrap.reference_sources import reference_sources
from alpha_oracle.bootstrap.sources import BarSources, SourceMemory
from alpha_oracle.bootstrap.stores import clock_of, opened_stores
from alpha_oracle.config import load_settings
from alpha_oracle.domain.signals import CHANNEL as SIGNALS
from alpha_oracle.features.store import FeatureStore
from alpha_oracle.marketdata.reference.intake import ReferenceIntake
from alpha_oracle.marketdata.stores import MarketStores
from alpha_oracle.marketdata.universe import followed_symbols
from alpha_oracle.marketdata.validation.context import ValidationBounds
from alpha_oracle.ports.progress import NoProgress, Progress
from alpha_oracle.research.evaluation import Evaluator
from alpha_oracle.research.forecasting import WindowForecaster
from alpha_oracle.research.market import MarketMemory, MarketRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alpha_oracle.bootstrap.stores import Stores
    from alpha_oracle.config import Settings
    from alpha_oracle.domain.market import Symbol
    from alpha_oracle.domain.reference import Family
    from alpha_oracle.ml.registry import ModelRegistry
    from alpha_oracle.ports.bars import BarSource, DoneSet
    from alpha_oracle.ports.clock import Clock
    from alpha_oracle.ports.events import EventBus, Outbox
    from alpha_oracle.ports.models import ExplanationStore, HealthStore, ModelStore, PredictionStore
    from alpha_oracle.ports.reference_stores import ReferenceStores
    from alpha_oracle.ports.runs import RunStore
    from alpha_oracle.ports.signals import RankingStore, SignalStore
    from alpha_oracle.ports.walk_forward import TrialStore


MIB: Final = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Everything the research lane asks of the outside. Safe to share between threads."""

    settings: Settings
    clock: Clock
    market_stores: MarketStores
    sources: BarSources
    done: DoneSet
    runs: RunStore
    signals: SignalStore
    outbox: Outbox
    bus: EventBus
    rankings: RankingStore
    trials: TrialStore
    registry: ModelRegistry
    predictions: PredictionStore
    explanations: ExplanationStore
    health: HealthStore
    features: FeatureStore
    evaluator: Evaluator
    forecaster: WindowForecaster
    progress: Progress
    markets: MarketMemory
    reference: ReferenceIntake

    @property
    def models(self) -> ModelStore:
        """The models on record."""
        return self.registry.store

    @property
    def is_rehearsal(self) -> bool:
        """Whether the time is pinned rather than real."""
        return self.settings.clock.start_at is not None

    @property
    def validation_bounds(self) -> ValidationBounds:
        """What the validation suite judges bars by."""
        return ValidationBounds(**self.settings.data.validation.model_dump())

    @property
    def is_benchmark_asked(self) -> bool:
        """Whether SPY's bars are fetched beside the universe's."""
        return self.reference.sources.benchmark is not None

    def absences(self) -> dict[Family, str]:
        """Why nothing is stored of a family beside bars; the others are left out."""
        return absences(self.settings, self.reference.families.index)

    def bar_sources(self, name: str | None = None) -> tuple[BarSource, ...]:
        """Return the sources to ask, in order, as `BarSources.chain` does."""
        return self.sources.chain(name)


@contextmanager
def open_runtime() -> Iterator[Runtime]:
    """Give the process's runtime; the first to ask opens the stores, the process's end closes them.

    Raises:
        ConfigurationError: the settings or a store are wrong.
        StoreUnavailable: a store cannot be reached.
    """
    yield _process.runtime()


def watch_progress(progress: Progress) -> None:
    """Let someone watch the long work of this process."""
    _process.watch(progress)


class _Process:
    """The one runtime of a process: opened once, shared by its threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._stack: ExitStack | None = None
        self._runtime: Runtime | None = None
        self._progress: Progress = NoProgress()

    def runtime(self) -> Runtime:
        with self._guard:
            if self._runtime is None:
                settings = load_settings()
                with ExitStack() as opening:
                    stores = opening.enter_context(opened_stores(settings))
                    self._runtime = _wired(settings, stores, progress=self._progress)
                    opening.callback(self._runtime.sources.close)
                    self._stack = opening.pop_all()
                atexit.register(self.close)
            return self._runtime

    def watch(self, progress: Progress) -> None:
        with self._guard:
            self._progress = progress
            if self._runtime is not None:
                self._runtime = replace(self._runtime, progress=progress)

    def close(self) -> None:
        with self._guard:
            self._runtime = None
            if self._stack is not None:
                self._stack.close()
                self._stack = None
            atexit.unregister(self.close)


_process: Final = _Process()
close_runtime: Final = _process.close


def _wired(settings: Settings, stores: Stores, *, progress: Progress) -> Runtime:
    database, clock = stores.database, clock_of(settings)
    memory = SourceMemory.on(database, clock=clock)
    market = MarketStores(
        bars=TimeSeriesStorage(database),
        quarantine=PostgresQuarantine(database),
        reference=PostgresReference(database),
    )
    families = reference_stores(database)
    sources = BarSources(settings, memory)
    features = FeatureStore(
        ParquetFeatureCache(
            settings.home / "features", max_bytes=settings.features.cache_max_mib * MIB
        )
    )
    trials = PostgresTrials(database)
    forecaster = WindowForecaster(
        recipe=recipe_of(settings.ml), features=features, files=model_files(settings)
    )
    return Runtime(
        settings=settings,
        clock=clock,
        market_stores=market,
        sources=sources,
        done=RedisDoneSet(stores.redis),
        runs=PostgresRuns(database),
        signals=PostgresSignals(database),
        outbox=PostgresOutbox(database, channels=[SIGNALS]),
        bus=RedisEventBus(stores.redis),
        rankings=PostgresRankings(database),
        trials=trials,
        registry=registry_of(settings, database),
        predictions=PostgresPredictions(database),
        explanations=PostgresExplanations(database),
        health=PostgresModelHealth(database),
        features=features,
        evaluator=Evaluator(
            features=features,
            windows=PostgresWindows(database),
            trials=trials,
            clock=clock,
            forecaster=forecaster,
        ),
        forecaster=forecaster,
        progress=progress,
        markets=MarketMemory(
            MarketRecord(bars=market.bars, reference=market.reference, families=families)
        ),
        reference=_intake(settings, memory, market, families=families, bar_sources=sources),
    )


def _intake(
    settings: Settings,
    memory: SourceMemory,
    market: MarketStores,
    *,
    families: ReferenceStores,
    bar_sources: BarSources,
) -> ReferenceIntake:
    def everybody() -> tuple[Symbol, ...]:
        return followed_symbols(market)

    return ReferenceIntake(
        sources=reference_sources(settings, memory, bar_sources=bar_sources, symbols=everybody),
        families=families,
        market=market,
        bounds=ValidationBounds(**settings.data.validation.model_dump()),
        clock=memory.clock,
    )
