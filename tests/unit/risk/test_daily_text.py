"""The message of a session: that all is well, or what is not."""

from datetime import UTC, date, datetime

import pytest

from alpha_oracle.domain.alerts import Episode
from alpha_oracle.domain.ranking import PerformanceMetrics, StrategyRank
from alpha_oracle.domain.risk import Severity
from alpha_oracle.risk.daily_text import Day, daily_text

SESSION = date(2016, 6, 1)
NOW = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)


def a_rank(rank, strategy, *, refusals=()):
    return StrategyRank(
        session=SESSION,
        rank=rank,
        strategy=strategy,
        composite=0.5,
        consistency=0.9,
        windows=8,
        metrics=PerformanceMetrics(
            sessions=1,
            trades=1,
            total_return_pct=1.0,
            sharpe=None,
            sortino=None,
            max_drawdown_pct=1.0,
            profit_factor=None,
            win_rate=None,
            avg_win_loss_ratio=None,
            exposure_pct=1.0,
            turnover=1.0,
            costs_usd=1.0,
        ),
        refusals=refusals,
    )


def an_episode(number=1, severity=Severity.HIGH):
    return Episode(
        key=f"vix:{number}",
        type="vix",
        subject="",
        severity=severity,
        text=f"HIGH: vix {number}\nmore",
        began_at=NOW,
        told_at=NOW,
    )


def a_day(**changes):
    ordinary = {
        "session": SESSION,
        "signals": 12,
        "bars": "479 of 479 expected symbols (100.0 %)",
        "ranking": [a_rank(1, "Momentum"), a_rank(2, "Breakout", refusals=("too weak",))],
        "equity_usd": 101_234.5,
        "positions": 3,
        "is_halted": False,
        "open": [],
    }
    return Day(**ordinary | changes)


def test_a_good_day_says_so_with_its_figures():
    assert daily_text(a_day()).splitlines() == [
        "All is well: the pipeline of 2016-06-01 is done",
        "Bars: 479 of 479 expected symbols (100.0 %)",
        "Signals: 12",
        "Ranking: 1. Momentum 0.50, 2. Breakout 0.50 (no entries)",
        "Equity: 101,234.50 USD in 3 positions and cash",
        "Kill switch: off",
    ]


def test_what_is_unknown_is_said_to_be():
    text = daily_text(a_day(signals=None, bars=None, ranking=[], equity_usd=None, positions=None))
    assert "Bars: unknown\nSignals: unknown\nRanking: none\nEquity: unknown\n" in text


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"is_halted": True}, "Kill switch: ACTIVE, or not to be read"),
        ({"open": [an_episode()]}, "Open: HIGH: vix 1 (vix:1)"),
    ],
    ids=["halted", "something open"],
)
def test_a_day_that_is_not_well_says_what_is_not(changes, line):
    text = daily_text(a_day(**changes))
    assert text.startswith("Not all is well")
    assert line in text.splitlines()


def test_a_warning_spoils_no_day():
    assert daily_text(a_day(open=[an_episode(severity=Severity.WARNING)])).startswith("All is well")


def test_a_long_list_of_what_is_open_is_cut_and_says_how_much_more():
    lines = daily_text(a_day(open=[an_episode(number) for number in range(13)])).splitlines()
    assert sum(line.startswith("Open: ") for line in lines) == 10
    assert lines[-1].startswith("and 3 more")
