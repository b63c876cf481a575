"""Features beside their peers: TA-Lib, polars' join, pyarrow, and the floor of writing an array.

Each row is timed beside its peer in the same rounds and printed with its ratio and the bound it
is meant to keep; none is asserted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.features import engine, registry
from alpha_oracle.features.asof import Entries
from alpha_oracle.features.context import KnownValues
from alpha_oracle.features.store import FeatureStore, feature_keys
from tests.unit.features.panels import a_whole_panel
from tests.unit.features.test_technical_against_talib import EXPECTED, bars_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

pytestmark = pytest.mark.benchmark

SYMBOLS = 500
SESSIONS = 2520
RUNS = 5
REPORTS = 40
NO_BOUND = 1 << 40
FIELDS = ("first", "second", "third", "fourth", "fifth")
THREE = ["rsi_14", "return_21", "roe"]
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Row:
    """What is timed, against what, and the ratio it is meant to keep."""

    name: str
    work: str
    peer: str
    bound: float


@pytest.fixture
def show(capsys):
    """Print medians of interleaved rounds as rows of a table."""

    def printed(rows: list[Row], times: Mapping[str, list[float]]) -> None:
        with capsys.disabled():
            sys.stdout.write("\n")
            for row in rows:
                ours, peer = median(times[row.work]), median(times[row.peer])
                sys.stdout.write(
                    f"{row.name:<58} {ours:8.3f} s   {row.peer} {peer:.3f} s   "
                    f"ratio {ours / peer:.2f} (at most {row.bound:g})\n"
                )

    return printed


def rounds(works: Mapping[str, Callable[[], object]], *, runs: int = RUNS):
    """Seconds of each work, a warm round aside, one after the other in each round."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(runs + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if number:
                times[name].append(time.perf_counter() - began)
    return times


@cache
def a_market():
    # A company of the index trades with its insiders every six sessions or so.
    return a_whole_panel(symbols=SYMBOLS, sessions=SESSIONS, sessions_a_trade=6)


def formulas(names=None):
    features = registry.all() if names is None else registry.named(names)
    return {feature.name: feature.formula for feature in features}


def talib(series):
    def one_symbol(bars):
        for reference in EXPECTED.values():
            reference(bars)

    with np.errstate(all="ignore"), ThreadPoolExecutor(engine.THREADS) as pool:
        list(pool.map(one_symbol, series))


def test_features_in_memory_beside_talib(show):
    panel = a_market()
    series = [bars_of(panel, column) for column in range(SYMBOLS)]
    technical, everything = formulas(EXPECTED), formulas()
    shape = (len(technical), SESSIONS, SYMBOLS)
    times = rounds(
        {
            "technical": partial(engine.compute, technical, panel, dtype=np.float32),
            "all": partial(engine.compute, everything, panel, dtype=np.float32),
            "TA-Lib": partial(talib, series),
            "writing the array": lambda: np.empty(shape, np.float32).fill(1.0),
        }
    )
    name = f"{len(technical)} technical features"
    show(
        [
            Row(name, "technical", "TA-Lib", 0.5),
            Row(name, "technical", "writing the array", 8.0),
            Row(f"all {len(everything)} features, joins and ranks", "all", "TA-Lib", 2.5),
        ],
        times,
    )


def reports():
    """Forty reports a symbol, and the same as polars wants them."""
    random = np.random.default_rng(3)
    row = np.sort(random.integers(0, SESSIONS, (SYMBOLS, REPORTS)), axis=1).ravel()
    values = {name: random.normal(size=len(row)) for name in FIELDS}
    known = KnownValues(
        offsets=np.arange(0, len(row) + 1, REPORTS), row=row.astype(np.int64), values=values
    )
    symbol = np.repeat(np.arange(SYMBOLS), REPORTS)
    frame = pl.DataFrame({"symbol": symbol, "row": row, **values}).sort("symbol", "row")
    return known, frame


def test_the_join_on_what_was_known_beside_polars(show):
    known, right = reports()
    has_bar = np.ones((SESSIONS, SYMBOLS), dtype=np.bool_)
    symbol = np.repeat(np.arange(SYMBOLS), SESSIONS)
    left = pl.DataFrame({"symbol": symbol, "row": np.tile(np.arange(SESSIONS), SYMBOLS)})

    def ours():
        entries = Entries.of(known, slice(0, SYMBOLS))
        out = np.empty((len(FIELDS), SESSIONS, SYMBOLS))
        for values, field in zip(known.values.values(), out, strict=True):
            entries.carry(values, field, has_bar=has_bar)
        return out

    def polars():
        # Both sides are sorted by symbol and row, which it cannot see.
        return left.join_asof(right, on="row", by="symbol", check_sortedness=False)

    expected = polars().select(FIELDS).to_numpy().T.reshape(-1, SYMBOLS, SESSIONS)
    np.testing.assert_array_equal(ours(), expected.swapaxes(1, 2))
    times = rounds({"ours": ours, "polars": polars})
    show([Row("as-of join, 1.26 M rows x 5 fields", "ours", "polars", 1.0)], times)


