from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.risk import KillSwitchReading, KillSwitchRecord, RiskAction
from alpha_oracle.risk.kill_switch import (
    KillSwitchCheck,
    KillSwitchRefusal,
    KillSwitchRules,
)
from tests.trading import NOW, an_exit, an_order, facts

RULES = KillSwitchRules(cooldown_minutes=60)


def activated(*, at=NOW):
    return RULES.activate(KillSwitchRecord(), word="KILL", now=at, by="operator", reason="a storm")


def resumed(record, *, after, word="RESUME", is_reconciled=True):
    return RULES.resume(
        record, word=word, now=NOW + after, by="operator", is_reconciled=is_reconciled
    )


@pytest.mark.parametrize(
    ("database", "mirror", "active"),
    [
        pytest.param(False, False, False, id="both say it is off"),
        pytest.param(True, True, True, id="both say it is on"),
        pytest.param(True, False, True, id="the database alone says it is on"),
        pytest.param(False, True, True, id="the mirror alone says it is on"),
        pytest.param(None, False, True, id="the database cannot be read"),
        pytest.param(False, None, True, id="the mirror cannot be read"),
        pytest.param(None, None, True, id="neither can be read"),
    ],
)
def test_the_switch_is_active_unless_both_stores_say_otherwise(database, mirror, active):
    reading = KillSwitchReading(database=database, mirror=mirror)

    assert reading.is_active is active
    assert bool(reading.explanation) is active


@pytest.mark.parametrize("order", [an_order(), an_exit()], ids=["entry", "exit"])
def test_an_active_switch_holds_back_every_order(order):
    active = facts(kill_switch=KillSwitchReading(database=True, mirror=None))

    verdict = KillSwitchCheck().check(order, active)

    assert verdict.action is RiskAction.REJECT
    assert verdict.reason == "kill switch is active (database says active; mirror unreadable)"
    assert verdict.missing == ("kill switch in mirror",)


def test_an_inactive_switch_lets_an_order_pass():
    assert KillSwitchCheck().check(an_order(), facts()).action is RiskAction.APPROVE


@pytest.mark.parametrize("word", ["kill", "KILL ", "RESUME", "", "KILLKILL"])
def test_only_the_typed_word_activates(word):
    refused = RULES.activate(KillSwitchRecord(), word=word, now=NOW, by="operator", reason="")

    assert refused.refusal is KillSwitchRefusal.WRONG_WORD
    assert "KILL" in refused.reason


def test_an_activation_keeps_who_when_and_why():
    assert activated() == KillSwitchRecord(
        is_active=True, activated_at=NOW, changed_by="operator", reason="a storm"
    )


def test_the_system_trips_the_switch_without_a_word():
    record = RULES.trip(KillSwitchRecord(), now=NOW, by="system", reason="two live orders")

    assert record.is_active
    assert record.changed_by == "system"


@pytest.mark.parametrize("word", ["resume", "KILL", "", "RESUME\n"])
def test_only_the_typed_word_resumes(word):
    refused = resumed(activated(), after=timedelta(hours=2), word=word)

    assert refused.refusal is KillSwitchRefusal.WRONG_WORD


@pytest.mark.parametrize(
    ("after", "remaining"),
    [
        (timedelta(0), 60),
        (timedelta(seconds=1), 60),
        (timedelta(minutes=59), 1),
        (timedelta(minutes=59, seconds=59), 1),
        (timedelta(minutes=-5), 65),
    ],
)
def test_a_resume_is_refused_while_cooling_down(after, remaining):
    refused = resumed(activated(), after=after)

    assert refused.refusal is KillSwitchRefusal.COOLING_DOWN
    assert refused.remaining_minutes == remaining


def test_trading_resumes_once_cooled_down_and_reconciled():
    record = resumed(activated(), after=timedelta(minutes=60))

    assert record == KillSwitchRecord(
        is_active=False, activated_at=NOW, changed_by="operator", reason=""
    )


@pytest.mark.parametrize("reconciled", [False, None], ids=["drift", "nobody knows"])
def test_a_resume_is_refused_while_book_and_broker_are_not_known_to_agree(reconciled):
    refused = resumed(activated(), after=timedelta(hours=2), is_reconciled=reconciled)

    assert refused.refusal is KillSwitchRefusal.NOT_RECONCILED


def test_every_activation_starts_the_cool_down_anew():
    again = RULES.trip(activated(), now=NOW + timedelta(minutes=50), by="system", reason="again")

    refused = resumed(again, after=timedelta(minutes=70))

    assert refused.remaining_minutes == 40


def test_a_clock_that_went_back_does_not_shorten_the_cool_down():
    again = RULES.trip(activated(), now=NOW - timedelta(minutes=30), by="system", reason="again")

    assert again.activated_at == NOW


def test_a_switch_never_activated_has_nothing_to_cool_down_from():
    assert RULES.remaining_minutes(KillSwitchRecord(), now=NOW) == 0


@given(st.lists(st.integers(min_value=-30, max_value=200), min_size=1), st.integers(0, 300))
def test_no_resume_within_an_hour_of_the_latest_activation(activations, minutes):
    record = KillSwitchRecord()
    for minute in activations:
        at = NOW + timedelta(minutes=minute)
        record = RULES.trip(record, now=at, by="system", reason="")

    answer = resumed(record, after=timedelta(minutes=minutes))

    assert isinstance(answer, KillSwitchRecord) is (minutes - max(activations) >= 60)
