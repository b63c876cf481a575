"""What the worker tells Prometheus."""

import socket
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from urllib.request import urlopen

import pytest

from alpha_oracle.bootstrap.worker_metrics import WorkerMetrics
from alpha_oracle.domain.orders import Fill, OrderEvent, OrderStatus
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.execution.quality import measure_quality
from tests.trading import NOW, an_order


def an_executed_order():
    fill = Fill(execution_id="a", quantity=10, price=Decimal("100.10"), at=NOW, commission=None)
    event = OrderEvent(event_id="fill:a", status=OrderStatus.FILLED, at=NOW, fill=fill)
    return an_order(
        history=(event,), status=OrderStatus.FILLED, arrival_price=Decimal(100), created_at=NOW
    )


def value(metrics, name, **labels):
    return metrics.registry.get_sample_value(name, {"order_type": "LIMIT", **labels})


def test_an_order_just_closed_is_counted_with_its_quality_by_type():
    metrics = WorkerMetrics()
    measure = metrics.counting(measure_quality)
    found = measure(an_executed_order(), mid=None, at=NOW)
    assert found.slippage_bps == 10
    assert value(metrics, "orders_executed_total") == 1
    assert value(metrics, "order_slippage_bps_bucket", le="10.0") == 1
    assert value(metrics, "order_slippage_bps_bucket", le="5.0") == 0
    # Neither a mid nor the broker's word was known.
    assert value(metrics, "order_effective_spread_bps_bucket", le="+Inf") is None
    assert value(metrics, "order_acceptance_seconds_count") is None


def test_orders_of_before_and_orders_without_an_execution_are_not_counted():
    metrics = WorkerMetrics()
    measure = metrics.counting(measure_quality)
    assert measure(an_executed_order(), mid=None, at=NOW + timedelta(minutes=1)) is not None
    assert measure(an_order(), mid=None, at=NOW) is None
    assert value(metrics, "orders_executed_total") is None


def test_they_are_answered_on_a_port_while_the_worker_runs():
    metrics, port = WorkerMetrics(), a_free_port()
    with metrics.served(port):
        metrics.signals.inc(3)
        text = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        assert "worker_signals_total 3.0" in text
        with pytest.raises(ConfigurationError, match="metrics_port"), metrics.served(port):
            pass
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/metrics")


def test_nobody_is_answered_where_no_port_is_set():
    with WorkerMetrics().served(None):
        pass


def a_free_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
