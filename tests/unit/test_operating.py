"""What operators may do: on the account that the settings trade, and on what is known of it now."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.bootstrap.operating import Operations
from alpha_oracle.bootstrap.presence import traded_account
from alpha_oracle.config import Settings
from alpha_oracle.domain.risk import AutonomyMode
from alpha_oracle.domain.trading_pages import Page
from alpha_oracle.domain.trading_records import Mismatch, Reconciliation
from alpha_oracle.errors import ConfigurationError, StoreUnavailable
from alpha_oracle.risk.kill_switch import KillSwitchRefusal, KillSwitchRules, RefusedChange
from alpha_oracle.risk.kill_switch_stores import KillSwitch
from tests.fakes.clock import FixedClock
from tests.fakes.event_bus import InMemoryEventBus
from tests.fakes.trading import InMemoryKillSwitch, InMemoryKillSwitchMirror, InMemoryOperators
from tests.trading import NOW, SYMBOL

MISMATCH = Mismatch(symbol=SYMBOL, book=1, broker=2, price=None)


@dataclass
class Records:
    """Accounts and their reconciliations, newest last."""

    known: list = field(default_factory=list)
    found: list = field(default_factory=list)

    def accounts(self):
        return self.known

    def reconciliations(self, *, account, limit):
        own = [one for one in reversed(self.found) if one.account == account]
        return Page(rows=tuple(own[:limit]))


class Waiting:
    """An outbox whose announcements cannot be relayed now."""

    def relay(self, _bus, *, at):
        raise StoreUnavailable(f"the bus is away at {at}")


def operations(clock, records, *, traded="paper"):
    operators = InMemoryOperators()
    return Operations(
        by="jane",
        traded=traded,
        clock=clock,
        switch=KillSwitch(InMemoryKillSwitch(), InMemoryKillSwitchMirror()),
        rules=KillSwitchRules(cooldown_minutes=60),
        activity=operators,
        approvals=operators,
        desk=operators,
        records=records,
        outbox=Waiting(),
        bus=InMemoryEventBus(),
    )


def a_reconciliation(at, *, account="paper", mismatches=()):
    return Reconciliation(
        account=account,
        at=at,
        occasion="timer",
        mismatches=mismatches,
        drift_pct=Decimal(0),
        cash_difference_usd=Decimal(0),
    )


def resumed_after(found, *, traded="paper"):
    """What becomes of a resume an hour after the activation, with these reconciliations."""
    clock = FixedClock(NOW)
    made = operations(clock, Records(known=["paper", "zzz"], found=found), traded=traded)
    made.activate("KILL", reason="a drill")
    clock.advance(minutes=60)
    return made.resume("RESUME")


LATER = NOW + timedelta(minutes=30)


def test_a_resume_needs_the_account_to_be_green_since_the_activation():
    assert resumed_after([a_reconciliation(LATER)]).is_active is False


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([], id="nobody looked"),
        pytest.param([a_reconciliation(NOW - timedelta(seconds=1))], id="green before it"),
        pytest.param([a_reconciliation(LATER, account="zzz")], id="another account is green"),
        pytest.param(
            [
                a_reconciliation(LATER),
                a_reconciliation(LATER + timedelta(minutes=5), mismatches=(MISMATCH,)),
            ],
            id="green once and not any more",
        ),
    ],
)
def test_a_resume_is_refused_on_any_other_reconciliation(found):
    refused = resumed_after(found)
    assert isinstance(refused, RefusedChange)
    assert refused.refusal is KillSwitchRefusal.NOT_RECONCILED


def test_an_account_nobody_trades_any_more_keeps_no_resume_from_happening():
    old = a_reconciliation(NOW - timedelta(days=90), account="zzz", mismatches=(MISMATCH,))
    assert resumed_after([old, a_reconciliation(LATER)]).is_active is False


def test_what_is_asked_is_asked_of_the_account_that_the_settings_trade():
    records = Records(known=["DU1234567", "paper"])
    assert operations(FixedClock(NOW), records, traded="DU1234567").account() == "DU1234567"
    with pytest.raises(ConfigurationError, match="U7654321 is not traded yet"):
        operations(FixedClock(NOW), records, traded="U7654321").account()


@pytest.mark.parametrize(
    ("mode", "provider", "account"),
    [
        ("PAPER_ONLY", "ibkr", "paper"),
        ("MANUAL_APPROVAL", "simulated", "paper"),
        ("MANUAL_APPROVAL", "ibkr", "DU1234567"),
    ],
)
def test_the_account_follows_mode_and_broker(mode, provider, account):
    settings = Settings()
    broker = settings.broker.model_copy(
        update={
            "provider": provider,
            "ibkr": settings.broker.ibkr.model_copy(update={"account": "DU1234567"}),
        }
    )
    risk = settings.risk.model_copy(update={"autonomy_mode": AutonomyMode(mode)})
    given = settings.model_copy(update={"broker": broker, "risk": risk})
    assert traded_account(given) == account
