"""From rows in Postgres to a cached panel of every feature, beside the sum of what it cannot avoid.

The floors, each measured in the same round: a COPY of the bars out of the server, the features
computed from a panel in memory, and their parts written. No time is asserted.
"""

from __future__ import annotations

import io
import shutil
from contextlib import closing
from datetime import UTC, date, datetime
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np
import psycopg2
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.families import reference_stores
from alpha_oracle.adapters.postgres.migrate import upgrade
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.synthetic.fundamentals import SyntheticFundamentals
from alpha_oracle.adapters.synthetic.insiders import SyntheticInsiders
from alpha_oracle.adapters.synthetic.levels import SyntheticLevels
from alpha_oracle.adapters.synthetic.short_interest import SyntheticShortInterest
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.market import BENCHMARK
from alpha_oracle.features import engine, registry
from alpha_oracle.features.store import FeatureStore, feature_keys
from alpha_oracle.marketdata.reference.refreshing import Refresh
from alpha_oracle.research.market import MarketRecord, load_market
from tests.fakes.clock import FixedClock

pytestmark = pytest.mark.benchmark

REPEATS = 5
SYMBOLS = 500
SESSIONS = calendar.sessions_between(date(2008, 1, 2), date(2019, 12, 31))[-2520:]
AT = datetime(2020, 1, 1, tzinfo=UTC)
SETTINGS = SyntheticSettings(symbols=2 * SYMBOLS, start=SESSIONS[0])


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    # The product's own server settings: durable, unlike those of the tests.
    with embedded_postgres(tmp_path_factory.mktemp("bench")).attached() as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="module")
def record(url):
    """A store with the generated market of ten years, and all that is known beside it."""
    with closing(open_database(url)) as database:
        record = MarketRecord(
            bars=TimeSeriesStorage(database),
            reference=PostgresReference(database),
            families=reference_stores(database),
        )
        fill(record)
        yield record


def fill(record):
    source, clock = SyntheticBarSource(SETTINGS), FixedClock(AT)
    symbols = source.symbols(SESSIONS[-1])[:SYMBOLS]
    for asked in (symbols, [BENCHMARK]):
        bars = source.fetch(asked, start=SESSIONS[0], end=SESSIONS[-1])
        record.reference.save_actions(bars.actions, source="synthetic", received_at=AT)
        record.bars.store(bars, received_at=AT)
    record.reference.save_sectors(source.sectors(through=SESSIONS[-1]), at=AT)
    refresh = Refresh(stores=record.families, clock=clock)
    start = SESSIONS[0]
    refresh.fundamentals(SyntheticFundamentals(SETTINGS, clock=clock), symbols)
    refresh.insiders(SyntheticInsiders(SETTINGS, clock=clock), symbols, start=start)
    refresh.short_interest(SyntheticShortInterest(SETTINGS, clock=clock), symbols, start=start)
    refresh.volatility(
        SyntheticLevels(SETTINGS, clock=clock), start=start, through=SESSIONS[-1], again=True
    )


def seconds(work):
    began = perf_counter()
    result = work()
    return perf_counter() - began, result


def test_from_rows_to_a_cached_panel(record, url, tmp_path):
    names = [feature.name for feature in registry.all()]
    formulas = {feature.name: feature.formula for feature in registry.all()}
    folder = tmp_path / "features"

    def a_cache():
        shutil.rmtree(folder, ignore_errors=True)
        return ParquetFeatureCache(folder, max_bytes=1 << 40)

    def ours():
        cache = a_cache()
        market = load_market(record, session=SESSIONS[-1], as_of=AT)
        return market, FeatureStore(cache).compute(market, names)

    def copied():
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.copy_expert("COPY bars TO STDOUT (FORMAT binary)", io.BytesIO())

    market, _ = ours()
    keys = feature_keys(market, registry.all())
    rounds = []
    for _ in range(REPEATS):
        whole, _ = seconds(ours)
        copy, _ = seconds(copied)
        load, _ = seconds(lambda: load_market(record, session=SESSIONS[-1], as_of=AT))
        compute, values = seconds(lambda: engine.compute(formulas, market, dtype=np.float32))
        save = partial(a_cache().save, sessions=market.sessions, symbols=market.symbols)
        write, _ = seconds(partial(save, keys, values))
        rounds.append((whole, copy, compute, write, load))
    whole, copy, compute, write, load = (median(column) for column in zip(*rounds, strict=True))
    floor = copy + compute + write
    print(  # noqa: T201 - a benchmark's whole point.
        f"\n{len(names)} features, {SYMBOLS} x {len(SESSIONS)}, rows to a cached panel: "
        f"{whole:.2f} s; floors: COPY out {copy:.2f}, compute {compute:.2f}, write {write:.2f}, "
        f"together {floor:.2f} s; ratio {whole / floor:.2f} (bound 3); loading the market alone "
        f"{load:.2f} s"
    )
