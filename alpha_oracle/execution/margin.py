"""The account's intraday margin deficits, from the broker's figures whenever all is asked.

That is at the start, before a batch, every five minutes and after the close: the rule is satisfied
with a single look at the end of the day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert
from alpha_oracle.risk.intraday_margin import after_look, due_session, margin_level, meet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from alpha_oracle.domain.broker import BrokerAccount
    from alpha_oracle.domain.margin import MarginDeficit
    from alpha_oracle.domain.market import Session
    from alpha_oracle.execution.ledger import Ledger

MARGIN_DEFICIT: Final = "intraday_margin_deficit"


def look_at_margin(
    ledger: Ledger, account: BrokerAccount, *, session: Session, at: datetime
) -> None:
    """Put on record what an account's figures say of its deficits, and tell of a new one.

    `session` is the one that opened last: what is seen before the next one opens is its end.
    """
    found = _deficits(ledger.deficits, account, session=session)
    changed = tuple(one for one in found if one != ledger.deficits.get(one.session))
    if not changed:
        return
    new = [one for one in changed if one.session not in ledger.deficits]
    ledger.commit(
        ledger.change(
            f"margin|{at.isoformat()}",
            deficits=changed,
            announcements=tuple(_alert(one, at) for one in new),
        )
    )


def _deficits(
    known: Mapping[Session, MarginDeficit], account: BrokerAccount, *, session: Session
) -> tuple[MarginDeficit, ...]:
    level = margin_level(account.equity, account.maintenance_margin)
    today = after_look(known.get(session), level, session=session, equity_usd=account.equity)
    earlier = [one for day, one in known.items() if day != session]
    return meet(earlier if today is None else [*earlier, today], level, session=session)


def _alert(deficit: MarginDeficit, at: datetime) -> RiskAlert:
    return RiskAlert(
        type=MARGIN_DEFICIT,
        severity=Severity.HIGH,
        value=deficit.usd,
        threshold=None,
        message=(
            f"the intraday margin level of {deficit.session} is {deficit.usd:.2f} USD below zero; "
            f"deposit or sell by the close of {due_session(deficit)}, or nothing is bought for 90 "
            "days"
        ),
        at=at,
    )
