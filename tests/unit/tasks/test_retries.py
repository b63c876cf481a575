import asyncio

import pytest
from prefect.states import Completed, Failed

from alpha_oracle.errors import DataError, IncompleteSession, StoreUnavailable, TransientError
from tasks.bars import backfill_range, ingest_bars
from tasks.retries import is_transient
from tasks.signals import publish_signals


def judged(failure):
    return asyncio.run(is_transient(ingest_bars, None, Failed(data=failure)))


@pytest.mark.parametrize("failure", [TransientError("busy"), StoreUnavailable("away")], ids=repr)
def test_what_may_pass_is_tried_again(failure):
    assert judged(failure)


@pytest.mark.parametrize(
    "failure",
    [DataError("bad"), IncompleteSession("few"), OSError("disk"), ValueError("bug")],
    ids=repr,
)
def test_what_will_not_pass_is_not(failure):
    assert not judged(failure)


def test_an_end_without_a_failure_is_no_reason_to_repeat():
    assert not asyncio.run(is_transient(ingest_bars, None, Completed(data=1)))


@pytest.mark.parametrize(
    ("task", "pauses"),
    [(ingest_bars, [10, 20, 40]), (publish_signals, [2, 4, 8])],
    ids=["ingestion", "publication"],
)
def test_pauses_double(task, pauses):
    assert (task.retries, task.retry_delay_seconds) == (3, pauses)
    assert task.retry_condition_fn is is_transient


def test_a_backfill_is_repeated_by_hand():
    assert backfill_range.retries == 0
