"""The storms find an engine that is broken in one place: what they pass has been looked at."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import pytest

from alpha_oracle.errors import ContradictsRecord
from tests.chaos.breakages import (
    AcknowledgesFirst,
    AcknowledgesUnsettled,
    CommitsAfterwards,
    ForgetsToFlush,
    IgnoresTheSwitch,
    LeavesCarried,
    SaysOff,
    SendsAgain,
    TakesSilenceForNo,
    counts_sales_twice,
    forgets_executions,
    with_broker,
    with_ledger,
    with_store,
    without_check,
)
from tests.chaos.sessions import run
from tests.chaos.storms import a_storm

SEEDS = 400
LARGE_POSITIONS = {
    "max_position_pct": Decimal(30),
    "max_sector_pct": Decimal(50),
    "max_drawdown_pct": Decimal(90),
}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param(
            {"build": with_broker(SendsAgain)}, "sent twice", id="sends again what got no answer"
        ),
        pytest.param(
            {"build": with_broker(TakesSilenceForNo)},
            "breaches integrity",
            id="takes silence for a refusal",
        ),
        pytest.param(
            {"build": with_store(CommitsAfterwards)},
            "other orders in mind",
            id="commits after it sent",
        ),
        pytest.param(
            {"build": with_store(IgnoresTheSwitch, switch=SaysOff)},
            "sent while the kill switch",
            id="asks no kill switch",
        ),
        pytest.param(
            {"build": with_store(ForgetsToFlush)},
            "in mind",
            id="forgets to flush what was committed together",
        ),
        pytest.param(
            {"build": with_store(LeavesCarried), "is_bare": True},
            "a signal lost",
            id="settles without what it carries",
        ),
        pytest.param(
            {"build": with_ledger(counts_sales_twice)}, "other cash", id="counts a sale twice"
        ),
        pytest.param(
            {"build": with_ledger(forgets_executions)},
            "other lots in mind",
            id="forgets over a restart what it booked",
        ),
        pytest.param(
            {"worked_by": AcknowledgesFirst, "is_bare": True},
            "a signal lost",
            id="acknowledges before it is on record",
        ),
        pytest.param(
            {"worked_by": AcknowledgesUnsettled, "is_bare": True},
            "a signal lost",
            id="acknowledges before it is durable",
        ),
    ],
)
def test_an_engine_broken_on_purpose_is_found(changes, found):
    assert found in first_found(changes)


@pytest.mark.parametrize(
    ("check", "found", "changes"),
    [
        ("vix", "volatility", {"falls": "later"}),
        ("min_price", "minimum price", {}),
        ("position_limit", "position limit", {}),
        ("sector_limit", "sector limit", {}),
        ("portfolio_drawdown", "drawdown", {"falls": "one"}),
        ("portfolio_daily_loss", "daily loss", {"falls": "one", "bounds": LARGE_POSITIONS}),
        ("max_positions", "positions", {}),
        ("max_trades_per_day", "trades a day", {}),
        ("order_rate", "rate", {}),
        ("share_of_volume", "nobody was asked", {}),
        ("reference_distance", "nobody was asked", {}),
    ],
)
def test_a_cascade_that_lacks_a_check_is_found(check, found, changes):
    assert found in first_found({"build": without_check(check), **changes})


def first_found(changes):
    """What the storms say of an engine first, be it in whichever of them."""
    for seed in count():
        assert seed < SEEDS, f"nothing found in {SEEDS} storms"
        try:
            run(a_storm(seed, **changes))
        except AssertionError as error:
            return str(error)
        except ContradictsRecord:
            # Refused by the record before anyone could judge it: other storms show it to us.
            continue
    return ""
