"""The technical group beside TA-Lib, called per symbol on as many threads."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import numpy as np
import pytest

from alpha_oracle.features import engine, registry
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
