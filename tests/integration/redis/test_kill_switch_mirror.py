import json

import pytest

from alpha_oracle.adapters.redis.kill_switch_mirror import RedisKillSwitchMirror
from alpha_oracle.domain.risk import KillSwitchRecord
from alpha_oracle.errors import StoreUnavailable
from tests.contracts.trading_values import an_activation

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


def test_an_unreachable_mirror_says_neither(nobody_answers):
    mirror = RedisKillSwitchMirror(nobody_answers)
    with pytest.raises(StoreUnavailable):
        mirror.says_active()
    with pytest.raises(StoreUnavailable):
        mirror.show(an_activation())
