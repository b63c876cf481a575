"""Duties side by side: each at its own pace, each with its own trouble."""

import threading

import pytest

from alpha_oracle.bootstrap.duties import Duty, perform_until
from alpha_oracle.bootstrap.presence import WATCH, is_present, only_one
from alpha_oracle.errors import LeaseTaken, StoreUnavailable


def a_duty(perform, *, name="duty", every_seconds=0.001):
    return Duty(name=name, every_seconds=every_seconds, perform=perform)


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ZeroDivisionError("a bug")])
def test_a_duty_that_raises_is_performed_again_and_ends_no_other(error):
    ending, failed, performed = threading.Event(), [], []

    def fail():
        failed.append(1)
        raise error

    def perform():
        performed.append(1)
        if len(performed) >= 3 and len(failed) >= 3:
            ending.set()

    perform_until(ending, [a_duty(fail), a_duty(perform)])
    assert len(failed) >= 3
    assert len(performed) >= 3


def test_a_slow_duty_holds_up_no_other():
    ending, others = threading.Event(), threading.Event()

    def wait_for_others():
        assert others.wait(timeout=120)
        ending.set()

    perform_until(ending, [a_duty(wait_for_others), a_duty(others.set)])
    assert others.is_set()


def test_an_installation_has_one_watch(home):
    with only_one(home, WATCH):
        assert is_present(home, WATCH)
        with pytest.raises(LeaseTaken, match="runs already"), only_one(home, WATCH):
            pass
    assert not is_present(home, WATCH)
    with only_one(home, WATCH):
        assert is_present(home, WATCH)
