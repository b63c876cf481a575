"""What the worker knows before a session, from what is stored."""

from datetime import date
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.bootstrap.trading_facts import StoredTradingFacts
from alpha_oracle.domain.levels import VIX, IndexLevel
from alpha_oracle.domain.market import (
    ActionKind,
    CorporateAction,
    PriceBasis,
    SectorAssignment,
    Symbol,
)
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.ranking import PerformanceMetrics, StrategyRank
from alpha_oracle.domain.received_signals import WinStatistics
from tests.builders import received
from tests.fakes.bar_store import InMemoryBarStore
from tests.fakes.levels import InMemoryLevels
from tests.fakes.reference import InMemoryReference

SESSION = date(2016, 6, 2)
EVE = date(2016, 6, 1)
SYMBOL = Symbol("AAA")
AT = calendar.decision_instant(EVE)
METRICS = PerformanceMetrics(
    sessions=100,
    trades=10,
    total_return_pct=1.0,
    sharpe=1.0,
    sortino=1.0,
    max_drawdown_pct=1.0,
    profit_factor=2.0,
    win_rate=0.6,
    avg_win_loss_ratio=1.5,
    exposure_pct=10.0,
    turnover=1.0,
    costs_usd=1.0,
)


class Rankings:
    """Rankings on record, as given."""

    def __init__(self):
        self.ranks = []

    def rankings(self, *, session=None, limit=None):
        return self.ranks[:limit]


class World:
    """An installation with nothing stored."""

    def __init__(self):
        self.bars = InMemoryBarStore()
        self.reference = InMemoryReference()
        self.levels = InMemoryLevels()
        self.ranking = Rankings()
        self.facts = StoredTradingFacts(
            bars=self.bars, reference=self.reference, levels=self.levels, rankings=self.ranking
        )

    def store(self, *rows, **batch):
        table = "\n".join(rows)
        self.bars.store(received(table, **batch), received_at=AT)

    def act(self, kind, value, ex_date, *, symbol=SYMBOL):
        action = CorporateAction(
            symbol=symbol,
            ex_date=ex_date,
            kind=kind,
            value=Decimal(str(value)),
            known_at=AT,
        )
        self.reference.save_actions([action], source="files", received_at=AT)

    def known(self, *symbols, session=SESSION):
        return self.facts.references(symbols or [SYMBOL], session=session)


@pytest.fixture
def world():
    return World()


def bars(*, last=EVE, count=10, close=100, volume=1000):
    sessions = calendar.sessions_between(calendar.shift_session(last, 1 - count), last)
    return [f"AAA {session} {close} {close} {close} {close} {volume}" for session in sessions]


def test_the_average_volume_and_the_last_close_are_of_the_sessions_before(world):
    world.store(*bars(count=9, last=calendar.shift_session(EVE, -1)), f"AAA {EVE} 7 7 7 7 11000")
    world.store(f"AAA {SESSION} 1 1 1 1 1")
    known = world.known()
    assert known.adv_shares == {SYMBOL: 2000}
    assert known.last_closes == {SYMBOL: 7}
    assert known.symbols == {SYMBOL}


def test_a_volume_of_a_few_sessions_is_no_average(world):
    world.store(*bars(count=4))
    assert world.known().adv_shares == {}


def test_a_close_of_any_session_but_the_one_before_is_none(world):
    world.store(*bars(last=calendar.shift_session(EVE, -1)), f"BBB {EVE} 7 7 7 7 100")
    known = world.known(SYMBOL, Symbol("BBB"))
    assert known.last_closes == {"BBB": 7}
    assert known.adv_shares == {SYMBOL: 1000}


def test_a_split_of_the_morning_counts_in_the_volume_and_not_in_the_close(world):
    world.store(*bars())
    world.act(ActionKind.SPLIT, 4, SESSION)
    assert world.known().adv_shares == {SYMBOL: 4000}
    assert world.known().last_closes == {SYMBOL: 100}


def test_volumes_of_before_a_split_count_in_shares_of_today(world):
    middle = calendar.shift_session(EVE, -4)
    world.store(*bars(count=5, last=calendar.shift_session(middle, -1), volume=500))
    world.store(*bars(count=5, last=EVE, close=50, volume=1000))
    world.act(ActionKind.SPLIT, 2, middle)
    assert world.known().adv_shares == {SYMBOL: 1000}


