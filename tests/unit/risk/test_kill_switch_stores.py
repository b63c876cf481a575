import pytest

from alpha_oracle.domain.risk import KillSwitchReading
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from tests.contracts.trading_values import an_activation
from tests.fakes.trading import InMemoryKillSwitch, InMemoryKillSwitchMirror
from tests.trading import NOW


@pytest.fixture
def ledger():
    return InMemoryKillSwitch()


@pytest.fixture
def mirror():
    return InMemoryKillSwitchMirror()


@pytest.fixture
def switch(ledger, mirror):
    return KillSwitch(ledger, mirror)


def resumed():
    return an_activation(is_active=False, reason="")


def test_both_stores_say_what_was_changed(switch, mirror):
    assert not switch.is_active()
    switch.change(an_activation(), at=NOW)
    assert switch.read() == KillSwitchReading(database=True, mirror=True)
    assert switch.record() == an_activation()
    switch.change(resumed(), at=NOW)
    assert switch.read() == KillSwitchReading(database=False, mirror=False)


def test_a_store_that_cannot_be_read_says_nothing_and_halts(switch, ledger, mirror):
    ledger.memory.is_away = True
    assert switch.read() == KillSwitchReading(database=None, mirror=False)
    assert switch.is_active()
    ledger.memory.is_away, mirror.is_away = False, True
    assert switch.read() == KillSwitchReading(database=False, mirror=None)
    assert switch.is_active()


def test_what_is_not_on_record_is_not_mirrored(switch, ledger, mirror):
    ledger.memory.is_away = True
    with pytest.raises(StoreUnavailable):
        switch.change(an_activation(), at=NOW)
    assert not mirror.is_there


def test_a_change_whose_mirror_failed_is_on_record_and_can_be_repeated(switch, mirror):
    mirror.is_away = True
    with pytest.raises(StoreUnavailable):
        switch.change(an_activation(), at=NOW)
    assert switch.read() == KillSwitchReading(database=True, mirror=None)
    mirror.is_away = False
    switch.change(an_activation(), at=NOW)
    assert switch.read() == KillSwitchReading(database=True, mirror=True)


def test_a_mirror_that_lost_an_activation_is_repaired(switch, mirror):
    switch.change(an_activation(), at=NOW)
    mirror.is_there = False
    assert switch.is_active()
    assert switch.repair_mirror()
    assert mirror.is_there
    assert not switch.repair_mirror()


def test_a_mirror_left_behind_by_a_resume_is_repaired(switch, mirror):
    mirror.is_there = True
    assert switch.is_active()
    assert switch.repair_mirror()
    assert not switch.is_active()


def test_an_activation_that_a_late_repeat_finds_undone_is_not_mirrored(switch, mirror):
    switch.change(an_activation(), at=NOW)
    switch.change(resumed(), at=NOW)
    switch.change(an_activation(), at=NOW)
    assert not switch.is_active()
