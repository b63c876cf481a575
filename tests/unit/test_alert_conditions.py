"""What lasts, as far as the stores can tell, and what a critical alert stops."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from alpha_oracle.bootstrap.alert_conditions import Conditions, Tripwire
from alpha_oracle.domain.alerts import Episode, Notice
from alpha_oracle.domain.instants import utc_text
from alpha_oracle.domain.risk import KillSwitchRecord, Severity
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.risk.kill_switch import KillSwitchRules
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from tests.fakes.clock import FixedClock
from tests.fakes.trading import InMemoryKillSwitch, InMemoryKillSwitchMirror

NOW = datetime(2016, 6, 1, 14, 30, tzinfo=UTC)
ACTIVE = KillSwitchRecord(is_active=True, activated_at=NOW, changed_by="jane", reason="a look")


@dataclass
class Board:
    """A risk board, which may be away."""

    shown: dict | None = field(default_factory=dict)

    def read(self, _account):
        if self.shown is None:
            raise StoreUnavailable("Redis is away")
        return self.shown


class World:
    """A switch, a board and a clock, and those who look at them."""

    def __init__(self):
        self.clock, self.board = FixedClock(NOW), Board()
        self.ledger, self.mirror = InMemoryKillSwitch(), InMemoryKillSwitchMirror()
        switch = KillSwitch(self.ledger, self.mirror)
        rules = KillSwitchRules(cooldown_minutes=60)
        self.conditions = Conditions(switch, self.board, self.clock, account="paper")
        self.tripwire = Tripwire(switch, rules, self.clock)

    def shows(self, *, at=NOW, **breached):
        readings = [{"name": name, "breached": state} for name, state in breached.items()]
        self.board.shown = {"at": utc_text(at), "breakers": readings[:1], "limits": readings[1:]}

    def lasts(self, kind, subject=""):
        return self.conditions.lasts(
            Episode(
                key=kind,
                type=kind,
                subject=subject,
                severity=Severity.HIGH,
                text="x",
                began_at=NOW,
                told_at=NOW,
            )
        )


@pytest.fixture
def world():
    return World()


def a_notice(*, at=NOW):
    return Notice(
        type="unknown_order",
        subject="x",
        severity=Severity.CRITICAL,
        text="CRITICAL: unknown order\norder x is not ours\nNext: look",
        at=at,
    )


def test_the_switch_lasts_while_the_record_says_so(world):
    assert world.lasts("kill_switch") is False
    world.ledger.change(ACTIVE, at=NOW)
    assert world.lasts("kill_switch") is True


def test_a_breaker_lasts_while_the_worker_shows_it_tripped(world):
    world.shows(vix=True, portfolio_drawdown=False)
    assert world.lasts("vix") is True
    assert world.lasts("portfolio_drawdown") is False


@pytest.mark.parametrize(
    ("at", "kind"),
    [(NOW - timedelta(minutes=3), "vix"), (NOW, "exit_failed")],
    ids=["shown long ago", "shown by nobody"],
)
def test_what_nobody_shows_now_nobody_can_tell(world, at, kind):
    world.shows(at=at, vix=True)
    assert world.lasts(kind) is None


def test_an_empty_board_tells_nothing(world):
    assert world.lasts("vix") is None


@pytest.mark.parametrize(("is_breached", "expected"), [(True, None), (False, False)])
def test_which_of_several_is_breached_the_board_does_not_say(world, is_breached, expected):
    world.shows(vix=False, position_limit=is_breached)
    assert world.lasts("position_limit", "AAPL") is expected


def test_a_store_that_answers_is_back(world):
    assert world.lasts("store_away") is False
    assert world.lasts("bus_away") is False
    world.board.shown = None
    assert world.lasts("bus_away") is True
    assert world.lasts("vix") is None


def test_a_critical_alert_activates_the_switch(world):
    world.tripwire.trip(a_notice())
    record = world.ledger.record()
    assert (record.is_active, record.changed_by) == (True, "system")
    assert record.reason == "unknown_order: order x is not ours"
    assert world.mirror.says_active()


def test_a_switch_that_is_active_stays_as_it_is(world):
    world.ledger.change(ACTIVE, at=NOW)
    world.clock.advance(hours=2)
    world.tripwire.trip(a_notice(at=world.clock.now()))
    assert world.ledger.record() == ACTIVE


def test_what_was_resumed_since_the_alert_is_not_halted_again(world):
    world.ledger.change(ACTIVE, at=NOW)
    resumed = replace(ACTIVE, is_active=False)
    world.ledger.change(resumed, at=NOW + timedelta(hours=2))
    world.tripwire.trip(a_notice(at=NOW + timedelta(seconds=1)))
    assert world.ledger.record() == resumed
    world.tripwire.trip(a_notice(at=NOW + timedelta(minutes=2)))
    assert world.ledger.record().is_active


def test_a_halt_of_a_rehearsal_in_the_future_stands_for_none_of_now(world):
    rehearsed = replace(ACTIVE, activated_at=NOW + timedelta(days=365))
    for record in (rehearsed, replace(rehearsed, is_active=False)):
        world.ledger.change(record, at=rehearsed.activated_at)
    world.tripwire.trip(a_notice())
    assert world.ledger.record().is_active


def test_a_mirror_that_is_away_does_not_undo_the_record(world):
    world.mirror.is_away = True
    world.tripwire.trip(a_notice())
    assert world.ledger.record().is_active


def test_a_switch_that_cannot_be_put_on_record_is_tried_again(world):
    def refuse(_record, *, at):
        raise StoreUnavailable("Postgres is away")

    world.ledger.change = refuse
    with pytest.raises(StoreUnavailable):
        world.tripwire.trip(a_notice())