def test_adjusted_bars_are_read_as_they_were_traded(world):
    # A file adjusted through the eve, of a split that morning, shows half of what was traded.
    world.store(
        *bars(count=5, last=calendar.shift_session(EVE, -1), close=50, volume=1000),
        f"AAA {EVE} 50 50 50 50 1000",
        basis=PriceBasis.SPLIT_ADJUSTED,
        adjusted_through=EVE,
    )
    world.act(ActionKind.SPLIT, 2, EVE)
    assert world.known().last_closes == {SYMBOL: 50}
    assert world.known(session=EVE).last_closes == {SYMBOL: 100}
    assert world.known(session=EVE).adv_shares == {SYMBOL: 1000}


def test_a_symbol_nobody_knows_is_absent(world):
    world.store(*bars())
    world.reference.save_sectors(
        [SectorAssignment(symbol=SYMBOL, sector="Energy", start=None, end=None)], at=AT
    )
    known = world.known(SYMBOL, Symbol("ZZZ"))
    assert known.sectors == {SYMBOL: "Energy"}
    assert known.last_closes.keys() == {SYMBOL}
    assert world.known(Symbol("ZZZ")).adv_shares == {}


def test_nothing_is_known_of_no_symbol_but_strategies_are(world):
    world.store(*bars())
    known = world.facts.references([], session=SESSION)
    assert (known.sectors, known.last_closes) == ({}, {})
    assert known.holds["MomentumStrategy"] == Hold(min_days=5, max_days=63)


def a_level(session, close):
    return IndexLevel(
        series=VIX,
        session=session,
        open=close,
        high=close,
        low=close,
        close=close,
        known_at=calendar.session_close(session),
    )


def test_vix_is_the_latest_close_before_the_session(world):
    assert world.known().vix_close is None
    levels = [a_level(EVE, 14.5), a_level(SESSION, 99.0)]
    world.levels.store(levels, source="cboe", received_at=AT)
    assert world.known().vix_close == (EVE, Decimal("14.5"))


def a_rank(session, **changes):
    ordinary = {
        "session": session,
        "rank": 1,
        "strategy": "MomentumStrategy",
        "composite": 0.7,
        "consistency": 0.5,
        "windows": 4,
        "metrics": METRICS,
        "refusals": (),
    }
    return StrategyRank(**(ordinary | changes))


def test_a_strategy_stands_as_in_the_latest_ranking_before(world):
    never = PerformanceMetrics(
        **{name: getattr(METRICS, name) for name in METRICS.__slots__}
        | {"win_rate": None, "avg_win_loss_ratio": None}
    )
    world.ranking.ranks = [
        a_rank(SESSION, composite=0.1),
        a_rank(EVE),
        a_rank(EVE, strategy="Breakout", rank=2, refusals=("no trade",), metrics=never),
        a_rank(date(2016, 5, 31), strategy="Gone"),
    ]
    standings = world.known().standings
    assert standings.keys() == {"MomentumStrategy", "Breakout"}
    first = standings["MomentumStrategy"]
    assert (first.score, first.is_eligible) == (Decimal("0.7"), True)
    assert first.statistics == WinStatistics(
        win_rate=Decimal("0.6"), avg_win_loss_ratio=Decimal("1.5")
    )
    assert standings["Breakout"].statistics is None
    assert not standings["Breakout"].is_eligible


def test_actions_are_those_gone_ex_since_and_of_the_symbols_asked_for(world):
    world.act(ActionKind.SPLIT, 2, SESSION)
    world.act(ActionKind.DIVIDEND, 1, EVE)
    world.act(ActionKind.DIVIDEND, 1, date(2016, 5, 31))
    world.act(ActionKind.DIVIDEND, 1, SESSION, symbol=Symbol("BBB"))
    asked = {"after": date(2016, 5, 31), "through": SESSION}
    due = world.facts.actions([SYMBOL], **asked)
    assert [(one.ex_date, one.kind) for one in due] == [
        (EVE, ActionKind.DIVIDEND),
        (SESSION, ActionKind.SPLIT),
    ]
    assert world.facts.actions([], **asked) == ()
