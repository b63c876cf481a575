from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.domain.risk import AutonomyMode, DayTradeRegime, KillSwitchReading, RiskAction
from alpha_oracle.risk.commissions import cost
from alpha_oracle.risk.exposure import Commitment
from alpha_oracle.risk.facts import LinkState, VixReading
from alpha_oracle.risk.pre_trade import PreTradeRiskManager, standard_checks
from tests.trading import (
    COMMISSION,
    NOW,
    STRATEGY,
    SYMBOL,
    TODAY,
    a_protective_exit,
    a_quote,
    a_tally,
    an_exit,
    an_exposure,
    an_order,
    bounds,
    facts,
    sum_exposure,
)

MANAGER = PreTradeRiskManager(standard_checks(bounds()))
IN_ORDER = [
    "kill_switch", "link", "vix", "stale_data", "reconciliation_drift", "dead_man",
    "quote_known", "quote_fresh", "day_trade_guard",
    "no_short_sale", "min_price", "position_limit", "sector_limit", "no_leverage",
    "portfolio_drawdown", "portfolio_daily_loss", "max_positions", "max_trades_per_day",
    "cash_reserve",
    "duplicate_id", "duplicate_intent", "price_collar", "order_rate", "share_of_volume",
    "reference_distance", "autonomy_gate",
]  # fmt: skip

SMALL = {"equity_usd": Decimal(20_000), "previous_close_equity_usd": Decimal(20_000)}
OLD_QUOTE = {SYMBOL: a_quote(at=NOW - timedelta(hours=1))}

# What refuses an entry, and whether it holds back an exit too (contracts: exits that only reduce
# risk are held back by the kill switch, a lost link, the day-trade rule and a missing quote).
REFUSALS = [
    ("kill_switch", {"kill_switch": KillSwitchReading(database=True, mirror=True)}, True),
    ("link", {"link": LinkState.DOWN}, True),
    ("vix", {"vix": VixReading(value=Decimal(40), age_sessions=0)}, False),
    ("vix", {"vix": None}, False),
    ("stale_data", {"latest_data_at": NOW - timedelta(minutes=6)}, False),
    ("reconciliation_drift", {"drift_pct": Decimal(2)}, False),
    ("dead_man", {"operator_idle_hours": Decimal(49)}, False),
    ("quote_known", {"quotes": {}}, True),
    ("quote_fresh", {"quotes": OLD_QUOTE}, False),
    ("day_trade_guard", {"day_trades": None, **SMALL}, False),
    ("day_trade_guard", {"maintenance_margin_usd": None}, False),
    ("min_price", {"prices": {}}, False),
    ("min_price", {"prices": {SYMBOL: Decimal(4)}}, False),
    ("position_limit", {"exposure": an_exposure(
        by_symbol={SYMBOL: Decimal(5000)}, sellable={(STRATEGY, SYMBOL): 10})}, False),
    ("sector_limit", {"sectors": {}}, False),
    ("no_leverage", {"cash_usd": None}, False),
    ("portfolio_drawdown", {"equity_usd": Decimal(90_000)}, False),
    ("portfolio_daily_loss", {"previous_close_equity_usd": None}, False),
    ("max_positions", {"exposure": an_exposure(
        by_symbol={Symbol(f"H{n}"): Decimal(1) for n in range(20)})}, False),
    ("max_trades_per_day", {"trades_today": 50}, False),
    ("cash_reserve", {"cash_usd": Decimal(10_050)}, False),
    ("duplicate_id", {"sent_order_ids": frozenset({"order-1"})}, True),
    ("duplicate_intent", {"exposure": an_exposure(
        intents={(STRATEGY, SYMBOL, Side.BUY): "other"})}, False),
    ("price_collar", {"quotes": {SYMBOL: a_quote(bid=None, ask=None, last=Decimal(90))}}, False),
    ("order_rate", {"sends_last_second": 5}, False),
    ("share_of_volume", {"adv_shares": {}}, False),
    ("autonomy_gate", {"is_live": True}, True),
]  # fmt: skip


