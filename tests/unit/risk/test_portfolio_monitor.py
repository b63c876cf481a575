from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.risk import AutonomyMode, Severity
from alpha_oracle.risk.facts import VixReading
from alpha_oracle.risk.market_moves import Purchase, SessionRange
from alpha_oracle.risk.portfolio_monitor import PortfolioMonitor
from tests.trading import NOW, SYMBOL, TODAY, an_exposure, bounds, facts

MONITOR = PortfolioMonitor(bounds=bounds())
OTHER = Symbol("BBB")
HIGH, CRITICAL, WARNING = Severity.HIGH, Severity.CRITICAL, Severity.WARNING


def holding(usd, *, sector_usd=None, sector="Technology"):
    whole = Decimal(usd if sector_usd is None else sector_usd)
    return an_exposure(by_symbol={SYMBOL: Decimal(usd)}, by_sector={sector: whole})


def slots(count):
    return an_exposure(by_symbol={Symbol(f"H{number}"): Decimal(1) for number in range(count)})


def found(changes, *, bought=None, price=100, is_first=True, seen=None):
    purchase = None if bought is None else Purchase(bought, Decimal(price), is_first=is_first)
    findings = MONITOR.check_portfolio(facts(**changes), bought=purchase, seen=seen)
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
            {}, id="a small drift, which the reconciler tells"),
        pytest.param({"drift_pct": Decimal(1)}, None,
            {("reconciliation_drift", ""): HIGH}, id="drift on its bound"),
        pytest.param({"exposure": holding(5_500)}, None,
            {}, id="a position that grew within the margin"),
        pytest.param({"exposure": holding(5_501)}, None,
            {("position_limit", "AAA"): HIGH}, id="a position that grew"),
        pytest.param({"exposure": holding(5_501)}, OTHER,
            {("position_limit", "AAA"): HIGH}, id="grown while another was bought"),
        pytest.param({"exposure": holding(5_150)}, SYMBOL,
            {}, id="a fill that was only dearer"),
        pytest.param({"exposure": holding(5_151)}, SYMBOL,
            {("position_limit", "AAA"): CRITICAL}, id="a fill of what was never cleared"),
        pytest.param({"exposure": holding(1_000, sector_usd=27_500)}, None,
            {}, id="a sector that grew within the margin"),
        pytest.param({"exposure": holding(1_000, sector_usd=27_501)}, None,
            {("sector_limit", "Technology"): HIGH}, id="a sector that grew"),
        pytest.param({"exposure": holding(1_000, sector_usd=25_751)}, SYMBOL,
            {("sector_limit", "Technology"): CRITICAL}, id="a sector bought past its limit"),
        pytest.param({"exposure": holding(1_000, sector_usd=27_501, sector=None), "sectors": {}},
            SYMBOL, {("sector_limit", "unknown sector"): HIGH}, id="sectors nobody knows"),
        pytest.param({"exposure": slots(21)}, None,
            {("max_positions", ""): HIGH}, id="too many positions"),
        pytest.param({"exposure": slots(21)}, SYMBOL,
            {("max_positions", ""): CRITICAL}, id="one position too many bought"),
        pytest.param({"trades_today": 51}, SYMBOL,
            {("max_trades_per_day", ""): HIGH}, id="exits beyond the day's trades"),
        pytest.param({"cash_usd": Decimal(9_000)}, None,
            {}, id="the reserve touched within the margin"),
        pytest.param({"cash_usd": Decimal(8_999)}, None,
            {("cash_reserve", ""): HIGH}, id="the reserve touched"),
        pytest.param({"cash_usd": Decimal(9_700)}, SYMBOL,
            {}, id="the reserve touched by a dearer fill"),
        pytest.param({"cash_usd": Decimal(9_699)}, SYMBOL,
            {("cash_reserve", ""): CRITICAL}, id="the reserve spent"),
        pytest.param({"mode": AutonomyMode.FULL_AUTONOMOUS}, None,
            {("autonomy_gate", ""): WARNING}, id="full autonomy withheld"),
        pytest.param({"trades_today": None}, None, {}, id="a number nobody knows is no breach"),
    ],
)  # fmt: skip
def test_a_breach_is_told_by_its_severity(changes, bought, expected):
    assert found(changes, bought=bought) == expected


