"""The technical group beside TA-Lib, called per symbol on as many threads, and its cache."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np
import pyarrow.parquet as pq
import pytest

from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.features import engine, registry
from alpha_oracle.features.store import FeatureStore
from tests.unit.features.panels import a_whole_panel
from tests.unit.features.test_technical_against_talib import EXPECTED, bars_of

SYMBOLS = 500
SESSIONS = 2520
RUNS = 5


def seconds(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@pytest.mark.benchmark
def test_the_technical_group_beside_talib(capsys):
    panel = a_whole_panel(symbols=SYMBOLS, sessions=SESSIONS)
    formulas = {feature.name: feature.formula for feature in registry.named(EXPECTED)}
    series = [bars_of(panel, column) for column in range(SYMBOLS)]

    def ours():
        engine.compute(formulas, panel, dtype=np.float32)

    def one_symbol(bars):
        for reference in EXPECTED.values():
            reference(bars)

    def talib():
        with np.errstate(all="ignore"), ThreadPoolExecutor(engine.THREADS) as pool:
            list(pool.map(one_symbol, series))

    def write():
        np.empty((len(formulas), SESSIONS, SYMBOLS), np.float32).fill(1.0)

    ours()
    times = [(seconds(ours), seconds(talib), seconds(write)) for _ in range(RUNS)]
    mine, theirs, floor = (median(column) for column in zip(*times, strict=True))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(formulas)} technical features, {SYMBOLS} x {SESSIONS}: {mine:.3f} s; "
            f"TA-Lib {theirs:.3f} s (ratio {mine / theirs:.2f}); "
            f"writing the output {floor:.3f} s (ratio {mine / floor:.1f})\n"
        )


@pytest.mark.benchmark
def test_a_new_session_and_three_columns_of_the_cache(capsys, tmp_path):
    panel = a_whole_panel(symbols=SYMBOLS, sessions=SESSIONS)
    names = [feature.name for feature in registry.all()]
    last = panel.sessions[-1].item()
    until_yesterday = panel.until(panel.sessions[-2].item())

    def one_run(folder):
        store = FeatureStore(ParquetFeatureCache(folder, max_bytes=1 << 40))
        whole = seconds(lambda: store.compute(until_yesterday, names))
        day = seconds(lambda: store.compute(panel, names, first=last))
        three = seconds(lambda: store.compute(panel, names[:3]))
        bare = seconds(
            lambda: [pq.read_table(f, columns=names[:3]) for f in folder.glob("*.parquet")]
        )
        return whole, day, three, bare

    one_run(tmp_path / "warm")
    times = [one_run(tmp_path / str(run)) for run in range(RUNS)]
    whole, day, three, bare = (median(column) for column in zip(*times, strict=True))
    with capsys.disabled():
        sys.stdout.write(
            f"\n{len(names)} features computed and stored {whole:.3f} s; one new session "
            f"{day:.3f} s (ratio {day / whole:.2f}); three columns from the cache {three:.3f} s, "
            f"bare pyarrow {bare:.3f} s (ratio {three / bare:.2f})\n"
        )