def test_the_checks_are_asked_in_the_order_of_the_specification():
    clearance = MANAGER.check_pre_trade(an_order(), facts())

    assert clearance.action is RiskAction.APPROVE
    assert [verdict.check for verdict in clearance.verdicts] == IN_ORDER
    assert {verdict.action for verdict in clearance.verdicts} == {RiskAction.APPROVE}


@pytest.mark.parametrize(
    ("check", "changes", "holds_exits"),
    REFUSALS,
    ids=[f"{check}: {', '.join(changes)}" for check, changes, _ in REFUSALS],
)
def test_each_check_refuses_an_entry_by_its_name(check, changes, holds_exits):
    clearance = MANAGER.check_pre_trade(an_order(), facts(**changes))

    assert clearance.action is RiskAction.REJECT
    assert clearance.deciding.check == check
    assert clearance.deciding.reason


@pytest.mark.parametrize(
    ("check", "changes", "holds_exits"),
    REFUSALS,
    ids=[f"{check}: {', '.join(changes)}" for check, changes, _ in REFUSALS],
)
@pytest.mark.parametrize("order", [an_exit(), a_protective_exit()], ids=["exit", "protective"])
def test_exits_are_held_back_by_few_checks(order, check, changes, holds_exits):
    clearance = MANAGER.check_pre_trade(order, facts(**changes))

    assert clearance.may_be_sent is not holds_exits


def test_an_exit_passes_with_everything_unknown_that_does_not_hold_it_back():
    nothing_known = facts(
        vix=None, latest_data_at=None, drift_pct=None, operator_idle_hours=None, day_trades=None,
        equity_usd=None, cash_usd=None, peak_equity_usd=None, previous_close_equity_usd=None,
        maintenance_margin_usd=None, settled_cash_usd=None, deficits=None, prices={}, sectors={},
        adv_shares={}, trades_today=None, sends_last_second=None, sends_last_minute=None,
    )  # fmt: skip

    assert MANAGER.check_pre_trade(an_exit(reference_price=None), nothing_known).may_be_sent


def test_every_entry_is_refused_for_each_fact_that_is_unknown():
    for name in (
        "vix", "latest_data_at", "drift_pct", "operator_idle_hours", "equity_usd", "cash_usd",
        "peak_equity_usd", "previous_close_equity_usd", "maintenance_margin_usd", "deficits",
        "trades_today", "sends_last_second", "sends_last_minute", "link",
    ):  # fmt: skip
        clearance = MANAGER.check_pre_trade(an_order(), facts(**{name: None}))

        assert clearance.action is RiskAction.REJECT, name
        assert clearance.deciding.missing, name


def test_a_round_trip_on_one_session_is_rejected():
    today = facts(opened={(STRATEGY, SYMBOL): TODAY}, **SMALL)

    clearance = MANAGER.check_pre_trade(an_exit(), today)

    assert clearance.action is RiskAction.REJECT
    assert clearance.deciding.check == "day_trade_guard"


def test_the_bounds_choose_the_regime_of_day_trades():
    cash = PreTradeRiskManager(standard_checks(bounds(day_trade_regime=DayTradeRegime.CASH)))

    clearance = cash.check_pre_trade(an_order(), facts(settled_cash_usd=Decimal(0)))

    assert clearance.deciding.check == "day_trade_guard"


def test_an_approved_order_is_checked_again_past_what_the_human_answered():
    manual = facts(mode=AutonomyMode.MANUAL_APPROVAL)
    order = an_order(simulated=False)
    first = MANAGER.check_pre_trade(order, manual)

    again = MANAGER.check_pre_trade(order, manual, answered=first.asking)

    assert first.action is RiskAction.REQUIRE_HUMAN_APPROVAL
    assert again.action is RiskAction.APPROVE


