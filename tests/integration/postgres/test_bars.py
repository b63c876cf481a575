"""What every bar store does: the one on Postgres, and the fake that stands for it elsewhere."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.bars import TimeSeriesStorage
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.market import PriceBasis
from tests.builders import bars, bars_of_closes, received, sessions_from
from tests.fakes.bar_store import InMemoryBarStore, rows_of

MONDAY, TUESDAY, WEDNESDAY = sessions_from(date(2016, 1, 4), count=3)
LATER = datetime(2020, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = date(1970, 1, 1), date(2025, 1, 1)

TABLE = """
    AAPL 2016-01-04 102.61 105.37 102.00 105.35 67649400
    AAPL 2016-01-05 105.75 105.85 102.41 102.71 55791000
    BRK.B 2016-01-04 130.07 131.01 129.02 130.75 4811900
"""


@pytest.fixture(params=["postgres", "memory"])
def store(request):
    if request.param == "memory":
        yield InMemoryBarStore()
        return
    url = request.getfixturevalue("database_url")
    with closing(open_database(url)) as database:
        yield TimeSeriesStorage(database)


def everything(store, *, as_of=LATER, symbols=None):
    return store.load(start=EARLIEST, end=LATEST, as_of=as_of, symbols=symbols)


def closes(stored):
    return {key: values[3] for key, values in rows_of(stored.bars)}


def report(inserted=0, unchanged=0, corrected=0):
    return StoreReport(inserted=inserted, unchanged=unchanged, corrected=corrected)


def test_bars_come_back_as_they_were_received(store):
    given = bars(TABLE)

    answer = store.store(received(given), received_at=LATER)

    assert answer == report(inserted=3)
    assert list(rows_of(everything(store).bars)) == list(rows_of(given))
    assert everything(store).bars.symbols == ("AAPL", "BRK.B")


def test_columns_have_the_types_and_order_that_bars_travel_in(store):
    store.store(received("MSFT 2016-01-05 1 1 1 1 1"), received_at=LATER)
    store.store(received("ZTS 2016-01-05 1 1 1 1 1\nMSFT 2016-01-04 1 1 1 1 1"), received_at=LATER)
    store.store(received("AAPL 2016-01-04 1 1 1 1 1"), received_at=LATER)

    loaded = everything(store).bars

    assert loaded.symbols == ("AAPL", "MSFT", "ZTS")
    assert loaded.symbol_index.tolist() == [0, 1, 1, 2]
    assert loaded.session.astype(str).tolist() == ["2016-01-04"] * 2 + ["2016-01-05"] * 2
    assert loaded.symbol_index.dtype == np.int32
    assert loaded.session.dtype == np.dtype("datetime64[D]")
    assert {getattr(loaded, name).dtype for name in ("open", "volume")} == {np.dtype(np.float64)}


def test_an_empty_store_answers_with_nothing(store):
    assert store.span() is None
    assert store.symbols_stored(start=EARLIEST, end=LATEST) == {}
    assert len(everything(store).bars) == len(everything(store, symbols=["AAPL"]).bars) == 0
    assert everything(store).batches == ()
    assert len(store.last_bars_before(TUESDAY, ["AAPL"]).bars) == 0


def test_an_empty_load_stores_nothing(store):
    assert store.store(received(""), received_at=LATER) == report()
    assert store.span() is None


def test_the_same_bars_again_change_nothing(store):
    store.store(received(TABLE), received_at=LATER)

    again = store.store(received(TABLE), received_at=LATER + timedelta(days=1))

    assert again == report(unchanged=3)
    assert len(everything(store, as_of=LATER + timedelta(days=2)).bars) == 3


def test_bars_stored_and_new_ones_may_come_together(store):
    store.store(received("AAPL 2016-01-04 1 1 1 1 1"), received_at=LATER)

    answer = store.store(
        received("AAPL 2016-01-04 1 1 1 2 1\nAAPL 2016-01-05 1 1 1 3 1\nMSFT 2016-01-04 1 1 1 4 1"),
        received_at=LATER,
    )

    assert answer == report(inserted=2, corrected=1)
    assert list(closes(everything(store)).values()) == [2, 3, 4]


@pytest.mark.parametrize("field", range(5), ids=["open", "high", "low", "close", "volume"])
def test_any_value_that_differs_is_a_correction(store, field):
    values = [10.0, 12.0, 9.0, 11.0, 1000.0]
    changed = [value + (number == field) for number, value in enumerate(values)]
    first, second = (f"AAPL 2016-01-04 {' '.join(map(str, given))}" for given in (values, changed))
    store.store(received(first), received_at=LATER)

    assert store.store(received(second), received_at=LATER) == report(corrected=1)
    assert list(rows_of(everything(store).bars)) == list(rows_of(bars(second)))


def test_a_bar_is_known_from_its_sessions_close_however_late_it_came(store):
    store.store(received(TABLE), received_at=LATER)
    close = calendar.session_close(MONDAY)

    assert list(closes(everything(store, as_of=close))) == [("AAPL", MONDAY), ("BRK.B", MONDAY)]
    assert len(everything(store, as_of=close - timedelta(microseconds=1)).bars) == 0


def test_a_bar_of_a_half_day_is_known_from_the_early_close(store):
    store.store(received("AAPL 2016-11-25 1 1 1 1 1"), received_at=LATER)

    assert len(everything(store, as_of=datetime(2016, 11, 25, 18, tzinfo=UTC)).bars) == 1
    assert len(everything(store, as_of=datetime(2016, 11, 25, 17, 59, tzinfo=UTC)).bars) == 0


def test_a_correction_is_seen_from_when_it_was_received_and_not_before(store):
    store.store(received("AAPL 2016-01-04 1 1 1 1 1"), received_at=LATER)
    for days in (1, 2):
        store.store(
            received(f"AAPL 2016-01-04 1 1 1 {days + 1} 1"), received_at=LATER + timedelta(days)
        )

    def seen(instant):
        return closes(everything(store, as_of=instant))["AAPL", MONDAY]

    assert [seen(LATER + timedelta(days)) for days in range(3)] == [1, 2, 3]
    assert seen(LATER + timedelta(2) - timedelta(microseconds=1)) == 2


def test_a_correction_back_to_an_older_value_is_one_more_correction(store):
    answers = [
        store.store(
            received(f"AAPL 2016-01-04 1 1 1 {close} 1"), received_at=LATER + timedelta(number)
        )
        for number, close in enumerate([1, 2, 1, 2, 2])
    ]

    assert [answer.corrected for answer in answers] == [0, 1, 1, 1, 0]
    seen = [closes(everything(store, as_of=LATER + timedelta(day))) for day in range(5)]
    assert [close["AAPL", MONDAY] for close in seen] == [1, 2, 1, 2, 2]


def test_corrections_received_at_one_instant_follow_one_another(store):
    for close in (1, 2, 3):
        store.store(received(f"AAPL 2016-01-04 1 1 1 {close} 1"), received_at=LATER)

    assert closes(everything(store))["AAPL", MONDAY] == 3


def test_another_price_basis_is_a_correction_even_where_the_numbers_agree(store):
    store.store(received(TABLE, basis=PriceBasis.SPLIT_ADJUSTED), received_at=LATER)

    answer = store.store(received(TABLE, basis=PriceBasis.RAW), received_at=LATER)

    assert answer == report(corrected=3)
    assert {batch.basis for batch in everything(store).batches} == {PriceBasis.RAW}


def test_the_same_bars_adjusted_through_a_later_session_change_nothing(store):
    for through in (TUESDAY, WEDNESDAY):
        given = received(TABLE, basis=PriceBasis.SPLIT_ADJUSTED, adjusted_through=through)
        answer = store.store(given, received_at=LATER)

    assert answer == report(unchanged=3)
    assert [batch.adjusted_through for batch in everything(store).batches] == [TUESDAY]


def test_each_bar_points_at_the_batch_it_came_with(store):
    store.store(received("AAPL 2016-01-04 1 1 1 1 1", source="files"), received_at=LATER)
    other = received(
        "AAPL 2016-01-05 1 1 1 1 1\nMSFT 2016-01-05 1 1 1 1 1",
        source="synthetic",
        basis=PriceBasis.FULLY_ADJUSTED,
        adjusted_through=WEDNESDAY,
    )
    store.store(other, received_at=LATER)
    store.store(received("MSFT 2016-01-04 1 1 1 1 1", source="files"), received_at=LATER)

    loaded = everything(store)

    sources = [loaded.batches[number].source for number in loaded.batch_index]
    assert sources == ["files", "synthetic", "files", "synthetic"]
    assert len(loaded.batches) == 2
    assert other.batch in loaded.batches
    assert loaded.batch_index.dtype == np.int32


def test_each_bar_tells_why_its_source_was_asked(store):
    first = received("AAPL 2016-01-04 1 1 1 1 1")
    unknown = because(received("BRK.B 2016-01-04 1 1 1 1 1"), "ibkr: no such contract")
    away = because(received("MSFT 2016-01-04 1 1 1 1 1"), "ibkr: the gateway is closed")
    for load in (first, unknown, away, first):
        store.store(load, received_at=LATER)

    loaded = everything(store)

    assert [loaded.batches[number].reason for number in loaded.batch_index] == [
        "",
        "ibkr: no such contract",
        "ibkr: the gateway is closed",
    ]
    last = store.last_bars_before(TUESDAY, ["BRK.B"])
    assert last.batches == (unknown.batch,)


def test_loads_for_the_same_reason_are_one_batch(store):
    for table in ("AAPL 2016-01-04 1 1 1 1 1", "MSFT 2016-01-04 1 1 1 1 1"):
        store.store(because(received(table), "the day is used up"), received_at=LATER)

    assert len(everything(store).batches) == 1


def test_a_bar_that_comes_again_for_another_reason_is_unchanged(store):
    load = received("AAPL 2016-01-04 1 1 1 1 1")
    store.store(load, received_at=LATER)

    assert store.store(because(load, "asked again"), received_at=LATER) == report(unchanged=1)
    assert everything(store).batches == (load.batch,)


def because(load, reason):
    return replace(load, batch=replace(load.batch, reason=reason))


def test_a_load_is_bound_by_its_sessions_and_symbols(store):
    store.store(received(bars_of_closes({"A": [1, 2, 3], "B": [4, 5, 6]})), received_at=LATER)

    loaded = store.load(start=TUESDAY, end=WEDNESDAY, as_of=LATER, symbols=["B", "NONE"])

    assert closes(loaded) == {("B", TUESDAY): 5, ("B", WEDNESDAY): 6}
    assert loaded.bars.symbols == ("B",)


def test_symbols_of_the_dictionary_without_a_row_are_not_stored(store):
    whole = bars_of_closes({"A": [1.0], "B": [2.0]})

    store.store(received(whole.take(whole.symbol_index == 1)), received_at=LATER)

    assert everything(store).bars.symbols == ("B",)


def test_symbols_stored_are_told_by_session(store):
    store.store(received(bars_of_closes({"A": [1, 2, 3], "B": [4]})), received_at=LATER)

    assert store.symbols_stored(start=MONDAY, end=TUESDAY) == {MONDAY: {"A", "B"}, TUESDAY: {"A"}}
    assert store.symbols_stored(start=date(2017, 1, 3), end=LATEST) == {}


def test_symbols_stored_are_told_by_source_corrections_included(store):
    store.store(received("A 2016-01-04 1 1 1 1 1\nB 2016-01-04 1 1 1 1 1"), received_at=LATER)
    store.store(received("A 2016-01-04 1 1 1 2 1", source="synthetic"), received_at=LATER)

    def from_source(name):
        return store.symbols_stored(start=MONDAY, end=MONDAY, source=name)

    assert from_source("files") == {MONDAY: {"A", "B"}}
    assert from_source("synthetic") == {MONDAY: {"A"}}
    assert from_source("ibkr") == {}


def test_the_last_bar_before_a_session_is_the_newest_known(store):
    store.store(received(bars_of_closes({"A": [1, 2, 3], "B": [4]})), received_at=LATER)
    store.store(received("A 2016-01-05 9 9 9 9 9"), received_at=LATER)

    last = store.last_bars_before(WEDNESDAY, ["A", "B", "NONE"])

    assert closes(last) == {("A", TUESDAY): 9, ("B", MONDAY): 4}
    assert closes(store.last_bars_before(WEDNESDAY, ["B"])) == {("B", MONDAY): 4}
    assert len(store.last_bars_before(MONDAY, ["A"]).bars) == 0


def test_the_span_reaches_from_the_first_session_to_the_last(store):
    store.store(received(bars_of_closes({"A": [1, 2], "B": [3, 4, 5]})), received_at=LATER)

    assert store.span() == (MONDAY, WEDNESDAY)


def test_sessions_before_the_servers_epoch_keep_their_order(store):
    given = bars_of_closes({"A": [1, 2, 3]}, start=date(1999, 12, 30))

    store.store(received(given), received_at=LATER)

    assert list(rows_of(everything(store).bars)) == list(rows_of(given))


def test_bars_that_did_not_pass_validation_are_refused_whole(database_url):
    with closing(open_database(database_url)) as database:
        store = TimeSeriesStorage(database)
        whole = bars(TABLE)

        with pytest.raises(ValueError, match="ascend by symbol"):
            store.store(received(whole.take(np.array([0, 0]))), received_at=LATER)
        with pytest.raises(ValueError, match="has no high"):
            store.store(
                received(replace(whole, high=np.array([1.0, np.nan, 1.0]))), received_at=LATER
            )

        assert store.span() is None


def test_a_person_reads_the_newest_known_bars_by_name(database, rows):
    store = TimeSeriesStorage(database)
    store.store(received("AAPL 2016-01-04 1 1 1 1 1"), received_at=LATER)
    other = received("AAPL 2016-01-04 1 1 1 2 1", source="synthetic")
    store.store(because(other, "files lacks it"), received_at=LATER)

    read = rows(
        "SELECT symbol, session, close, revision, source, reason, known_at FROM newest_bars"
    )

    assert read == [("AAPL", MONDAY, 2.0, 1, "synthetic", "files lacks it", LATER)]
