"""The market of a session, from the stores."""

from datetime import date, datetime

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.parquet.feature_cache import ParquetFeatureCache
from alpha_oracle.calendar import NEW_YORK
from alpha_oracle.errors import DataError
from alpha_oracle.features.store import FeatureStore
from alpha_oracle.research.market import feature_report, load_market
from tests.builders import bars_of_closes, received, sessions_from
from tests.fakes.bar_store import InMemoryBarStore
from tests.fakes.reference import InMemoryReference

SESSIONS = sessions_from(count=3)
LATER = datetime(2020, 1, 1, tzinfo=NEW_YORK)


@pytest.fixture
def stores():
    bar_store = InMemoryBarStore()
    bar_store.store(
        received(bars_of_closes({"AAA": [1.0, 2.0], "BBB": [3.0, np.nan]})), received_at=LATER
    )
    return bar_store, InMemoryReference()


def test_a_market_holds_what_was_known_of_every_session(stores):
    market = load_market(*stores, session=SESSIONS[2], as_of=LATER)
    assert market.sessions.tolist() == list(SESSIONS)
    np.testing.assert_array_equal(market.close, [[1, 3], [2, np.nan], [np.nan, np.nan]])


def test_a_market_before_the_first_bar_is_refused(stores):
    with pytest.raises(DataError, match="no bars are stored up to 2015-12-31"):
        load_market(*stores, session=date(2015, 12, 31), as_of=LATER)


def test_a_market_of_which_nothing_was_known_is_refused(stores):
    opened = calendar.session_open(SESSIONS[0])
    with pytest.raises(DataError, match="known at 2016-01-04T14:30:00"):
        load_market(*stores, session=SESSIONS[2], as_of=opened)


def test_coverage_is_that_of_the_symbols_with_a_bar_on_the_session(stores, tmp_path):
    features = FeatureStore(ParquetFeatureCache(tmp_path, max_bytes=1 << 20))
    with_bars = load_market(*stores, session=SESSIONS[1], as_of=LATER)
    report = feature_report(with_bars, features)
    # Of a symbol with two bars: returns over one session, the gap and the day.
    assert report.coverage_pct == pytest.approx(100 * 3 / report.features)
    without = load_market(*stores, session=SESSIONS[2], as_of=LATER)
    assert feature_report(without, features).coverage_pct == 0.0
