"""How often people are told: news once, repetitions as a number, what lasts again and again."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.alerts import Pacing
from alpha_oracle.domain.risk import Severity
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.alerts import AlertManager
from tests.fakes.alerts import FakeAlerts
from tests.fakes.clock import FixedClock

GRADES = {"Warning": 0, "HIGH": 1, "CRITICAL": 2}
BEGIN = datetime(2016, 6, 1, 14, 30, tzinfo=UTC)
PACING = Pacing(
    window=timedelta(minutes=15),
    repeats={Severity.CRITICAL: timedelta(minutes=30), Severity.HIGH: timedelta(hours=1)},
)


class Desk:
    """A manager with a clock, what it was asked, and what it told."""

    def __init__(self):
        self.record = FakeAlerts()
        self.clock = FixedClock(BEGIN)
        self.lasts = {}
        self.critical = []
        self.manager = AlertManager(
            self.record,
            self.clock,
            pacing=PACING,
            lasts=lambda episode: self.lasts.get(episode.type),
            on_critical=self.critical.append,
        )

    def happens(self, *documents):
        self.record.documents += [
            one if isinstance(one, str) else json.dumps(one) for one in documents
        ]
        self.manager.take_in()

    def passes(self, **duration):
        self.clock.advance(**duration)
        self.manager.look()

    def told(self):
        """The news told since this was asked last: when, how bad, what."""
        return [(self.clock.now(), text.split(":")[0], text) for text in self.new()]

    def counted(self):
        """How many repetitions were told of since this was asked last."""
        counts = [text.split()[1] for text in self.new() if text.startswith("Again, ")]
        return sum(1 if count == "once" else int(count) for count in counts)

    def new(self):
        """What was told since this was asked last."""
        told, self.record.alerts = self.record.texts, {}
        return told


@pytest.fixture
def desk():
    return Desk()


def an_alert(severity="high", *, kind="portfolio_drawdown", value=12.5, subject=""):
    document = {
        "event": "risk:alert",
        "type": kind,
        "severity": severity,
        "value": value,
        "threshold": 10.0,
        "message": f"{value} % below the peak",
        "timestamp": "2016-06-01T14:30:00Z",
    }
    return document | ({"subject": subject} if subject else {})


def a_breaker(*, kind="portfolio_drawdown", value=12.5):
    return {
        "event": "risk:circuit_breaker",
        "breaker": kind,
        "value": value,
        "threshold": 10.0,
        "reason": f"{value} % below the peak",
        "timestamp": "2016-06-01T14:30:00Z",
    }


def a_switch(state):
    return {
        "event": f"kill_switch:{state}",
        "by": "jane",
        "reason": "a look",
        "timestamp": "2016-06-01T14:30:00Z",
    }


def an_approval(order_id):
    return {
        "event": "order:approval_required",
        "order_id": order_id,
        "signal_id": "s",
        "symbol": "AAPL",
        "side": "BUY",
        "quantity": 10,
        "strategy": "MomentumStrategy",
        "simulated": True,
        "reason": "above 1 % of ADV",
        "timestamp": "2016-06-01T14:30:00Z",
    }


def test_news_is_told_at_once_and_only_once(desk):
    desk.happens(an_alert())
    [text] = desk.new()
    assert text.startswith("HIGH: portfolio drawdown")
    desk.happens()
    desk.passes(seconds=1)
    assert desk.new() == []


def test_what_comes_again_within_the_window_is_told_as_a_number_when_that_ends(desk):
    desk.happens(an_alert(value=11.0))
    desk.new()
    for value in (11.5, 12.0, 12.5):
        desk.happens(an_alert(value=value))
    desk.passes(minutes=14)
    assert desk.new() == []
    desk.passes(minutes=1)
    [text] = desk.new()
    assert text.startswith("Again, 3 times more since 2016-06-01 10:30 New York; the latest:")
    assert "Measured: 12.5" in text
    desk.passes(minutes=1)
    assert desk.new() == []


def test_what_is_nobodys_news_is_read_and_told_to_nobody(desk):
    desk.happens({"event": "order:submitted"}, {"event": "signal:generated"})
    assert desk.new() == []
    assert desk.record.unread(limit=10) == []


def test_about_another_subject_it_is_other_news(desk):
    desk.happens(*(an_alert(subject=symbol) for symbol in ("AAPL", "MSFT")))
    assert len(desk.new()) == 2


def test_what_becomes_worse_is_told_at_once(desk):
    desk.happens(an_alert("warning"))
    desk.happens(an_alert("critical"))
    assert [text.split(":")[0] for text in desk.new()] == ["Warning", "CRITICAL"]
    desk.happens(an_alert("high"))
    assert desk.new() == []


def test_what_was_counted_before_it_became_worse_is_told_too(desk):
    desk.happens(an_alert("warning"), an_alert("warning"), an_alert("high"))
    assert len(desk.new()) == 2
    desk.passes(minutes=15)
    [text] = desk.new()
    assert text.startswith("Again, once more")


def test_a_breaker_and_its_alert_are_one_message(desk):
    desk.happens(an_alert(), a_breaker())
    assert len(desk.new()) == 1
    desk.passes(minutes=15)
    assert desk.new() == []


def test_a_breaker_without_its_alert_is_told(desk):
    desk.happens(a_breaker())
    [text] = desk.new()
    assert "halts entries" in text


def test_each_order_that_waits_is_told(desk):
    desk.happens(*(an_approval(name) for name in ("one", "two", "three")))
    assert len(desk.new()) == 3
    desk.passes(days=1)
    assert desk.new() == []


def test_a_warning_that_stops_coming_is_forgotten(desk):
    desk.happens(an_alert("warning"))
    desk.passes(minutes=15)
    assert desk.record.lasting == {}
    desk.new()
    desk.happens(an_alert("warning"))
    assert len(desk.new()) == 1


def test_what_is_bad_is_told_again_at_growing_intervals_until_acknowledged(desk):
    desk.happens(an_alert("critical"))
    desk.new()
    told_after = []
    for minute in range(5, 24 * 60, 5):
        desk.passes(minutes=5)
        told_after += [minute] * len(desk.new())
    assert told_after == [30, 90, 210, 450, 930]
    assert desk.record.acknowledge(None, by="jane", at=desk.clock.now()) != []
    desk.passes(days=10)
    assert desk.new() == []


def test_a_reminder_says_since_when_and_how_to_end_it(desk):
    desk.happens(an_alert("critical"))
    desk.new()
    desk.passes(minutes=30)
    [text] = desk.new()
    [key] = desk.record.lasting
    assert text.startswith("Still open since 2016-06-01 10:30 New York")
    assert f"`alpha-oracle alerts acknowledge '{key}'`" in text
    assert "CRITICAL: portfolio drawdown" in text


def test_what_lasts_though_acknowledged_is_told_once_a_day(desk):
    desk.lasts["kill_switch"] = True
    desk.happens(a_switch("activated"))
    desk.new()
    desk.record.acknowledge(None, by="jane", at=desk.clock.now())
    told = []
    for _ in range(48):
        desk.passes(hours=1)
        told += desk.new()
    assert len(told) == 2
    assert all("acknowledged by jane, and still so" in text for text in told)


def test_what_is_known_to_be_over_is_said_to_be_and_forgotten(desk):
    desk.happens(an_alert(kind="vix"))
    desk.new()
    desk.lasts["vix"] = False
    desk.passes(minutes=15)
    [text] = desk.new()
    assert text.startswith("Over: HIGH: vix")
    assert desk.record.lasting == {}


def test_a_resume_is_told_and_ends_the_reminders_of_the_switch(desk):
    desk.happens(a_switch("activated"))
    desk.happens(a_switch("deactivated"))
    assert len(desk.new()) == 2
    desk.passes(days=3)
    assert desk.new() == []


def test_a_switch_that_was_resumed_and_is_thrown_again_is_news(desk):
    desk.happens(a_switch("activated"), a_switch("deactivated"), a_switch("activated"))
    assert len(desk.new()) == 3


def test_what_nobody_can_read_is_told_and_holds_nothing_up(desk):
    desk.happens("{", '{"event": "risk:alert", "severity": "bad"}', "[]", an_alert())
    texts = desk.new()
    assert any("cannot be read" in text for text in texts)
    assert texts[-1].startswith("HIGH: portfolio drawdown")


def test_what_is_critical_is_acted_on_before_it_counts_as_read(desk):
    desk.happens(an_alert("high"))
    assert desk.critical == []

    def fail(notice):
        raise StoreUnavailable("Redis is away")

    desk.manager._on_critical = fail
    with pytest.raises(StoreUnavailable):
        desk.happens(an_alert("critical", kind="unknown_order"))
    assert len(desk.new()) == 1
    desk.manager._on_critical = desk.critical.append
    desk.happens()
    [notice] = desk.critical
    assert notice.type == "unknown_order"
    assert len(desk.new()) == 1


def test_what_a_store_took_back_is_told_when_it_is_there_again(desk):
    desk.record.is_away = True
    with pytest.raises(StoreUnavailable):
        desk.happens(an_alert())
    desk.record.is_away = False
    desk.happens()
    assert len(desk.new()) == 1


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["warning", "high", "critical"]),
            st.sampled_from(["AAPL", "MSFT"]),
            st.integers(min_value=0, max_value=40),
        ),
        max_size=40,
    )
)
def test_every_alert_is_told_or_counted_and_none_more_than_once_a_window(steps):
    desk, told, counted = Desk(), [], 0
    for severity, subject, minutes in steps:
        desk.happens(an_alert(severity, subject=subject) | {"message": f"for {subject}"})
        told += desk.told()
        desk.passes(minutes=minutes)
        counted += desk.counted()
    desk.passes(minutes=15)
    counted += desk.counted()
    assert len(told) + counted == len(steps)
    for subject in ("AAPL", "MSFT"):
        times = [(at, grade) for at, grade, text in told if f"for {subject}" in text]
        for (earlier, lesser), (later, grade) in pairwise(times):
            assert later - earlier >= PACING.window or GRADES[grade] > GRADES[lesser]


@pytest.mark.parametrize("severity", ["warning", "high"])
def test_what_a_rehearsal_in_the_future_told_keeps_no_news_of_now_quiet(desk, severity):
    desk.clock.advance(days=365)
    desk.happens(an_alert(severity, value=11.0))
    desk.new()
    desk.clock.advance(days=-365)
    desk.happens(an_alert(severity, value=12.0))
    [text] = desk.new()
    assert "Measured: 12" in text


def test_what_a_clock_told_that_was_put_back_is_told_again_by_the_new_one(desk):
    desk.happens(an_alert())
    desk.new()
    desk.passes(hours=-5)
    [text] = desk.new()
    assert text.startswith("Still open since")
    desk.passes(minutes=59)
    assert desk.new() == []
