from datetime import UTC, datetime, timedelta

import pytest

from alpha_oracle.adapters.clock import SystemClock, clear_pin, pinned_clock
from alpha_oracle.errors import ConfigurationError

START = datetime(2016, 6, 1, 21, tzinfo=UTC)


def test_the_first_process_pins_and_the_others_follow(tmp_path):
    first = pinned_clock(tmp_path, start_at=START)

    second = pinned_clock(tmp_path, start_at=START + timedelta(days=30))

    assert second == first
    assert timedelta() <= first.now() - START < timedelta(minutes=1)


def test_a_cleared_pin_is_set_anew(tmp_path):
    pinned_clock(tmp_path, start_at=START)
    clear_pin(tmp_path)

    clock = pinned_clock(tmp_path, start_at=START + timedelta(days=1))

    assert clock.starts_at == START + timedelta(days=1)


def test_a_damaged_pin_says_how_to_mend_it(tmp_path):
    pinned_clock(tmp_path, start_at=START)
    (tmp_path / "run" / "clock.json").write_text("{")

    with pytest.raises(ConfigurationError, match="alpha-oracle down"):
        pinned_clock(tmp_path, start_at=START)


def test_the_machine_clock_is_utc():
    assert SystemClock().now().utcoffset() == timedelta()
