"""Where the bars of a session come from that the simulated feed quotes."""

from datetime import date
from decimal import Decimal

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.files.source import FilesBarSource
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.bootstrap.session_bars import SessionBars
from alpha_oracle.config import Settings
from alpha_oracle.domain.levels import VIX, IndexLevel
from alpha_oracle.domain.market import ActionKind, CorporateAction, PriceBasis, Symbol
from alpha_oracle.marketdata.stores import MarketStores
from tests.builders import received
from tests.fakes.bar_store import InMemoryBarStore
from tests.fakes.levels import InMemoryLevels
from tests.fakes.quarantine import InMemoryQuarantine
from tests.fakes.reference import InMemoryReference

SESSION = date(2016, 6, 2)
EVE = date(2016, 6, 1)
SYMBOL = Symbol("SYN001")
RECEIVED_AT = calendar.decision_instant(SESSION)
WHOLE_DAY = "SYN001 2016-06-02 100 102 99 101 5000"


class World:
    """An installation with nothing stored, and no source that holds the session's bars."""

    def __init__(self, **settings):
        self.settings = Settings.model_validate({"data": {"source": "files"}} | settings)
        self.stores = MarketStores(
            bars=InMemoryBarStore(),
            quarantine=InMemoryQuarantine(),
            reference=InMemoryReference(),
        )
        self.levels = InMemoryLevels()
        self.source = FilesBarSource(
            path=self.settings.data.files.path, prices=PriceBasis(self.settings.data.files.prices)
        )

    def store(self, table, **batch):
        self.stores.bars.store(received(table, **batch), received_at=RECEIVED_AT)

    def split(self, value, *, ex_date):
        action = CorporateAction(
            symbol=SYMBOL,
            ex_date=ex_date,
            kind=ActionKind.SPLIT,
            value=Decimal(value),
            known_at=RECEIVED_AT,
        )
        self.stores.reference.save_actions([action], source="files", received_at=RECEIVED_AT)

    def level(self, session, close):
        level = IndexLevel(
            series=VIX,
            session=session,
            open=20.0,
            high=22.0,
            low=19.0,
            close=close,
            known_at=calendar.session_close(session),
        )
        self.levels.store([level], source="cboe", received_at=RECEIVED_AT)

    def market(self, *, held=()):
        return SessionBars(
            settings=self.settings,
            source=self.source,
            stores=self.stores,
            levels=self.levels,
            held=lambda: held,
        ).market(SESSION)

    def bar(self):
        (bar,) = self.market().bars
        return bar

    def vix(self):
        (bar,) = self.market().levels
        return bar


def prices(bar):
    return [bar.open, bar.high, bar.low, bar.close, bar.volume]


def test_a_bar_that_is_stored_is_quoted():
    world = World()
    world.store(WHOLE_DAY)
    assert prices(world.bar()) == [100, 102, 99, 101, 5000]
    assert world.market().origins == {"source": 0, "stored": 1, "walk": 0}


def test_a_file_that_holds_the_session_comes_before_what_is_stored(tmp_path):
    path = tmp_path / "bars.csv"
    path.write_text("symbol,date,open,high,low,close,volume\nSYN001,2016-06-02,50,52,49,51,900\n")
    world = World(data={"source": "files", "files": {"path": str(path)}})
    world.store(WHOLE_DAY)
    assert prices(world.bar()) == [50, 52, 49, 51, 900]
    assert world.market().origins["source"] == 1


def test_the_generated_market_quotes_its_own_session_and_vix():
    world = World(data={"source": "synthetic", "synthetic": {"symbols": 4}})
    world.source = SyntheticBarSource(world.settings.data.synthetic)
    bars = world.source.fetch(world.source.symbols(SESSION), start=SESSION, end=SESSION).bars
    quoted = world.market()
    assert [bar.close for bar in quoted.bars] == pytest.approx(bars.close.tolist())
    assert [bar.volume for bar in quoted.bars] == pytest.approx(bars.volume.tolist())
    assert 9 <= quoted.levels[0].low <= quoted.levels[0].high <= 80


def test_prices_divided_by_a_later_split_are_quoted_as_traded():
    world = World()
    world.store(WHOLE_DAY, basis=PriceBasis.SPLIT_ADJUSTED, adjusted_through=date(2016, 12, 30))
    world.split(4, ex_date=date(2016, 7, 1))
    assert prices(world.bar()) == [400, 408, 396, 404, 1250]


def test_a_split_on_the_morning_itself_leaves_the_session_as_traded():
    world = World()
    world.store(f"SYN001 2016-06-01 200 210 190 204 2500\n{WHOLE_DAY}")
    world.split(2, ex_date=SESSION)
    assert prices(world.bar()) == [100, 102, 99, 101, 5000]


def test_a_session_nobody_knows_follows_the_last_close():
    world = World()
    world.store("SYN001 2016-06-01 100 102 99 101 5000")
    bar = world.bar()
    assert bar.session == SESSION
    assert bar.volume == 5000
    assert 0.9 * 101 < bar.low <= bar.high < 1.1 * 101
    assert world.market().origins == {"source": 0, "stored": 0, "walk": 1}


def test_a_session_that_follows_a_split_follows_the_close_divided():
    world = World()
    world.store("SYN001 2016-06-01 200 210 190 204 2500")
    world.split(2, ex_date=SESSION)
    assert 0.9 * 102 < world.bar().low <= world.bar().high < 1.1 * 102
    assert world.bar().volume == 5000


def test_what_is_held_is_quoted_though_it_left_the_universe():
    world = World()
    world.store("SYN001 2016-03-01 10 10 10 10 500\nSYN002 2016-06-01 20 20 20 20 500")
    assert [bar.symbol for bar in world.market().bars] == ["SYN002"]
    assert {bar.symbol for bar in world.market(held=[SYMBOL]).bars} == {"SYN001", "SYN002"}


def test_where_nothing_is_known_nothing_is_quoted_but_vix():
    market = World().market()
    assert market.bars == ()
    assert [bar.symbol for bar in market.levels] == ["VIX"]


def test_vix_is_that_of_the_session_where_it_is_stored():
    world = World()
    world.level(SESSION, 21.0)
    assert (world.vix().open, world.vix().high, world.vix().low, world.vix().close) == (
        20, 22, 19, 21,
    )  # fmt: skip


def test_vix_follows_its_last_close_where_the_sessions_is_unknown():
    world = World()
    world.level(EVE, 21.5)
    assert world.vix().low == pytest.approx(21.5, rel=0.1)


def test_the_same_settings_quote_the_same_session():
    world = World()
    world.store("SYN001 2016-06-01 100 102 99 101 5000")
    assert world.market() == world.market()
    other = World(broker={"simulated": {"seed": 8}})
    other.store("SYN001 2016-06-01 100 102 99 101 5000")
    assert other.bar().close != world.bar().close
