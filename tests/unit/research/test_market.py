"""The market of a session, from the stores."""

from datetime import date, datetime

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.domain.levels import VIX, IndexLevel
from alpha_oracle.domain.market import Membership
from alpha_oracle.errors import DataError
from alpha_oracle.features.store import FeatureStore
from alpha_oracle.ports.reference_stores import ReferenceStores
from alpha_oracle.research.market import MarketMemory, MarketRecord, feature_report, load_market
from tests.builders import bars_of_closes, received, sessions_from
from tests.fakes.bar_store import InMemoryBarStore
from tests.fakes.facts import InMemoryFacts
from tests.fakes.fetch_log import InMemoryFetchLog
from tests.fakes.insiders import InMemoryInsiders
from tests.fakes.levels import InMemoryLevels
from tests.fakes.reference import InMemoryReference
from tests.fakes.short_interest import InMemoryShortInterest

SESSIONS = sessions_from(count=3)
LATER = datetime(2020, 1, 1, tzinfo=NEW_YORK)


def a_record(closes):
    """Stores that hold bars with these closes, and nothing beside them."""
    bar_store = InMemoryBarStore()
    bar_store.store(received(bars_of_closes(closes)), received_at=LATER)
    log = InMemoryFetchLog()
    families = ReferenceStores(
        facts=InMemoryFacts(),
        insiders=InMemoryInsiders(log),
        short_interest=InMemoryShortInterest(),
        levels=InMemoryLevels(),
        log=log,
        index=None,
    )
    return MarketRecord(bars=bar_store, reference=InMemoryReference(), families=families)


@pytest.fixture
def record():
    return a_record({"AAA": [1.0, 2.0], "BBB": [3.0, np.nan]})


def test_a_market_holds_what_was_known_of_every_session(record):
    market = load_market(record, session=SESSIONS[2], as_of=LATER)
    assert market.sessions.tolist() == list(SESSIONS)
    np.testing.assert_array_equal(market.close, [[1, 3], [2, np.nan], [np.nan, np.nan]])


def test_a_market_before_the_first_bar_is_refused(record):
    with pytest.raises(DataError, match="no bars are stored up to 2015-12-31"):
        load_market(record, session=date(2015, 12, 31), as_of=LATER)


def test_a_market_of_which_nothing_was_known_is_refused(record):
    opened = calendar.session_open(SESSIONS[0])
    with pytest.raises(DataError, match="known at 2016-01-04T14:30:00"):
        load_market(record, session=SESSIONS[2], as_of=opened)


def test_coverage_is_that_of_the_symbols_with_a_bar_on_the_session(record, tmp_path):
    features = FeatureStore(ParquetFeatureCache(tmp_path, max_bytes=1 << 20))
    with_bars = load_market(record, session=SESSIONS[1], as_of=LATER)
    report = feature_report(with_bars, features)
    technical, *others = report.families
    # Of a symbol with two bars: returns over one session, the gap and the day.
    assert technical.known_pct == pytest.approx(100 * 3 / technical.features)
    assert [(family.known_pct > 0, family.group) for family in others if family.known_pct] == []
    without = load_market(record, session=SESSIONS[2], as_of=LATER)
    assert all(family.known_pct == 0.0 for family in feature_report(without, features).families)
    assert report.cache_bytes > 0


def test_spy_is_no_symbol_of_the_market_but_its_total_return_is_known():
    record = a_record({"AAA": [1.0, 2.0], "SPY": [100.0, 110.0]})
    market = load_market(record, session=SESSIONS[1], as_of=LATER)
    assert market.symbols == ("AAA",)
    np.testing.assert_array_equal(market.close, [[1.0], [2.0]])
    np.testing.assert_allclose(market.context.spy[1] / market.context.spy[0], 1.1)


def test_spy_that_the_index_lists_is_a_symbol_too():
    record = a_record({"AAA": [1.0], "SPY": [100.0]})
    listed = [Membership(symbol=symbol, start=SESSIONS[0], end=None) for symbol in ("AAA", "SPY")]
    record.reference.save_members(listed, at=LATER)
    market = load_market(record, session=SESSIONS[0], as_of=LATER)
    assert market.symbols == ("AAA", "SPY")
    assert market.context.spy[0] == 100.0


def test_a_market_without_spy_says_so():
    market = load_market(a_record({"AAA": [1.0]}), session=SESSIONS[0], as_of=LATER)
    assert market.context.spy is None


def test_the_market_holds_the_vix_that_was_known(record):
    opened, closed = calendar.session_open(SESSIONS[1]), calendar.session_close(SESSIONS[1])
    level = IndexLevel(
        series=VIX, session=SESSIONS[1], open=20, high=21, low=19, close=20, known_at=closed
    )
    record.families.levels.store([level], source="files", received_at=LATER)
    known = load_market(record, session=SESSIONS[1], as_of=LATER).context.vix
    np.testing.assert_array_equal(known, [np.nan, 20.0])
    before = load_market(record, session=SESSIONS[1], as_of=opened).context.vix
    assert before is None or np.isnan(before).all()


def test_a_process_that_outlives_a_run_reads_the_stores_again_for_the_next():
    record = a_record({"AAA": [10.0, 11.0, 12.0]})
    memory = MarketMemory(record)

    def symbols(run):
        memory.begin(run)
        return memory.market(SESSIONS[-1], as_of=LATER).symbols

    assert symbols("first") == ("AAA",)
    more = received(bars_of_closes({"BBB": [1.0, 1.1, 1.2]}))
    record.bars.store(more, received_at=LATER)
    assert symbols("first") == ("AAA",)
    assert symbols("second") == ("AAA", "BBB")


def test_a_step_of_no_run_reads_the_stores_itself():
    memory = MarketMemory(a_record({"AAA": [10.0, 11.0, 12.0]}))
    memory.begin(None)
    first = memory.market(SESSIONS[-1], as_of=LATER)
    assert memory.market(SESSIONS[-1], as_of=LATER) is first
    memory.begin(None)
    assert memory.market(SESSIONS[-1], as_of=LATER) is not first