def test_an_approved_order_is_still_refused_by_what_changed_since():
    order = an_order(simulated=False)
    halted = facts(mode=AutonomyMode.MANUAL_APPROVAL, vix=VixReading(
        value=Decimal(50), age_sessions=0))  # fmt: skip

    clearance = MANAGER.check_pre_trade(order, halted, answered={"autonomy_gate"})

    assert clearance.deciding.check == "vix"


def test_a_protective_exit_past_the_last_day_trade_goes_out_once_a_human_said_so():
    spent = facts(
        opened={(STRATEGY, SYMBOL): TODAY},
        day_trades=a_tally(counted=3, expected=3, pairwise=3, direction_changes=3),
        **SMALL,
    )
    order = a_protective_exit()

    asked = MANAGER.check_pre_trade(order, spent)

    assert asked.action is RiskAction.REQUIRE_HUMAN_APPROVAL
    assert asked.asking == {"day_trade_guard"}
    assert MANAGER.check_pre_trade(order, spent, answered=asked.asking).may_be_sent


def test_an_order_is_reduced_by_the_tightest_of_its_limits():
    tight = facts(cash_usd=Decimal(10_500), exposure=an_exposure())

    clearance = MANAGER.check_pre_trade(an_order(quantity=100), tight)

    assert clearance.action is RiskAction.REDUCE_SIZE
    assert clearance.quantity == 4
    reduced = [verdict for verdict in clearance.verdicts if verdict.quantity is not None]
    assert [(verdict.check, verdict.quantity) for verdict in reduced] == [
        ("position_limit", 50),
        ("cash_reserve", 4),
    ]


def test_a_cascade_without_checks_cannot_be_made():
    with pytest.raises(ValueError, match="let everything pass"):
        PreTradeRiskManager(())


USD = st.integers(0, 12_000_000).map(lambda cents: Decimal(cents) / 100)
PRICE = st.integers(500, 50_000).map(lambda cents: Decimal(cents) / 100)
SYMBOLS = [Symbol(name) for name in ("AAA", "BBB", "CCC")]
SECTORS = {SYMBOLS[0]: "Technology", SYMBOLS[1]: "Technology", SYMBOLS[2]: "Energy"}


@st.composite
def books(draw):
    prices = {symbol: draw(PRICE) for symbol in SYMBOLS}
    lots = {
        (draw(st.sampled_from(["Breakout", "MeanReversion"])), symbol): draw(st.integers(0, 200))
        for symbol in draw(st.lists(st.sampled_from(SYMBOLS), max_size=4))
    }
    working = [
        Commitment(
            order_id=f"working-{number}",
            strategy="Breakout",
            symbol=draw(st.sampled_from(SYMBOLS)),
            side=draw(st.sampled_from(Side)),
            quantity=draw(st.integers(1, 100)),
            price=draw(PRICE),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    exposure = sum_exposure(lots, working, prices=prices, sectors=SECTORS, commission=COMMISSION)
    return facts(
        exposure=exposure,
        prices=prices,
        sectors=SECTORS,
        quotes={
            symbol: a_quote(symbol=symbol, bid=price, ask=price, last=price)
            for symbol, price in prices.items()
        },
        cash_usd=draw(USD),
        equity_usd=Decimal(100_000),
    )


@given(book=books(), wanted=st.integers(1, 2_000))
def test_no_cleared_order_passes_any_limit(book, wanted):
    price = book.market.prices[SYMBOL]
    order = an_order(quantity=wanted, limit_price=price, reference_price=price)

    clearance = MANAGER.check_pre_trade(order, book)

    quantity, exposure = clearance.quantity, book.exposure
    if quantity == 0:
        assert clearance.action is RiskAction.REJECT
        return
    technology = exposure.by_sector.get("Technology", Decimal(0))
    paid = exposure.reserved_usd + cost(quantity, price, COMMISSION)
    assert quantity <= wanted
    assert exposure.usd_of(SYMBOL) + quantity * price <= 5_000
    assert technology + quantity * price <= 25_000
    assert book.account.cash_usd - paid >= 10_000
