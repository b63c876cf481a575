"""What people see of the limits while a worker runs."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from alpha_oracle.bootstrap.risk_display import SPACING, displayed
from alpha_oracle.bootstrap.trading_rules import companions
from alpha_oracle.config import Settings
from alpha_oracle.errors import StoreUnavailable
from tests.trading import facts


class Board:
    """A board in memory, which may be away."""

    def __init__(self):
        self.shown = []
        self.is_away = False

    def publish(self, account, document):
        if self.is_away:
            raise StoreUnavailable("Redis is away")
        self.shown.append((account, document))


@pytest.fixture
def board():
    return Board()


@pytest.fixture
def watch(board):
    settings = Settings()
    return displayed(companions(settings), settings, board, account="paper").watch


def named(readings):
    return {one["name"]: one for one in readings}


def test_every_breaker_and_limit_is_shown_with_its_measure_and_its_bound(watch, board):
    watch(facts(), bought=None)
    [(account, document)] = board.shown
    assert account == "paper"
    breakers, limits = named(document["breakers"]), named(document["limits"])
    assert {"vix", "stale_data", "reconciliation_drift", "dead_man"} <= breakers.keys()
    assert {"max_positions", "cash_reserve"} <= limits.keys()
    assert all(one["breached"] is False for one in breakers.values())


def test_what_cannot_be_measured_is_shown_as_breached_and_says_what_is_missing(watch, board):
    whole = facts()
    unknown = replace(whole, account=replace(whole.account, equity_usd=None))
    watch(unknown, bought=None)
    [(_, document)] = board.shown
    breached = [one for one in document["breakers"] if one["breached"]]
    assert breached
    assert all(one["measured"] is None for one in breached)
    assert all("equity" in one["reason"] for one in breached)


def test_it_is_shown_every_few_seconds_however_often_the_worker_looks(watch, board):
    whole = facts()
    for tenths in range(31):
        watch(replace(whole, now=whole.now + SPACING * tenths / 10), bought=None)
    assert len(board.shown) == 4


def test_what_is_told_is_on_the_board_at_once(watch, board):
    whole = facts()
    watch(whole, bought=None)
    lost = replace(whole.account, equity_usd=whole.account.peak_equity_usd * Decimal("0.5"))
    later = replace(whole, account=lost, now=whole.now + timedelta(seconds=1))
    assert watch(later, bought=None)
    (_, before), (_, document) = board.shown
    drawdowns = [named(one["breakers"])["portfolio_drawdown"] for one in (before, document)]
    assert [one["breached"] for one in drawdowns] == [False, True]


def test_a_board_that_is_away_keeps_nobody_from_watching(watch, board):
    whole, board.is_away = facts(), True
    broken = replace(
        whole,
        account=replace(whole.account, equity_usd=whole.account.peak_equity_usd * Decimal("0.5")),
    )
    with capture_logs() as logs:
        events = watch(broken, bought=None)
    assert events
    assert [one["event"] for one in logs] == ["risk_not_shown"]
    watch(replace(broken, now=broken.now + timedelta(seconds=1)), bought=None)
