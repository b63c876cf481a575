import numpy as np
import pytest

from alpha_oracle.research import metrics
from alpha_oracle.research.report import (
    backtest_report,
    best_trades,
    commissions_usd,
    trade_lines,
    worst_trades,
)
from alpha_oracle.research.simulator import FLAT_CAP, TradingCosts, backtest
from alpha_oracle.research.trades import Trades
from alpha_oracle.risk.commissions import FREE
from tests.unit.research.reports import Heading, a_report, a_trade
from tests.unit.research.series import noise
from tests.unit.research.worlds import Holding, a_market, some_decisions, some_terms


def a_run(**terms):
    """Two round trips of 10 sessions: AAA wins, BBB loses."""
    market = a_market(
        {
            "AAA": [10, 10, 11, 12, 12, 12, 12, 12, 12, 12],
            "BBB": [20, 20, 20, 20, 19, 18, 18] + [18] * 3,
        }
    )
    result = backtest(
        some_decisions(
            market,
            entries=[(0, "AAA", 1.0), (2, "BBB", 1.0)],
            exits=[(2, "AAA"), (5, "BBB")],
        ),
        market,
        strategy=Holding(),
        kelly_fraction=FLAT_CAP,
        terms=some_terms(capital=10_000, cap=10, **terms),
    )
    return market, result


def test_a_report_of_a_run_tells_its_equity_and_cash():
    _, result = a_run()
    report = backtest_report(
        metrics.track_record(result),
        about=Heading(title="Backtest", strategy="Holding"),
        capital_usd=10_000.0,
        trial_sharpes=[],
        seed=1,
    )
    assert report.sessions.tolist() == result.sessions[1:].tolist()
    assert report.equity == pytest.approx(result.equity[1:])
    assert report.cash == pytest.approx(result.cash[1:])
    assert report.metrics.trades == 2


def test_a_trade_is_told_with_its_sessions_result_and_reason():
    market, result = a_run()
    won, lost = trade_lines(Trades.of(result))

    assert (won.symbol, won.quantity) == ("AAA", 100)
    assert (won.entry, won.exit) == (market.sessions[1].item(), market.sessions[3].item())
    assert (won.pnl_usd, won.return_pct) == (pytest.approx(200.0), pytest.approx(20.0))
    assert won.reason == "strategy"
    assert won.commission_usd is None
    assert (lost.symbol, lost.return_pct) == ("BBB", pytest.approx(-10.0))


def test_commissions_of_trades_are_those_of_both_orders():
    _, free = a_run()
    assert commissions_usd(free) == [0.0, 0.0]

    seven_usd = FREE._replace(minimum=7.0)
    _, result = a_run(costs=TradingCosts(commission=seven_usd, slippage_bps=0.0))
    assert commissions_usd(result) == [14.0, 14.0]
    assert sum(commissions_usd(result)) == result.fills["commission"].sum()
    lines = trade_lines(Trades.of(result), commissions=commissions_usd(result))
    assert [line.commission_usd for line in lines] == [14.0, 14.0]


def test_the_best_trades_won_and_the_worst_lost():
    trades = [a_trade(pnl) for pnl in (5.0, -1.0, 9.0, 0.0, -7.0, 2.0)]
    report = a_report(trades=trades)

    assert [trade.pnl_usd for trade in best_trades(report, count=2)] == [9.0, 5.0]
    assert [trade.pnl_usd for trade in best_trades(report, count=9)] == [9.0, 5.0, 2.0]
    assert [trade.pnl_usd for trade in worst_trades(report, count=9)] == [-7.0, -1.0]


def test_the_benchmark_grows_from_its_first_known_close():
    closes = np.array([np.nan, 50.0, 55.0, np.nan, 60.0])
    report = a_report(returns=np.array([0.01, 0.02, -0.01, 0.03]), closes=closes)

    np.testing.assert_allclose(report.benchmark, [1.0, 1.1, np.nan, 1.2])
    # One return alone is known: 50 to 55.
    assert report.against_benchmark is None


def test_a_benchmark_is_compared_session_by_session():
    market = noise(300, seed=5)
    closes = 200.0 * np.concatenate(([1.0], np.cumprod(1.0 + market)))
    report = a_report(returns=0.0002 + 0.5 * market, closes=closes)

    assert report.benchmark[-1] == pytest.approx(closes[-1] / 200.0)
    assert report.against_benchmark.beta == pytest.approx(0.5)
    assert report.against_benchmark.sessions == 300


@pytest.mark.parametrize("closes", [None, np.full(301, np.nan)])
def test_an_unknown_benchmark_is_left_out(closes):
    report = a_report(closes=closes)
    assert report.benchmark is None
    assert report.against_benchmark is None


def test_the_same_run_gives_the_same_figures():
    first, again = a_report(seed=3), a_report(seed=3)
    assert first.resampled == again.resampled
    assert first.chance == again.chance
    assert a_report(seed=4).resampled != first.resampled