def test_a_new_session_and_three_columns_of_the_cache(show, tmp_path):
    panel = a_market()
    names = list(formulas())
    last = panel.sessions[-1].item()
    yesterday = panel.sessions[-2].item()
    three = feature_keys(panel.until(yesterday), registry.named(THREE))
    where = {"sessions": panel.sessions[:-1], "symbols": panel.symbols}
    folders = iter([tmp_path / str(number) for number in range(RUNS + 1)])
    state: dict[str, ParquetFeatureCache | Path] = {}

    # Of a panel that was just loaded: nothing of it has been read before.
    def whole():
        state["folder"] = folder = next(folders)
        state["cache"] = ParquetFeatureCache(folder, max_bytes=NO_BOUND)
        FeatureStore(state["cache"]).compute(panel.until(yesterday), names)

    def one():
        FeatureStore(state["cache"]).compute(replace(panel), names, first=last)

    def held():
        for path in state["folder"].glob("*.parquet"):
            named = [name for name in THREE if name in pq.read_schema(path).names]
            if named:
                yield path, named

    whole_or_one = rounds({"full": whole, "one": one})
    stored = list(held())
    # By itself: what was computed before leaves memory behind that only the first would find.
    read = rounds(
        {
            "three": lambda: state["cache"].load(three, **where),
            "bare pyarrow": lambda: [
                pq.ParquetFile(path).read(columns=named) for path, named in stored
            ],
        }
    )
    show(
        [
            Row("one new session, computed and stored", "one", "full", 0.1),
            Row("three columns, all sessions, from the cache", "three", "bare pyarrow", 1.5),
        ],
        whole_or_one | read,
    )


def test_the_whole_panel_on_disk_beside_pyarrow(show, tmp_path):
    panel = a_market()
    keys = feature_keys(panel, registry.all())
    values = engine.compute(formulas(), panel, dtype=np.float32)
    table = pa.table({name: pa.array(column.reshape(-1)) for name, column in values.items()})
    cache = ParquetFeatureCache(tmp_path / "cache", max_bytes=NO_BOUND)
    path = tmp_path / "one.parquet"
    where = {"sessions": panel.sessions, "symbols": panel.symbols}
    written = rounds(
        {
            "written": lambda: cache.save(keys, values, **where),
            "write_table": lambda: pq.write_table(table, path),
        }
    )
    # By itself: each finds the memory that the other has let go of, and neither that of a write.
    read = rounds(
        {
            "read": lambda: cache.load(keys, **where),
            "read_table": lambda: pq.read_table(path),
        }
    )
    show(
        [
            Row(f"{len(values)} features written", "written", "write_table", 0.3),
            Row(f"{len(values)} features read", "read", "read_table", 0.6),
        ],
        written | read,
    )


MANY = """
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.features import registry
from alpha_oracle.features.store import FeatureStore
from tests.unit.features.panels import a_whole_panel

names = [feature.name for feature in registry.all()]
few = a_whole_panel(symbols=64, sessions=300)
FeatureStore(ParquetFeatureCache(Path(sys.argv[1]) / "few", max_bytes=1 << 40)).compute(few, names)
panel = a_whole_panel(symbols=int(sys.argv[2]), sessions=2520, sessions_a_trade=6)
store = FeatureStore(ParquetFeatureCache(Path(sys.argv[1]) / sys.argv[3], max_bytes=1 << 40))
began = time.perf_counter()
store.compute(panel, names)
taken = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
sys.stdout.write(json.dumps([taken, peak]))
"""


def test_many_symbols_cost_no_more_each(capsys, tmp_path):
    """Computed and stored, each in a process of its own."""

    def run(symbols, number):
        answer = subprocess.run(
            [sys.executable, "-c", MANY, str(tmp_path), str(symbols), f"{symbols}-{number}"],
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )
        return json.loads(answer.stdout)

    few, many = [], []
    for number in range(3):
        few.append(run(500, number))
        many.append(run(3000, number))
    each = median(taken for taken, _ in few) / 500
    of_many = median(taken for taken, _ in many) / 3000
    with capsys.disabled():
        sys.stdout.write(
            f"\n3,000 symbols, computed and stored: {1000 * of_many:.3f} ms a symbol; of 500 "
            f"{1000 * each:.3f} ms; ratio {of_many / each:.2f} (at most 1.1); peak "
            f"{max(peak for _, peak in many):.2f} GiB (under 6)\n"
        )
