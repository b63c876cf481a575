from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import AutonomyMode, Severity
from alpha_oracle.risk.facts import VixReading
from alpha_oracle.risk.portfolio_monitor import PortfolioMonitor
from tests.trading import NOW, SYMBOL, an_exposure, bounds, facts

MONITOR = PortfolioMonitor(bounds=bounds())
OTHER = Symbol("BBB")
HIGH, CRITICAL, WARNING = Severity.HIGH, Severity.CRITICAL, Severity.WARNING


def holding(usd, *, sector_usd=None, sector="Technology"):
    whole = Decimal(usd if sector_usd is None else sector_usd)
    return an_exposure(by_symbol={SYMBOL: Decimal(usd)}, by_sector={sector: whole})


def slots(count):
    return an_exposure(by_symbol={Symbol(f"H{number}"): Decimal(1) for number in range(count)})


def found(changes, *, bought=None):
    findings = MONITOR.check_portfolio(facts(**changes), bought=bought)
    return {finding.key: finding.alert.severity for finding in findings}


def test_a_portfolio_within_its_limits_alerts_nobody():
    assert MONITOR.check_portfolio(facts(exposure=holding(5_000))) == ()


def test_a_drawdown_is_told_as_the_specification_has_it():
    fallen = facts(equity_usd=Decimal(87_500), previous_close_equity_usd=Decimal(87_500))

    (finding,) = MONITOR.check_portfolio(fallen)

    assert finding.alert.document() == {
        "event": "risk:alert",
        "type": "portfolio_drawdown",
        "severity": "high",
        "value": 12.5,
        "threshold": 10,
        "message": "equity is 12.50 % below the equity peak, bound 10 %",
        "timestamp": "2016-01-08T15:00:00Z",
    }


@pytest.mark.parametrize(
    ("changes", "bought", "expected"),
    [
        pytest.param(
            {"equity_usd": Decimal(97_000), "cash_usd": Decimal(97_000)}, None,
            {("portfolio_daily_loss", ""): HIGH}, id="daily loss on its bound",
        ),
        pytest.param(
            {"vix": VixReading(value=Decimal(36), age_sessions=0)}, None,
            {("vix", ""): HIGH}, id="a tripped breaker",
        ),
        pytest.param(
            {"latest_data_at": NOW - timedelta(hours=1)}, None,
            {("stale_data", ""): HIGH}, id="a silent feed",
        ),
        pytest.param({"operator_idle_hours": None}, None,
            {("dead_man", ""): HIGH}, id="an operator never seen"),
        pytest.param({"drift_pct": Decimal("0.5")}, None,
            {("reconciliation_mismatch", ""): WARNING}, id="any mismatch"),
        pytest.param({"drift_pct": Decimal(1)}, None,
            {("reconciliation_drift", ""): HIGH}, id="drift on its bound"),
        pytest.param({"exposure": holding(5_100)}, None,
            {("position_limit", "AAA"): HIGH}, id="a position that grew"),
        pytest.param({"exposure": holding(5_200)}, OTHER,
            {("position_limit", "AAA"): HIGH}, id="grown while another was bought"),
        pytest.param({"exposure": holding(5_150)}, SYMBOL,
            {("position_limit", "AAA"): HIGH}, id="a fill that was only dearer"),
        pytest.param({"exposure": holding(5_151)}, SYMBOL,
            {("position_limit", "AAA"): CRITICAL}, id="a fill of what was never cleared"),
        pytest.param({"exposure": holding(1_000, sector_usd=25_001)}, None,
            {("sector_limit", "Technology"): HIGH}, id="a sector that grew"),
        pytest.param({"exposure": holding(1_000, sector_usd=25_751)}, SYMBOL,
            {("sector_limit", "Technology"): CRITICAL}, id="a sector bought past its limit"),
        pytest.param({"exposure": holding(1_000, sector_usd=25_751, sector=None), "sectors": {}},
            SYMBOL, {("sector_limit", "unknown sector"): HIGH}, id="sectors nobody knows"),
        pytest.param({"exposure": slots(21)}, None,
            {("max_positions", ""): HIGH}, id="too many positions"),
        pytest.param({"exposure": slots(21)}, SYMBOL,
            {("max_positions", ""): CRITICAL}, id="one position too many bought"),
        pytest.param({"trades_today": 51}, SYMBOL,
            {("max_trades_per_day", ""): HIGH}, id="exits beyond the day's trades"),
        pytest.param({"cash_usd": Decimal(9_999)}, None,
            {("cash_reserve", ""): HIGH}, id="the reserve touched"),
        pytest.param({"cash_usd": Decimal(9_700)}, SYMBOL,
            {("cash_reserve", ""): HIGH}, id="the reserve touched by a dearer fill"),
        pytest.param({"cash_usd": Decimal(9_699)}, SYMBOL,
            {("cash_reserve", ""): CRITICAL}, id="the reserve spent"),
        pytest.param({"mode": AutonomyMode.FULL_AUTONOMOUS}, None,
            {("autonomy_gate", ""): WARNING}, id="full autonomy withheld"),
        pytest.param({"trades_today": None}, None, {}, id="a number nobody knows is no breach"),
    ],
)  # fmt: skip
def test_a_breach_is_told_by_its_severity(changes, bought, expected):
    assert found(changes, bought=bought) == expected


@pytest.mark.parametrize("changes", [{"equity_usd": None}, {"equity_usd": Decimal(0)}])
def test_without_equity_the_losses_alone_are_told(changes):
    assert ("portfolio_drawdown", "") in found({**changes, "exposure": holding(90_000)})
    assert ("position_limit", "AAA") not in found({**changes, "exposure": holding(90_000)})


def test_every_gauge_is_shown_with_its_bound():
    shown = {one.name: (one.measured, one.bound) for one in MONITOR.read_gauges(facts())}

    assert shown == {
        "vix": (15, 35),
        "stale_data": (1, 300),
        "reconciliation_drift": (0, 1),
        "dead_man": (1, 48),
        "portfolio_drawdown": (0, 10),
        "portfolio_daily_loss": (0, 3),
    }


def test_of_each_limit_the_fullest_is_shown_with_its_bound():
    held = {SYMBOL: Decimal(2_000), OTHER: Decimal(3_000), Symbol("CCC"): Decimal(1_000)}
    exposure = an_exposure(by_symbol=held, by_sector={"Technology": Decimal(6_000)})

    limits = MONITOR.read_limits(facts(exposure=exposure, trades_today=4, cash_usd=Decimal(94_000)))

    assert {one.name: (one.measured, one.bound) for one in limits} == {
        "position_limit": (3, 5),
        "sector_limit": (6, 25),
        "max_positions": (3, 20),
        "max_trades_per_day": (4, 50),
        "cash_reserve": (6, 90),
    }
