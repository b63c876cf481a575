from datetime import date

import pytest

from alpha_oracle.adapters.redis.done_set import RedisDoneSet
from alpha_oracle.domain.market import Symbol
from alpha_oracle.errors import StoreUnavailable

SESSION = date(2016, 6, 1)
APPLE, BERKSHIRE, MICROSOFT = Symbol("AAPL"), Symbol("BRK.B"), Symbol("MSFT")


def test_symbols_marked_are_done_for_their_session_alone(connection):
    done_set = RedisDoneSet(connection)
    done_set.mark(SESSION, [APPLE, BERKSHIRE])
    done_set.mark(SESSION, [BERKSHIRE, MICROSOFT])
    assert done_set.done(SESSION) == {APPLE, BERKSHIRE, MICROSOFT}
    assert done_set.done(date(2016, 6, 2)) == frozenset()


def test_marks_lie_under_the_name_others_know_for_25_hours(connection):
    RedisDoneSet(connection).mark(SESSION, [APPLE])
    with connection.client() as client:
        assert client.smembers("jobs:daily_bars:2016-06-01:done") == {"AAPL"}
        assert 25 * 3600 - 60 <= client.ttl("jobs:daily_bars:2016-06-01:done") <= 25 * 3600


def test_a_later_mark_renews_the_25_hours(connection):
    done_set = RedisDoneSet(connection)
    done_set.mark(SESSION, [APPLE])
    with connection.client() as client:
        client.expire("jobs:daily_bars:2016-06-01:done", 60)
    done_set.mark(SESSION, [MICROSOFT])
    with connection.client() as client:
        assert client.ttl("jobs:daily_bars:2016-06-01:done") > 24 * 3600


def test_marking_nothing_changes_nothing(connection):
    RedisDoneSet(connection).mark(SESSION, [])
    assert RedisDoneSet(connection).done(SESSION) == frozenset()


def test_a_memory_that_was_lost_reads_as_empty(connection):
    done_set = RedisDoneSet(connection)
    done_set.mark(SESSION, [APPLE])
    with connection.client() as client:
        client.flushdb()
    assert done_set.done(SESSION) == frozenset()


def test_an_unreachable_memory_says_so(nobody_answers):
    with pytest.raises(StoreUnavailable):
        RedisDoneSet(nobody_answers).done(SESSION)
    with pytest.raises(StoreUnavailable):
        RedisDoneSet(nobody_answers).mark(SESSION, [APPLE])