def market_of(price, *, equity=100_000, **others):
    """The lowest prices of AAA and of others, and the highest equity, USD."""
    lows = {Symbol(symbol): Decimal(low) for symbol, low in others.items()}
    return SessionRange(lows={SYMBOL: Decimal(price), **lows}, high_equity_usd=Decimal(equity))


def test_a_fill_that_was_within_the_limit_at_its_price_is_none_of_ours():
    grown = {"exposure": holding(5_600)}
    assert found(grown, bought=SYMBOL, price=91) == {("position_limit", "AAA"): HIGH}
    assert found(grown, bought=SYMBOL, price=100) == {("position_limit", "AAA"): CRITICAL}


def test_a_purchase_of_what_was_held_before_makes_no_position_too_many():
    crowded = {"exposure": slots(21)}
    assert found(crowded, bought=SYMBOL, is_first=False) == {("max_positions", ""): HIGH}


def test_a_fill_is_judged_at_its_own_price_and_not_at_a_lower_one_of_before():
    grown = {"exposure": holding(5_200)}
    seen = market_of(90)
    assert found(grown, bought=SYMBOL, price=100, seen=seen)["position_limit", "AAA"] is CRITICAL


def test_an_equity_that_fell_makes_no_fill_a_breach_of_ours():
    fallen = {
        "exposure": holding(5_000),
        "equity_usd": Decimal(90_500),
        "previous_close_equity_usd": Decimal(91_000),
        "cash_usd": Decimal(85_500),
    }
    seen = market_of(100, equity=100_000)
    assert found(fallen, bought=SYMBOL, seen=seen) == {("position_limit", "AAA"): HIGH}


def test_a_sector_that_rose_while_one_of_it_was_bought_is_none_of_ours():
    exposure = an_exposure(
        by_symbol={SYMBOL: Decimal(1_000), OTHER: Decimal(27_000)},
        by_sector={"Technology": Decimal(28_000)},
    )
    changes = {
        "exposure": exposure,
        "prices": {SYMBOL: Decimal(100), OTHER: Decimal(50)},
        "sectors": {SYMBOL: "Technology", OTHER: "Technology"},
    }
    risen, flat = market_of(100, BBB=44), market_of(100, BBB=50)
    key = ("sector_limit", "Technology")
    assert found(changes, bought=SYMBOL, seen=risen)[key] is HIGH
    assert found(changes, bought=SYMBOL, seen=flat)[key] is CRITICAL


def test_a_rise_of_what_is_held_spends_no_reserve():
    changes = {
        "exposure": an_exposure(by_symbol={SYMBOL: Decimal(91_100)}, by_sector={}),
        "cash_usd": Decimal(8_900),
    }
    assert found(changes, bought=SYMBOL, price=87)["cash_reserve", ""] is HIGH
    assert found(changes, bought=SYMBOL, price=100)["cash_reserve", ""] is CRITICAL


def test_another_session_begins_its_own_range_of_prices():
    monday = SessionRange().with_look(facts(prices={SYMBOL: Decimal(80)}))
    later = facts(prices={SYMBOL: Decimal(90)}, equity_usd=Decimal(90_000))
    assert monday.with_look(later).lows == {SYMBOL: 80}
    assert monday.with_look(later).high_equity_usd == 100_000

    next_session = facts(
        prices={SYMBOL: Decimal(90)},
        session=TODAY + timedelta(days=3),
        equity_usd=None,
        previous_close_equity_usd=None,
    )
    assert monday.with_look(next_session).lows == {SYMBOL: 90}
    assert monday.with_look(next_session).high_equity_usd is None


def test_what_is_held_without_a_quote_of_now_is_told_while_the_market_is_open():
    blind = {"exposure": an_exposure(by_symbol={OTHER: Decimal(0)}, unpriced=frozenset({OTHER}))}
    assert found(blind) == {("stale_quote", "BBB"): HIGH}
    assert found({**blind, "is_market_open": False}) == {}


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
