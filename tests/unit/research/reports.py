"""Reports for tests, each stating only what the test is about."""

from datetime import date, timedelta

import numpy as np

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.walk_forward import WindowOutcome
from alpha_oracle.research.metrics import TrackRecord
from alpha_oracle.research.report import Heading, TradeLine, backtest_report
from tests.builders import sessions_from
from tests.unit.research.series import noise


def a_track(returns, *, profits=(), exposure=0.5, costs=2.0):
    count = len(returns)
    return TrackRecord(
        sessions=np.array(sessions_from(count=count), "datetime64[D]"),
        returns=np.asarray(returns, np.float64),
        exposure=np.full(count, exposure),
        traded=np.full(count, 0.1),
        costs=np.full(count, costs),
        profits=np.asarray(profits, np.float64),
    )


def a_trade(pnl, *, symbol="AAA", paid=1000.0, reason="strategy", commission=2.0):
    return TradeLine(
        symbol=Symbol(symbol),
        entry=date(2016, 2, 1),
        exit=date(2016, 2, 9),
        quantity=10,
        pnl_usd=pnl,
        return_pct=pnl / paid * 100,
        reason=reason,
        commission_usd=commission,
    )


def a_window(return_pct, *, start=date(2016, 1, 4), parameters=None):
    return WindowOutcome(
        train_start=start,
        test_start=start + timedelta(days=730),
        test_end=start + timedelta(days=910),
        parameters=parameters or {"holdings": 20},
        train_sharpes=(1.0,),
        train_trades=40,
        win_rate=0.5,
        avg_win_loss_ratio=1.5,
        kelly_fraction=0.04,
        return_pct=return_pct,
    )


def a_report(
    *,
    returns=None,
    trades=(),
    windows=(),
    closes=None,
    trials=(0.9, 0.2, -0.3),
    seed=1,
    **about,
):
    returns = noise(300, sharpe=1.0, seed=2) if returns is None else returns
    heading = {"title": "Backtest", "strategy": "Momentum"} | about
    return backtest_report(
        a_track(returns, profits=[trade.pnl_usd for trade in trades]),
        about=Heading(**heading),
        capital_usd=100_000.0,
        trial_sharpes=trials,
        seed=seed,
        benchmark_closes=closes,
        trades=trades,
        windows=windows,
    )
