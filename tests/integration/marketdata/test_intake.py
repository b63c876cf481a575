"""Bars on their way in, through the real stores."""

from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.domain.bars import StoreReport, UnreadableRow
from alpha_oracle.marketdata.imports import import_actions, import_bars
from alpha_oracle.marketdata.ingestion import completeness, ingest
from alpha_oracle.marketdata.release import release_quarantined
from alpha_oracle.marketdata.stores import MarketStores
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import InMemoryBarSource
from tests.fakes.done_set import InMemoryDoneSet
from tests.unit.marketdata.intake import BOUNDS, LATER, a_split, decided, stored_closes
from tests.unit.marketdata.readjusted import CHECKS, QUARTER, SEVEN

RAW_SPLIT = bars_of_closes({"A": [700, 707, 102, 103], "B": [5, 5.1, 5.2, 5.3]})
SHIFT = bars_of_closes({"A": [10, 10.2, 31, 31.5, 32]})


@pytest.fixture
def stores(database_url):
    with closing(open_database(database_url)) as database:
        yield MarketStores(
            bars=TimeSeriesStorage(database),
            quarantine=PostgresQuarantine(database),
            reference=PostgresReference(database),
        )


def take_in(stores, bars):
    return import_bars(received(bars), stores, bounds=BOUNDS, at=LATER)


def test_a_file_imported_twice_is_stored_and_held_once(stores):
    unreadable = UnreadableRow(symbol="?", session="", reason="no ticker", received={"symbol": "?"})
    file = replace(received(SHIFT), unreadable=(unreadable,))
    first = import_bars(file, stores, bounds=BOUNDS, at=LATER)
    second = import_bars(file, stores, bounds=BOUNDS, at=LATER)
    assert first.stored == StoreReport(inserted=2, unchanged=0, corrected=0)
    assert second.stored == StoreReport(inserted=0, unchanged=2, corrected=0)
    assert len(stores.quarantine.held()) == 4


def test_an_imported_action_stores_what_it_explains(stores):
    assert take_in(stores, RAW_SPLIT).quarantined == 2
    split = a_split("A", "2016-01-06", 7)
    report = import_actions([split], stores, source="files", bounds=BOUNDS, at=LATER)
    assert (report.changed, report.revalidated.explained) == (1, 2)
    assert list(stored_closes(stores, "A").values()) == [700, 707, 102, 103]
    assert stores.quarantine.held() == []
    assert take_in(stores, RAW_SPLIT).stored.unchanged == 8


def test_a_released_jump_lets_in_what_follows_it_and_stays_released(stores):
    take_in(stores, SHIFT)
    report = release_quarantined(
        stores,
        quarantine_ids=[stores.quarantine.held()[0].quarantine_id],
        bounds=BOUNDS,
        latest=date(2016, 12, 30),
        at=LATER,
        actor="ada",
        reason="a takeover bid",
    )
    assert (report.released, report.revalidated.explained) == (1, 2)
    assert take_in(stores, SHIFT).stored.unchanged == 5
    assert stores.quarantine.held() == []


def test_a_session_is_ingested_once_and_found_complete(stores):
    source = InMemoryBarSource(holds=received(RAW_SPLIT))
    take_in(stores, RAW_SPLIT.take(RAW_SPLIT.session == RAW_SPLIT.session[0]))
    session, asked = date(2016, 1, 5), ("A", "B")
    reports = [
        ingest(
            [source],
            stores,
            done=InMemoryDoneSet(),
            symbols=asked,
            session=session,
            bounds=BOUNDS,
            min_completeness_pct=99.0,
            at=decided("2016-01-05"),
        )
        for _ in range(2)
    ]
    assert [(report.fetched, report.already_stored) for report in reports] == [(2, 0), (0, 2)]
    found = completeness(stores.bars, asked, sources=["files"], session=session, min_pct=99.0)
    assert (found.expected, found.stored) == (2, 2)


@pytest.mark.parametrize("split", [SEVEN, QUARTER], ids=["7 for 1", "5 for 4"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_history_that_moved(stores, check, split):
    check(stores, *split)
