import json
import time

import pytest

from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.domain.risk import KillSwitchReading, KillSwitchRecord
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from tests.contracts.trading_values import an_activation
from tests.fakes.trading import InMemoryKillSwitch
from tests.trading import NOW

KEY = "kill_switch:active"


def test_the_mirror_is_there_while_the_switch_is_active(connection):
    mirror = RedisKillSwitchMirror(connection)
    assert not mirror.says_active()
    mirror.show(an_activation())
    assert mirror.says_active()
    with connection.client() as client:
        assert json.loads(client.get(KEY)) == {
            "by": "me", "reason": "a storm", "activated_at": "2016-01-08T15:00:00Z",
        }  # fmt: skip
        assert client.ttl(KEY) == -1
    mirror.show(KillSwitchRecord())
    assert not mirror.says_active()


def test_whatever_another_program_left_there_halts(connection):
    with connection.client() as client:
        client.hset(KEY, "no", "string")
    mirror = RedisKillSwitchMirror(connection)
    assert mirror.says_active()
    mirror.show(KillSwitchRecord())
    assert not mirror.says_active()


def test_a_mirror_that_hangs_counts_as_active_before_long(impatient, hang):
    switch = KillSwitch(InMemoryKillSwitch(), RedisKillSwitchMirror(impatient))
    assert not switch.is_active()
    hang(6)
    began = time.monotonic()
    assert switch.read() == KillSwitchReading(database=False, mirror=None)
    with pytest.raises(StoreUnavailable):
        switch.change(an_activation(), at=NOW)
    assert time.monotonic() - began < 5
    assert switch.read() == KillSwitchReading(database=True, mirror=None)


def test_an_unreachable_mirror_says_neither(nobody_answers):
    mirror = RedisKillSwitchMirror(nobody_answers)
    with pytest.raises(StoreUnavailable):
        mirror.says_active()
    with pytest.raises(StoreUnavailable):
        mirror.show(an_activation())
