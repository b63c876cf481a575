"""What it takes to put a decision on record, beside a bare insert of one row.

On a durable server, as the product starts it. No time is asserted: medians are printed, and the
bound of their ratio.
"""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from itertools import count
from statistics import median, quantiles
from time import perf_counter

import psycopg2
import pytest

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import upgrade
from alpha_oracle.adapters.postgres.trading import PostgresTradingStore
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.risk import RiskAction, RiskCheckResult
from alpha_oracle.domain.trading_events import OrderFilled, OrderSummary
from alpha_oracle.domain.trading_records import Arrivals, CascadeRun, CheckStage
from tests.contracts.trading_values import (
    ACCOUNT,
    a_change,
    a_day_trade_decision,
    a_fill,
    a_lot,
    a_received_signal,
    a_state,
    executed,
    ordered,
)
from tests.trading import NOW, an_order

pytestmark = pytest.mark.benchmark

RUNS, WARM_UP, BOUND = 500, 20, 2


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with embedded_postgres(tmp_path_factory.mktemp("bench")).attached() as url:
        upgrade(url)
        yield url


def a_cascade(order_id, signal_id):
    """The verdicts of as many checks as the cascade has, each with what it measured."""
    verdicts = tuple(
        RiskCheckResult(
            check=f"check_{number}",
            action=RiskAction.APPROVE,
            measured=Decimal("1000.10"),
            bound=Decimal(5000),
            inputs={"equity": Decimal("100000.00"), "quantity": 10},
        )
        for number in range(24)
    )
    return CascadeRun(
        stage=CheckStage.DECISION,
        at=NOW,
        action=RiskAction.APPROVE,
        verdicts=verdicts,
        order_id=order_id,
        signal_id=signal_id,
    )


def a_decision(number):
    """One entry decided: its signal's outcome, its order, the verdicts, the guard's word."""
    order_id, signal_id = f"order-{number}", f"signal-{number}"
    return a_change(
        f"decision-{number}",
        outcomes=(ordered(signal_id, order_id),),
        orders=(an_order(order_id=order_id, signal_id=signal_id),),
        cascade_runs=(a_cascade(order_id, signal_id),),
        day_trade_decisions=(a_day_trade_decision(order_id=order_id),),
    )


def a_fill_of(number):
    """The order filled: its event, its lot, the cash, and what others are told."""
    order = an_order(order_id=f"order-{number}", signal_id=f"signal-{number}")
    fill = a_fill(f"execution-{number}", quantity=10)
    told = OrderFilled(order=OrderSummary.of(order), fill=fill, filled_quantity=10, is_whole=True)
    return a_change(
        f"fill-{number}",
        events=((order.order_id, executed(fill, OrderStatus.FILLED)),),
        lots=(a_lot(quantity=number + 1),),
        state=a_state(),
        announcements=(told,),
    )


def timed(work, *arguments):
    started = perf_counter()
    work(*arguments)
    return 1e3 * (perf_counter() - started)


def test_a_decision_beside_a_bare_insert(url):
    with (
        closing(open_database(url)) as database,
        closing(psycopg2.connect(url)) as plain,
        plain.cursor() as cursor,
    ):
        plain.autocommit = True
        cursor.execute("CREATE TABLE bare (number bigint PRIMARY KEY)")
        store = PostgresTradingStore(database)
        seconds = {"a bare insert": [], "an entry decided": [], "a fill booked": []}
        numbers = count()
        with store.only_worker(ACCOUNT):
            for _ in range(RUNS + WARM_UP):
                number = next(numbers)
                signal = replace(a_received_signal(f"signal-{number}"))
                store.take_in(ACCOUNT, Arrivals(signals=(signal,)), at=NOW)
                decision, fill = a_decision(number), a_fill_of(number)
                # In turn, so that what else the machine does falls on all of them.
                bare = ("INSERT INTO bare VALUES (%s)", (number,))
                seconds["a bare insert"].append(timed(cursor.execute, *bare))
                seconds["an entry decided"].append(
                    timed(lambda change: store.commit(change, sends=True), decision)
                )
                seconds["a fill booked"].append(
                    timed(lambda change: store.commit(change, sends=False), fill)
                )
        store.close()
    told = {name: taken[WARM_UP:] for name, taken in seconds.items()}
    bare = median(told["a bare insert"])
    for name, taken in told.items():
        sys.stdout.write(
            f"\n{name:<18} p50 {median(taken):6.2f} ms  p95 {quantiles(taken, n=20)[18]:6.2f} ms"
            f"  {median(taken) / bare:4.2f} times a bare insert (bound {BOUND})"
        )
    sys.stdout.write("\n")
