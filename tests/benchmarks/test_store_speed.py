"""The bar store beside a server-side COPY, ADBC and plain inserts: 500 symbols, 2,520 sessions.

Jobs of a table run in turn, so that what else the machine does falls on all of them; each line is
the median, its ratios are of medians. No time is asserted: the bounds are printed beside.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from statistics import median
from time import perf_counter

import numpy as np
import psycopg2
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import upgrade
from tests.benchmarks.store_peers import Bench, PlainDay, a_market
from tests.builders import received

pytestmark = pytest.mark.benchmark

REPEATS, SMALL_REPEATS = 5, 25
SYMBOLS = [f"S{number:03d}" for number in range(500)]
SESSIONS = calendar.sessions_between(date(2008, 1, 2), date(2019, 12, 31))[-2520:]
LAST_SESSION = f"session = '{SESSIONS[-1]}'"
AT = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    # The product's own server settings: durable, unlike those of the tests.
    with embedded_postgres(tmp_path_factory.mktemp("bench")).attached() as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="module")
def store(url):
    with closing(open_database(url)) as database:
        yield TimeSeriesStorage(database)


@pytest.fixture(scope="module")
def bench(url, store):
    return Bench(url, a_market(SYMBOLS, SESSIONS), store, received_at=AT)


def measured(jobs, *, repeats):
    """Median seconds of each job; a job is what to prepare, untimed, and what to do."""
    seconds = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, (prepare, work) in jobs.items():
            prepare()
            started = perf_counter()
            work()
            seconds[name].append(perf_counter() - started)
    return {name: median(values) for name, values in seconds.items()}


def show(title, seconds, bounds):
    """Print the table; a bound is ours, the other one, and how many times its time we may take."""
    lines = [f"\n{title}", *(f"  {name:<44}{1e3 * s:10.1f} ms" for name, s in seconds.items())]
    for ours, other, bound in bounds:
        ratio = seconds[ours] / seconds[other]
        lines.append(f"  {ours} / {other}: {ratio:.2f} (bound {bound})")
    print("\n".join(lines))  # noqa: T201 - a benchmark's whole point.


def test_bars_in(bench, store):
    load = received(bench.bars)

    def ours():
        store.store(load, received_at=AT)

    def state(which):
        return lambda: bench.hold(which)

    one_bar = f"symbol_id = 250 AND {LAST_SESSION}"
    every_other = "extract(day FROM session)::int % 2 = 0"
    jobs = {
        "server COPY, empty table": (state("false"), bench.server_copy),
        "ADBC and upsert, empty table": (state("false"), bench.adbc_upsert),
        "ADBC and upsert, half stored": (state(every_other), bench.adbc_upsert),
        "ours, empty table": (state("false"), ours),
        "ours, one bar stored": (state(one_bar), ours),
        "ours, half stored": (state(every_other), ours),
        "ours, all stored": (state("true"), ours),
    }
    seconds = measured(jobs, repeats=REPEATS)
    floor = "server COPY, empty table"
    show(
        f"{len(bench.bars):,} bars in",
        seconds,
        [
            ("ours, empty table", floor, 1.3),
            *((f"ours, {held} stored", floor, 2.5) for held in ("one bar", "half", "all")),
            ("ours, empty table", "ADBC and upsert, empty table", 0.8),
            ("ours, half stored", "ADBC and upsert, half stored", 0.8),
        ],
    )


def test_bars_out(bench, store):
    bench.hold("true")
    whole = {"start": SESSIONS[0], "end": SESSIONS[-1], "as_of": AT}
    answer = store.load(**whole).bars
    np.testing.assert_array_equal(answer.close, bench.bars.close)

    def nothing():
        pass

    jobs = {
        "ADBC, as rows lie": (nothing, bench.adbc_read),
        "ADBC, in order": (nothing, lambda: bench.adbc_read("ORDER BY symbol_id, session")),
        "ours": (nothing, lambda: store.load(**whole)),
    }
    show(
        f"{len(answer):,} bars out",
        measured(jobs, repeats=2 * REPEATS),
        [("ours", "ADBC, as rows lie", 1.2), ("ours", "ADBC, in order", 1.2)],
    )


def test_a_day_in(bench, store, url):
    bench.hold("true")
    day = bench.bars.take(bench.bars.session == np.datetime64(SESSIONS[-1]))

    def prepare():
        bench.run(f"DELETE FROM bars WHERE {LAST_SESSION}")

    with closing(psycopg2.connect(url)) as connection:
        plain = PlainDay(connection, bench.arrow(day))
        jobs = {
            "execute_values": (prepare, plain.execute_values),
            "unnested arrays": (prepare, plain.unnested_arrays),
            "COPY of text": (prepare, plain.copied_text),
            "ours": (prepare, lambda: store.store(received(day), received_at=AT)),
        }
        seconds = measured(jobs, repeats=SMALL_REPEATS)
    fastest = min((name for name in seconds if name != "ours"), key=seconds.__getitem__)
    show(f"{len(day)} bars of a day in", seconds, [("ours", fastest, 3)])
