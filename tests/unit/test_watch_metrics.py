"""What the watch tells Prometheus of its duties."""

import time

import pytest

from alpha_oracle.bootstrap.duties import Duty
from alpha_oracle.bootstrap.watch_metrics import WatchMetrics


class MetError(Exception):
    """Something a duty meets."""


@pytest.fixture
def metrics():
    return WatchMetrics()


def value(metrics, name, duty="alerts"):
    return metrics.registry.get_sample_value(f"alpha_oracle_watch_duty_{name}", {"duty": duty})


def test_a_duty_performed_is_told_with_its_time_and_its_pace(metrics):
    done, began = [], time.time()
    (duty,) = metrics.measured(
        [Duty(name="alerts", every_seconds=2.0, perform=lambda: done.append(1))]
    )
    late_since = value(metrics, "last_done_timestamp_seconds")
    assert began <= late_since <= time.time()
    duty.perform()
    duty.perform()
    assert done == [1, 1]
    assert value(metrics, "seconds_count") == 2
    assert value(metrics, "failures_total") == 0
    assert value(metrics, "pace_seconds") == 2
    assert value(metrics, "last_done_timestamp_seconds") > late_since


def test_a_duty_that_fails_is_counted_and_its_trouble_goes_on_to_whoever_performs_it(metrics):
    def fail():
        raise MetError

    (duty,) = metrics.measured([Duty(name="alerts", every_seconds=2.0, perform=fail)])
    late_since = value(metrics, "last_done_timestamp_seconds")
    with pytest.raises(MetError):
        duty.perform()
    assert value(metrics, "failures_total") == 1
    assert value(metrics, "seconds_count") == 1
    assert value(metrics, "last_done_timestamp_seconds") == late_since
