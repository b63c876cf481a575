"""What the stores of what is known beside bars must do, on Postgres and in the fakes."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.reference import Family, Fetch, RefusedRow
from alpha_oracle.errors import DataError
from tests.contracts.reference_stores import (
    YEAR_END,
    a_level,
    a_position,
    a_sector,
    assert_known_positions,
    day,
)

NOTHING = StoreReport(inserted=0, unchanged=0, corrected=0)
NEW = StoreReport(inserted=1, unchanged=0, corrected=0)
SAME = StoreReport(inserted=0, unchanged=1, corrected=0)
CORRECTED = StoreReport(inserted=0, unchanged=0, corrected=1)
A_MOMENT = timedelta(microseconds=1)
RECEIVED = day(100)
LATE = day(1000)


def keep_positions(stores, *positions, at=RECEIVED):
    return stores.short_interest.store(positions, source="finra", received_at=at)


def test_a_position_comes_back_in_columns(stores):
    positions = (a_position(5), a_position(0, symbol="B", average_daily_volume=None))
    report = keep_positions(stores, *positions)
    assert report == StoreReport(inserted=2, unchanged=0, corrected=0)
    known = stores.short_interest.load(as_of=LATE)
    assert known.symbols == ("A", "B")
    assert known.symbol_index.tolist() == [0, 1]
    assert known.settlement_date.tolist() == [YEAR_END] * 2
    assert known.shares_short.tolist() == [5.0, 0.0]
    np.testing.assert_array_equal(known.average_daily_volume, [1000.0, np.nan])
    assert known.known_at.tolist() == [day(12).replace(tzinfo=None)] * 2
    assert_known_positions(stores, *positions, as_of=LATE)
    assert keep_positions(stores) == NOTHING


def test_a_position_is_known_from_its_own_instant(stores):
    keep_positions(stores, a_position(5))
    assert_known_positions(stores, as_of=day(12) - A_MOMENT)
    assert_known_positions(stores, a_position(5), as_of=day(12))


def test_a_position_given_again_changes_nothing(stores):
    keep_positions(stores, a_position(5))
    assert keep_positions(stores, a_position(5), a_position(5), at=day(200)) == SAME
    assert keep_positions(stores, a_position(5, known_at=day(20)), at=day(200)) == SAME
    assert_known_positions(stores, a_position(5), as_of=LATE)


@pytest.mark.parametrize(
    "change",
    [{"shares_short": 6.0}, {"average_daily_volume": None}, {"average_daily_volume": 7.0}],
    ids=["other shares", "volume withdrawn", "other volume"],
)
def test_a_corrected_position_is_known_from_its_receipt(stores, change):
    keep_positions(stores, a_position(5))
    corrected = replace(a_position(5), **change)
    assert keep_positions(stores, corrected, at=day(200)) == CORRECTED
    both = (a_position(5), replace(corrected, known_at=day(200)))
    assert_known_positions(stores, *both, as_of=day(200))
    assert_known_positions(stores, both[0], as_of=day(200) - A_MOMENT)
    assert keep_positions(stores, corrected, at=day(300)) == SAME


def test_a_position_is_held_against_the_newest_revision(stores):
    for number, shares in enumerate([5, 6, 5]):
        keep_positions(stores, a_position(shares), at=day(200 + number))
    assert stores.short_interest.load(as_of=LATE).shares_short.tolist() == [5.0, 6.0, 5.0]


def test_a_revision_is_known_no_sooner_than_it_says_and_than_the_one_before(stores):
    keep_positions(stores, a_position(5))
    keep_positions(stores, a_position(6, known_at=day(250)), at=day(200))
    keep_positions(stores, a_position(7), at=day(220))
    told = a_position(5), a_position(6, known_at=day(250)), a_position(7, known_at=day(250))
    assert_known_positions(stores, *told, as_of=LATE)


def test_positions_ascend_by_symbol_settlement_and_revision(stores):
    earlier = {"settlement_date": date(2015, 12, 15)}
    keep_positions(stores, a_position(3), a_position(4, symbol="B"))
    keep_positions(stores, a_position(1, **earlier), a_position(2))
    known = stores.short_interest.load(as_of=LATE)
    assert known.shares_short.tolist() == [1.0, 3.0, 2.0, 4.0]
    assert known.symbol_index.tolist() == [0, 0, 0, 1]


def test_settlement_dates_are_those_of_which_something_is_stored(stores):
    assert stores.short_interest.settlements() == frozenset()
    days = [date(2015, 12, 15), YEAR_END, date(2015, 11, 30)]
    for settlement in days:
        both = [a_position(1, settlement_date=settlement, symbol=name) for name in ("A", "B")]
        keep_positions(stores, *both)
    assert stores.short_interest.settlements() == frozenset(days)


def test_a_position_given_twice_with_two_values_is_refused_with_its_file(stores):
    with pytest.raises(DataError, match="given twice"):
        keep_positions(stores, a_position(1, symbol="B"), a_position(1), a_position(2))
    assert_known_positions(stores, as_of=LATE)


def keep_levels(stores, *levels, at=RECEIVED):
    return stores.levels.store(levels, source="cboe", received_at=at)


def levels_known(stores, *, series="VIX", start=date(2016, 1, 4), end=date(2016, 1, 8), as_of=LATE):
    return stores.levels.load(series, start=start, end=end, as_of=as_of)


def test_levels_come_back_as_they_were_told_from_start_to_end(stores):
    days = [date(2016, 1, number) for number in (4, 5, 6, 7)]
    levels = [a_level(20 + n, session=session) for n, session in enumerate(days)]
    report = keep_levels(stores, *levels[::-1])
    assert report == StoreReport(inserted=4, unchanged=0, corrected=0)
    assert levels_known(stores) == tuple(levels)
    assert levels_known(stores, start=days[1], end=days[2]) == tuple(levels[1:3])
    assert keep_levels(stores) == NOTHING


def test_a_level_is_known_from_its_own_instant(stores):
    level = a_level(15)
    keep_levels(stores, level)
    assert levels_known(stores, as_of=level.known_at - A_MOMENT) == ()
    assert levels_known(stores, as_of=level.known_at) == (level,)


def test_a_level_given_again_changes_nothing(stores):
    keep_levels(stores, a_level(15))
    assert keep_levels(stores, a_level(15), a_level(15), at=day(200)) == SAME
    assert keep_levels(stores, a_level(15, known_at=day(9)), at=day(200)) == SAME
    assert levels_known(stores) == (a_level(15),)


@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
def test_a_corrected_level_is_known_from_its_receipt(stores, name):
    level = a_level(15)
    corrected = replace(level, **{name: getattr(level, name) + 1.0})
    keep_levels(stores, level)
    assert keep_levels(stores, corrected, at=day(200)) == CORRECTED
    assert levels_known(stores, as_of=day(200) - A_MOMENT) == (level,)
    assert levels_known(stores, as_of=day(200)) == (replace(corrected, known_at=day(200)),)


def test_a_level_corrected_twice_is_the_last(stores):
    for number, close in enumerate([15, 16, 17]):
        keep_levels(stores, a_level(close), at=day(200 + number))
    assert [level.close for level in levels_known(stores)] == [17]
    assert [level.close for level in levels_known(stores, as_of=day(201))] == [16]


def test_series_are_kept_apart(stores):
    assert stores.levels.last("VIX") is None
    keep_levels(stores, a_level(15), a_level(16, series="VXN", session=date(2016, 1, 6)))
    assert stores.levels.last("VIX") == date(2016, 1, 4)
    assert stores.levels.last("VXN") == date(2016, 1, 6)
    assert levels_known(stores) == (a_level(15),)


def test_a_level_given_twice_with_two_values_is_refused_with_the_rest(stores):
    with pytest.raises(DataError, match="given twice"):
        keep_levels(stores, a_level(15), a_level(16))
    assert stores.levels.last("VIX") is None


FILINGS_LOG = (Family.INSIDERS, "edgar")


def record(stores, *, at, covers_from=None, subject="A", of=FILINGS_LOG):
    fetch = Fetch(subject=subject, fetched_at=at, covers_from=covers_from)
    stores.log.record(*of, fetch)
    return fetch


def test_the_last_answer_is_kept_by_family_source_and_subject(stores):
    record(stores, at=day(1))
    last = record(stores, at=day(2))
    other = record(stores, at=day(3), subject="B")
    record(stores, at=day(4), of=(Family.INSIDERS, "synthetic"))
    record(stores, at=day(5), of=(Family.FUNDAMENTALS, "edgar"))
    assert stores.log.fetches(*FILINGS_LOG) == {"A": last, "B": other}
    assert stores.log.fetches(Family.VOLATILITY, "cboe") == {}


@pytest.mark.parametrize(
    ("second", "kept"),
    [
        (date(2016, 1, 1), date(2015, 1, 1)),
        (date(2014, 1, 1), date(2014, 1, 1)),
        (None, date(2015, 1, 1)),
    ],
    ids=["of less", "of more", "of no day"],
)
def test_an_answer_takes_no_coverage_back(stores, second, kept):
    record(stores, at=day(1), covers_from=date(2015, 1, 1))
    record(stores, at=day(2), covers_from=second)
    kept_fetch = Fetch(subject="A", fetched_at=day(2), covers_from=kept)
    assert stores.log.fetches(*FILINGS_LOG) == {"A": kept_fetch}
    assert stores.log.coverage(Family.INSIDERS) == {"A": kept}


def test_an_answer_recorded_late_is_not_the_last(stores):
    record(stores, at=day(2))
    record(stores, at=day(1), covers_from=date(2014, 1, 1))
    kept = Fetch(subject="A", fetched_at=day(2), covers_from=date(2014, 1, 1))
    assert stores.log.fetches(*FILINGS_LOG) == {"A": kept}


def test_coverage_is_that_of_any_source(stores):
    record(stores, at=day(1), covers_from=date(2015, 1, 1))
    record(stores, at=day(1), covers_from=date(2012, 1, 1), of=(Family.INSIDERS, "files"))
    record(stores, at=day(1), subject="B")
    record(stores, at=day(1), covers_from=date(2010, 1, 1), of=(Family.SHORT_INTEREST, "finra"))
    assert stores.log.coverage(Family.INSIDERS) == {"A": date(2012, 1, 1)}


def a_refusal(**changes):
    return RefusedRow(
        **{"subject": "A", "reason": "no price", "received": {"line": "1", "a": "b"}, **changes}
    )


def test_a_row_refused_twice_is_kept_once(stores):
    rows = [a_refusal(), a_refusal()]
    assert stores.log.refuse(*FILINGS_LOG, rows, at=day(1)) == 1
    assert stores.log.refuse(*FILINGS_LOG, rows, at=day(2)) == 0
    assert stores.log.refused(Family.INSIDERS) == [a_refusal()]
    assert stores.log.refuse(*FILINGS_LOG, [], at=day(2)) == 0


def test_rows_that_differ_in_anything_are_kept_each(stores):
    rows = [
        a_refusal(),
        a_refusal(subject="B"),
        a_refusal(reason="no date"),
        a_refusal(received={}),
        a_refusal(received={"line": "2", "a": "b"}),
    ]
    assert stores.log.refuse(*FILINGS_LOG, rows, at=day(1)) == 5
    assert stores.log.refuse(Family.INSIDERS, "files", rows[:1], at=day(1)) == 1
    assert stores.log.refuse(Family.FUNDAMENTALS, "edgar", rows[:1], at=day(1)) == 1
    assert len(stores.log.refused(Family.INSIDERS)) == 6


def test_refused_rows_come_newest_first(stores):
    for number in (2, 1, 3):
        row = a_refusal(subject=str(number))
        stores.log.refuse(*FILINGS_LOG, [row], at=day(number))
    stores.log.refuse(*FILINGS_LOG, [a_refusal(subject="1")], at=day(9))
    assert [row.subject for row in stores.log.refused(Family.INSIDERS)] == ["3", "2", "1"]
    assert [row.subject for row in stores.log.refused(Family.INSIDERS, limit=2)] == ["3", "2"]
    assert stores.log.refused(Family.VOLATILITY) == []


def save(stores, *sectors, at=RECEIVED):
    return stores.reference.save_sectors(sectors, at=at)


def assigned(stores, as_of=None):
    return stores.reference.sector_assignments(as_of=as_of)


def test_assignments_come_by_symbol_then_start(stores):
    given = [
        a_sector("Technology", end="2010-01-04"),
        a_sector("Health Care", "2010-01-04"),
        a_sector("Energy", symbol="B"),
    ]
    assert save(stores, *reversed(given)) == 3
    assert assigned(stores) == given


def test_an_assignment_that_comes_late_was_known_from_its_own_day(stores):
    save(stores, a_sector("Technology"))
    assert assigned(stores, as_of=day(1)) == [a_sector("Technology")]


def test_the_end_of_an_open_assignment_and_what_follows_are_known_from_their_own_day(stores):
    save(stores, a_sector("Technology"))
    now = [a_sector("Technology", end="2018-09-24"), a_sector("Communication", "2018-09-24")]
    assert save(stores, *now, at=day(200)) == 2
    assert assigned(stores, as_of=day(100)) == now


@pytest.mark.parametrize(
    "now",
    [
        a_sector("Health Care", end="2012-01-03"),
        a_sector("Technology", end="2011-01-03"),
        a_sector("Technology"),
        a_sector("Technology", "2009-01-02", "2012-01-03"),
    ],
    ids=["another sector", "another end", "open again", "another start"],
)
def test_an_assignment_changed_does_not_rewrite_what_was_known(stores, now):
    told = a_sector("Technology", end="2012-01-03")
    energy = a_sector("Energy", symbol="B")
    save(stores, told, energy)
    save(stores, now, at=day(200))
    before = assigned(stores, as_of=day(200) - A_MOMENT)
    assert told in before
    assert energy in before
    assert assigned(stores, as_of=day(200)) == assigned(stores) == [now, energy]
    assert save(stores, now, at=day(300)) == 0


def test_an_assignment_withdrawn_and_told_again_was_not_known_between(stores):
    first, second = a_sector("Technology", end="2010-01-04"), a_sector("Energy", "2010-01-04")
    save(stores, first, second)
    assert save(stores, first, at=day(200)) == 1
    assert save(stores, first, second, at=day(300)) == 1
    known = [assigned(stores, as_of=day(number)) for number in (150, 250, 350)]
    assert known == [[first, second], [first], [first, second]]
    assert assigned(stores) == [first, second]


def test_the_sector_of_a_session_is_as_known_now(stores):
    save(stores, a_sector("Technology"))
    save(stores, a_sector("Energy"), at=day(200))
    assert stores.reference.sectors(date(2010, 1, 4)) == {"A": "Energy"}
