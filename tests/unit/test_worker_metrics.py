"""What the worker tells Prometheus."""

from datetime import timedelta
from decimal import Decimal
from urllib.request import urlopen

import pytest
from structlog.testing import capture_logs

from alpha_oracle.bootstrap.worker_metrics import WorkerMetrics
from alpha_oracle.domain.orders import BestPrices, Fill, OrderEvent, OrderStatus
from alpha_oracle.domain.trading_records import MalformedSignal
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.execution.quality import measure_quality
from tests.ports import a_free_port
from tests.trading import NOW, an_order

HERE = "127.0.0.1"


def an_executed_order(*, at=NOW, market=None, **changes):
    fill = Fill(execution_id="a", quantity=10, price=Decimal("100.10"), at=at, commission=None)
    event = OrderEvent(
        event_id="fill:a", status=OrderStatus.FILLED, at=at, fill=fill, market=market
    )
    ordinary = {"status": OrderStatus.FILLED, "arrival_price": Decimal(100), "created_at": NOW}
    return an_order(history=(event,), **ordinary, **changes)


def value(metrics, name, **labels):
    labels = {"order_type": "LIMIT", "symbol": "AAA", **labels}
    return metrics.registry.get_sample_value(name, labels)


def test_an_order_just_closed_is_counted_with_its_quality_by_type():
    metrics = WorkerMetrics()
    measure = metrics.counting(measure_quality)
    found = measure(an_executed_order(), at=NOW)
    assert found.slippage_bps == 10
    assert value(metrics, "alpha_oracle_orders_executed_total") == 1
    assert value(metrics, "alpha_oracle_order_slippage_bps_bucket", le="10.0") == 1
    assert value(metrics, "alpha_oracle_order_slippage_bps_bucket", le="5.0") == 0
    # Neither a mid nor the broker's word was known.
    assert value(metrics, "alpha_oracle_order_effective_spread_bps_bucket", le="+Inf") is None
    assert value(metrics, "alpha_oracle_order_acceptance_seconds_count") is None


def test_an_order_measured_again_is_counted_once():
    metrics = WorkerMetrics()
    measure = metrics.counting(measure_quality)
    for seconds in (0, 30, 59):
        assert measure(an_executed_order(), at=NOW + timedelta(seconds=seconds))
    assert value(metrics, "alpha_oracle_orders_executed_total") == 1


def test_each_order_is_known_again_for_a_minute_from_when_it_was_counted():
    metrics = WorkerMetrics()
    measure = metrics.counting(measure_quality)
    for seconds, name in ((0, "a"), (30, "b"), (61, "a"), (61, "b")):
        at = NOW + timedelta(seconds=seconds)
        measure(an_executed_order(order_id=f"{name}-{NOW}", at=at), at=at)
    assert value(metrics, "alpha_oracle_orders_executed_total") == 3


def test_what_an_order_cost_against_its_signal_is_told():
    metrics = WorkerMetrics()
    measure = metrics.counting(measure_quality)
    market = BestPrices(bid=Decimal("99.90"), ask=Decimal("100.10"))
    measure(an_executed_order(reference_price=Decimal("99.80"), market=market), at=NOW)
    assert value(metrics, "alpha_oracle_order_shortfall_usd_bucket", le="5.0") == 1
    assert value(metrics, "alpha_oracle_order_shortfall_usd_bucket", le="1.0") == 0
    assert value(metrics, "alpha_oracle_order_effective_spread_bps_bucket", le="20.0") == 1


def test_symbols_beyond_the_first_are_told_together():
    metrics = WorkerMetrics(most_symbols=2)
    measure = metrics.counting(measure_quality)
    for symbol in ("AAA", "BBB", "CCC", "DDD", "AAA"):
        order = an_executed_order(order_id=f"{symbol}-{NOW}", symbol=symbol)
        measure(order, at=NOW)
    counts = {
        one: value(metrics, "alpha_oracle_orders_executed_total", symbol=one)
        for one in ("BBB", "other")
    }
    assert counts == {"BBB": 1, "other": 2}
    assert value(metrics, "alpha_oracle_orders_executed_total", symbol="CCC") is None


def test_what_is_no_signal_is_counted_by_where_it_came():
    metrics = WorkerMetrics()
    with capture_logs() as logged:
        for _ in range(3):
            one = MalformedSignal(text="{", source="signals", problem="no JSON")
            metrics.count_malformed([one, one])
    total = metrics.registry.get_sample_value(
        "alpha_oracle_worker_malformed_signals_total", {"source": "signals"}
    )
    assert total == 6
    never = metrics.registry.get_sample_value(
        "alpha_oracle_worker_malformed_signals_total", {"source": "signals:stream"}
    )
    assert never == 0
    assert [(one["signals"], one["last_problem"]) for one in logged] == [(2, "no JSON")]


def test_orders_of_before_and_orders_without_an_execution_are_not_counted():
    metrics = WorkerMetrics()
    measure = metrics.counting(measure_quality)
    assert measure(an_executed_order(), at=NOW + timedelta(minutes=1)) is not None
    assert measure(an_order(), at=NOW) is None
    assert value(metrics, "alpha_oracle_orders_executed_total") is None


def test_they_are_answered_on_a_port_while_the_worker_runs():
    metrics, port = WorkerMetrics(), a_free_port()
    with metrics.served(port, host=HERE):
        metrics.signals.inc(3)
        text = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        assert "alpha_oracle_worker_signals_total 3.0" in text
        with (
            pytest.raises(ConfigurationError, match="metrics_port"),
            metrics.served(port, host=HERE),
        ):
            pass
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics")


def test_nobody_is_answered_where_no_port_is_set():
    with WorkerMetrics().served(None, host=HERE):
        pass
