"""What a signal costs from the stream to the broker's socket, beside the least it can cost.

The whole worker on durable stores. No time is asserted: figures are printed, with the bounds they
are to keep.
"""

from __future__ import annotations

import sys
from functools import partial
from statistics import median, quantiles
from time import perf_counter

import psutil
import pytest

from tests.benchmarks.gateway_desk import gateway_broker
from tests.benchmarks.trading_desk import FLOOR_STREAM, SYMBOLS, opened_desk

pytestmark = pytest.mark.benchmark

RUNS, WARM_UP = 400, 40
MANY, BATCH, SOAK = 2_000, 100, 10_000
P50_BOUND, P99_BOUND, RATE_BOUND = 3, 5, 0.2


@pytest.fixture
def desk(tmp_path):
    with opened_desk(tmp_path) as desk:
        yield desk


def tell(*lines):
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def p99(taken):
    return quantiles(taken, n=100)[98]


def test_a_signal_until_its_order_is_at_the_brokers_socket(desk):
    tell_beside_the_floor("stream to socket ", *timed(desk))


def test_a_signal_until_ib_insync_has_written_its_order(tmp_path):
    with opened_desk(tmp_path, broker_at=partial(gateway_broker, tmp_path)) as desk:
        tell_beside_the_floor("by ib_insync     ", *timed(desk))


def timed(desk):
    """How long signals took, and the floor beside each, in milliseconds.

    Both begin where a signal finds the worker: time has gone by, and what was due is done. A signal
    comes every ten seconds: one in six is the first of its batch, before which it is reconciled.
    """
    signals, floors = [], []
    for number in range(RUNS + WARM_UP):
        desk.let_pass(seconds=5)
        document = desk.document()
        started = perf_counter()
        desk.publish(document)
        desk.work()
        signals.append(1e3 * (desk.broker.sent_at - started))
        assert desk.broker.sent_at > started, "no order was sent"
        desk.broker.end_orders()
        desk.let_pass(seconds=5)
        started = perf_counter()
        desk.publish(document, stream=FLOOR_STREAM)
        desk.floor(number)
        floors.append(1e3 * (perf_counter() - started))
    return signals[WARM_UP:], floors[WARM_UP:]


def tell_beside_the_floor(what, signals, floors):
    """Show a row of the table, the floor below it."""
    tell(
        f"{what} p50 {median(signals):6.2f} ms  p99 {p99(signals):6.2f} ms",
        f"the floor         p50 {median(floors):6.2f} ms  p99 {p99(floors):6.2f} ms",
        f"ratios            p50 {median(signals) / median(floors):6.2f} (bound {P50_BOUND})"
        f"  p99 {p99(signals) / p99(floors):6.2f} (bound {P99_BOUND})",
    )


def worked_off(desk, count):
    """Let so many signals be worked off, announcements too; signals a second."""
    desk.publish(*(desk.document() for _ in range(count)))
    before = len(desk.broker.submitted_ids)
    started = perf_counter()
    while len(desk.broker.submitted_ids) - before < count:
        desk.work()
        desk.worker.relay()
    return count / (perf_counter() - started)


def test_signals_a_second_beside_the_floors(desk):
    worked_off(desk, 2 * len(SYMBOLS))
    desk.let_pass(seconds=1)
    rate = worked_off(desk, MANY)
    desk.publish(*(desk.document() for _ in range(MANY)), stream=FLOOR_STREAM)
    started = perf_counter()
    for number in range(0, MANY, BATCH):
        desk.floor(number, count=BATCH)
    floor = MANY / (perf_counter() - started)
    tell(
        f"sustained  {rate:7.0f} signals a second",
        f"the floor  {floor:7.0f}",
        f"ratio      {rate / floor:7.2f} (bound {RATE_BOUND})",
    )


def test_ten_thousand_signals_with_their_memory(desk):
    process = psutil.Process()
    lines = []
    for step in range(10):
        rate = worked_off(desk, SOAK // 10)
        desk.let_pass(seconds=60)
        resident = process.memory_info().rss / 2**20
        lines.append(
            f"{(step + 1) * SOAK // 10:6} signals  {rate:6.0f} a second  {resident:6.0f} MiB"
        )
    tell(*lines)
