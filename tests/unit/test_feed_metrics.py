"""What the feed tells Prometheus."""

import time
from urllib.request import urlopen

import pytest

from alpha_oracle.bootstrap.feed_metrics import FeedMetrics
from alpha_oracle.config_sections import MetricsSettings
from alpha_oracle.errors import ConfigurationError
from tests.ports import a_free_port
from tests.unit.test_worker_metrics import HERE


def test_ticks_are_counted_by_outcome_and_both_are_there_from_the_start():
    began = time.time()
    metrics = FeedMetrics()
    value = metrics.registry.get_sample_value
    late_since = value("alpha_oracle_feed_last_tick_timestamp_seconds")
    assert began <= late_since <= time.time()
    assert value("alpha_oracle_feed_ticks_total", {"outcome": "lost"}) == 0
    metrics.count_done(21)
    metrics.count_done(20)
    metrics.count_lost()
    assert value("alpha_oracle_feed_ticks_total", {"outcome": "done"}) == 2
    assert value("alpha_oracle_feed_ticks_total", {"outcome": "lost"}) == 1
    assert value("alpha_oracle_feed_quotes_total") == 41
    assert value("alpha_oracle_feed_quoted_symbols") == 20
    assert value("alpha_oracle_feed_last_tick_timestamp_seconds") > late_since


def test_a_port_that_is_taken_is_named_with_its_setting():
    metrics, port = FeedMetrics(), a_free_port()
    with metrics.served(port, host=HERE):
        text = urlopen(f"http://{HERE}:{port}/metrics").read().decode()
        assert "process_resident_memory_bytes" in text
        assert "alpha_oracle_build_info{version=" in text
        taken = pytest.raises(ConfigurationError, match=rf"feed\.metrics_port {port} cannot")
        with taken, metrics.served(port, host=HERE):
            pass


def test_metrics_are_opened_to_a_network_by_an_explicit_word_alone():
    assert MetricsSettings().host == HERE
    with pytest.raises(ValueError, match="is_network_trusted"):
        MetricsSettings(host="0.0.0.0")
    assert MetricsSettings(host="0.0.0.0", is_network_trusted=True).host == "0.0.0.0"
