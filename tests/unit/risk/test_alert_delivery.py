"""How alerts reach a channel: not too many at once, none lost, none twice."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.alerts import PendingAlert
from alpha_oracle.domain.risk import Severity
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.alert_delivery import AlertDelivery, posts_of
from tests.fakes.alerts import FakeChannel, FakeDeliveries
from tests.fakes.clock import FixedClock

NOW = datetime(2016, 6, 1, 14, 30, tzinfo=UTC)


class Post:
    """A delivery to a channel, with what it has to deliver."""

    def __init__(self, most_per_minute=3):
        self.channel = FakeChannel()
        self.deliveries = FakeDeliveries()
        self.clock = FixedClock(NOW)
        self.most_per_minute = most_per_minute
        self.restart()

    def restart(self):
        self.delivery = AlertDelivery(
            self.channel, self.deliveries, self.clock, most_per_minute=self.most_per_minute
        )

    def happens(self, *numbers, severity=Severity.WARNING):
        self.deliveries.add(*(a_pending(number, severity) for number in numbers))

    def texts(self):
        told, self.channel.texts = self.channel.texts, []
        return told


@pytest.fixture
def post():
    return Post()


def a_pending(number, severity=Severity.WARNING):
    return PendingAlert(alert_id=number, severity=severity, text=f"alert {number}\nmore")


def test_alerts_are_posted_in_order_each_once(post):
    post.happens(1, 2)
    assert post.delivery.deliver() == 2
    assert post.delivery.deliver() == 0
    assert post.texts() == ["alert 1\nmore", "alert 2\nmore"]


def test_too_many_at_once_come_as_one_that_names_them(post):
    post.happens(*range(1, 21))
    post.delivery.deliver()
    first, second, digest = post.texts()
    assert (first, second) == ("alert 1\nmore", "alert 2\nmore")
    assert digest.startswith("And 18 more (18 warning)")
    assert "- alert 20 | more" in digest
    assert post.delivery.deliver() == 0


def test_a_flood_names_as_many_as_a_message_holds_and_counts_them_all(post):
    post.happens(*range(1, 1_001))
    post.delivery.deliver()
    digest = post.texts()[-1]
    assert digest.startswith("And 998 more")
    assert digest.endswith("\n...")
    assert len(digest) <= 3_600
    post.clock.advance(minutes=2)
    assert post.delivery.deliver() == 0


def test_a_channel_that_has_had_its_share_gets_more_after_a_minute(post):
    post.happens(1, 2, 3)
    post.delivery.deliver()
    post.happens(4)
    assert post.delivery.deliver() == 0
    post.clock.advance(seconds=60)
    assert post.delivery.deliver() == 1


def test_what_is_critical_waits_for_nobody_and_stands_by_itself(post):
    post.happens(1, 2, 3)
    post.delivery.deliver()
    post.texts()
    post.happens(4)
    post.happens(5, severity=Severity.CRITICAL)
    post.delivery.deliver()
    assert post.texts() == ["alert 5\nmore"]


def test_a_channel_that_is_down_is_left_alone_longer_each_time_and_gets_all_in_the_end(post):
    post.happens(1)
    post.channel.is_up = False
    tried = []
    for second in range(60):
        before = post.deliveries.attempts.get(1, 0)
        post.delivery.deliver()
        tried += [second] if post.deliveries.attempts.get(1, 0) > before else []
        post.clock.advance(seconds=1)
    assert tried == [0, 5, 15, 35]
    post.channel.is_up = True
    post.clock.advance(minutes=5)
    post.delivery.deliver()
    assert post.texts() == ["alert 1\nmore"]


def test_what_a_channel_never_takes_holds_up_nothing_else(post):
    post.happens(1, 2)
    post.channel.refused = ["alert 1\nmore"]
    post.delivery.deliver()
    assert post.texts() == []
    post.clock.advance(minutes=5)
    post.delivery.deliver()
    assert post.texts() == ["alert 2\nmore"]


def test_a_clock_that_is_put_back_holds_up_nothing(post):
    post.happens(1, 2, 3)
    post.delivery.deliver()
    post.clock.advance(hours=-5)
    post.happens(4)
    post.channel.is_up = False
    post.delivery.deliver()
    post.channel.is_up = True
    post.clock.advance(hours=-5)
    post.delivery.deliver()
    assert post.texts()[-1] == "alert 4\nmore"


def test_what_was_posted_while_the_store_was_away_is_not_posted_again(post):
    post.happens(1, 2)
    post.deliveries.marks_refused = 2
    with pytest.raises(StoreUnavailable):
        post.delivery.deliver()
    with pytest.raises(StoreUnavailable):
        post.delivery.deliver()
    post.delivery.deliver()
    assert post.texts() == ["alert 1\nmore", "alert 2\nmore"]


def test_a_process_that_died_before_its_mark_posts_once_more_and_not_a_third_time(post):
    post.happens(1)
    post.deliveries.marks_refused = 1
    with pytest.raises(StoreUnavailable):
        post.delivery.deliver()
    post.restart()
    post.delivery.deliver()
    post.restart()
    post.delivery.deliver()
    assert post.texts() == ["alert 1\nmore"] * 2


@given(
    severities=st.lists(st.sampled_from([None, *Severity]), max_size=60),
    room=st.integers(min_value=-3, max_value=12),
    most=st.integers(min_value=2, max_value=12),
)
def test_posts_tell_each_alert_once_at_most_and_all_where_there_is_room(severities, room, most):
    room = min(room, most)
    pending = [a_pending(number, severity) for number, severity in enumerate(severities)]
    posts = posts_of(pending, room=room, most=most)
    told = [number for post in posts for number in post.alert_ids]
    critical = sum(severity is Severity.CRITICAL for severity in severities)
    assert len(told) == len(set(told))
    assert len(posts) <= max(room, min(critical, most))
    if room > critical:
        assert sorted(told) == list(range(len(severities)))
