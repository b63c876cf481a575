from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.domain.bars import StoreReport, UnreadableRow
from alpha_oracle.domain.market import Membership, PriceBasis, SectorAssignment
from alpha_oracle.errors import DataError
from alpha_oracle.marketdata.imports import (
    import_actions,
    import_bars,
    import_members,
    import_sectors,
    latest_closed_session,
)
from alpha_oracle.marketdata.release import release_quarantined
from tests.builders import bars, bars_of_closes, received
from tests.unit.marketdata.intake import (
    BOUNDS,
    LATER,
    a_split,
    empty_stores,
    stored_closes,
    stores_with,
    take_in,
)

SHIFT = bars_of_closes({"A": [10, 10.2, 31, 31.5, 32]})
RAW_SPLIT = bars_of_closes({"A": [700, 707, 102, 103], "B": [5, 5, 5, 5]})


def explain(stores, *actions):
    return import_actions(actions, stores, source="files", bounds=BOUNDS, at=LATER)


def release(stores, **which):
    return release_quarantined(
        stores,
        **which,
        bounds=BOUNDS,
        latest=date(2016, 12, 30),
        at=LATER,
        actor="ada",
        reason="a takeover bid",
    )


def test_every_row_of_a_file_is_accounted_for():
    stores = empty_stores()
    unreadable = UnreadableRow(symbol="?", session="", reason="no ticker", received={"symbol": "?"})
    read = replace(received(SHIFT), unreadable=(unreadable,))
    report = import_bars(read, stores, bounds=BOUNDS, at=LATER)
    assert report.stored == StoreReport(inserted=2, unchanged=0, corrected=0)
    assert (report.received, report.quarantined, report.unreadable) == (6, 3, 1)
    assert len(stores.quarantine.held()) == 4


def test_an_import_repeated_changes_nothing():
    stores = empty_stores()
    take_in(stores, SHIFT)
    report = take_in(stores, SHIFT)
    assert report.stored == StoreReport(inserted=0, unchanged=2, corrected=0)
    assert len(stores.quarantine.held()) == 3


def test_a_file_that_repeats_a_bar_is_imported_twice_alike():
    stores = empty_stores()
    file = "A 2016-01-04 10 11 9 10 5\n" * 3 + "A 2016-01-05 10 11 9 10 6"
    first, second = take_in(stores, file), take_in(stores, file)
    assert (first.stored.inserted, first.quarantined) == (2, 2)
    assert (second.stored.unchanged, second.quarantined) == (2, 2)


def test_a_stored_bar_between_two_others_of_its_session_is_known_again():
    stores = stores_with(bars("A 2016-01-04 10 11 9 10 5"))
    file = "A 2016-01-04 10 11 9 10 5\nA 2016-01-04 10 11 9 9 5\nA 2016-01-04 10 11 9 10 5"
    report = take_in(stores, file)
    assert (report.stored.unchanged, report.quarantined) == (1, 2)


def test_a_released_bar_that_was_corrected_and_comes_again_is_held_again():
    stores = empty_stores()
    take_in(stores, bars_of_closes({"A": [10, 20]}))
    release(stores, symbol="A")
    take_in(stores, bars_of_closes({"A": [10, 10.5]}))
    assert take_in(stores, bars_of_closes({"A": [10, 20]})).quarantined == 1
    assert [bar.session for bar in stores.quarantine.held()] == ["2016-01-05"]


def test_a_corrected_bar_is_judged_and_stored_as_a_correction():
    stores = empty_stores()
    take_in(stores, bars_of_closes({"A": [10, 10.2, 10.3]}))
    report = take_in(stores, bars_of_closes({"A": [10, 10.25, 10.3]}))
    assert report.stored == StoreReport(inserted=0, unchanged=2, corrected=1)


def test_actions_that_come_with_a_file_are_saved_before_it_is_judged():
    stores = empty_stores()
    split = a_split("A", "2016-01-06", 7)
    report = import_bars(
        replace(received(RAW_SPLIT), actions=(split,)), stores, bounds=BOUNDS, at=LATER
    )
    assert (report.actions, report.quarantined) == (1, 0)
    assert stores.reference.actions() == [split]


def test_importing_the_action_stores_the_bars_it_explains():
    stores = empty_stores()
    assert take_in(stores, RAW_SPLIT).quarantined == 2
    report = explain(stores, a_split("A", "2016-01-06", 7))
    assert (report.changed, report.revalidated.explained, report.revalidated.still_held) == (
        1,
        2,
        0,
    )
    assert stored_closes(stores, "A")["2016-01-07"] == 103
    assert stores.quarantine.held() == []
    assert stores.quarantine.resolutions[0][2:4] == ("explained", "import actions")


def test_actions_that_come_with_a_file_store_what_was_held_before():
    stores = empty_stores()
    take_in(stores, RAW_SPLIT)
    file = replace(received(RAW_SPLIT), actions=(a_split("A", "2016-01-06", 7),))
    report = import_bars(file, stores, bounds=BOUNDS, at=LATER)
    assert report.quarantined == 0
    assert stores.quarantine.held() == []


def test_of_two_versions_held_the_later_one_is_explained_and_settles_the_other():
    stores = empty_stores()
    take_in(stores, bars_of_closes({"A": [700, 100]}))
    take_in(stores, bars_of_closes({"A": [700, 101]}))
    report = explain(stores, a_split("A", "2016-01-05", 7))
    assert (report.revalidated.explained, report.revalidated.still_held) == (2, 0)
    assert list(stored_closes(stores, "A").values()) == [700, 101]
    reasons = [resolution[4] for resolution in stores.quarantine.resolutions]
    assert reasons == ["another version of this bar was stored", "a corporate action explains it"]


def test_a_held_version_never_replaces_one_stored_since():
    stores = empty_stores()
    take_in(stores, bars_of_closes({"A": [700, 90]}))
    split = a_split("A", "2016-01-05", 7)
    file = replace(received(bars_of_closes({"A": [700, 101]})), actions=(split,))
    import_bars(file, stores, bounds=BOUNDS, at=LATER)
    assert explain(stores, split).revalidated.still_held == 1
    assert list(stored_closes(stores, "A").values()) == [700, 101]


def test_an_action_that_explains_nothing_leaves_bars_held():
    stores = empty_stores()
    take_in(stores, RAW_SPLIT)
    report = explain(stores, a_split("A", "2016-01-06", 3), a_split("B", "2016-02-01", 2))
    assert (report.revalidated.explained, report.revalidated.still_held) == (0, 2)


def test_bars_held_amid_stored_ones_are_judged_beside_them():
    # The spike of the 6th lies between stored bars; a split the next day does not make it right.
    stores = empty_stores()
    take_in(stores, bars_of_closes({"A": [10, 10.2, 31, 10.3, 10.4]}))
    report = explain(stores, a_split("A", "2016-01-20", 3))
    assert report.revalidated.still_held == 1


def test_a_released_jump_is_stored_and_what_follows_it_is_judged_from_there():
    stores = empty_stores()
    take_in(stores, SHIFT)
    first = stores.quarantine.held()[0]
    report = release(stores, quarantine_ids=[first.quarantine_id])
    assert (report.released, report.revalidated.explained) == (1, 2)
    assert list(stored_closes(stores, "A").values()) == [10, 10.2, 31, 31.5, 32]
    assert stores.quarantine.held() == []
    statuses = [resolution[2:5] for resolution in stores.quarantine.resolutions]
    assert statuses[0] == ("released", "ada", "a takeover bid")
    assert statuses[1] == ("explained", "ada", "follows released bars: a takeover bid")


def test_of_two_versions_held_a_release_by_symbol_takes_the_later_one():
    stores = empty_stores()
    take_in(stores, bars_of_closes({"A": [10, 20]}))
    take_in(stores, bars_of_closes({"A": [10, 21]}))
    assert release(stores, symbol="A").released == 1
    assert list(stored_closes(stores, "A").values()) == [10, 21]
    assert stores.quarantine.held() == []


def test_a_version_released_by_hand_settles_the_others():
    stores = empty_stores()
    take_in(stores, bars_of_closes({"A": [10, 20]}))
    take_in(stores, bars_of_closes({"A": [10, 21]}))
    release(stores, quarantine_ids=[stores.quarantine.held()[0].quarantine_id])
    assert list(stored_closes(stores, "A").values()) == [10, 20]
    assert stores.quarantine.held() == []


@pytest.mark.parametrize(
    "day", ["2016-01-09", "2017-01-03", "2116-01-04"], ids=["closed", "to come", "out of reach"]
)
def test_a_bar_of_no_closed_session_cannot_be_released(day):
    stores = empty_stores()
    take_in(stores, f"A {day} 10 11 9 10 5")
    with pytest.raises(DataError, match="cannot be released: the "):
        release(stores, quarantine_ids=[stores.quarantine.held()[0].quarantine_id])
    assert len(stores.quarantine.held()) == 1


def test_a_symbol_is_released_with_all_its_jumps():
    stores = empty_stores()
    take_in(stores, SHIFT)
    assert release(stores, symbol="A").released == 3
    assert take_in(stores, SHIFT).stored.unchanged == 5


def test_what_is_released_is_stored_as_it_was_received():
    stores = empty_stores()
    take_in(
        stores,
        "A 2016-01-04 0.1 0.3 0.1 0.30000000000000004 0",
        basis=PriceBasis.SPLIT_ADJUSTED,
        adjusted_through=date(2016, 1, 4),
    )
    release(stores, quarantine_ids=[1])
    assert stored_closes(stores, "A") == {"2016-01-04": 0.30000000000000004}


@pytest.mark.parametrize(
    ("table", "ids", "message"),
    [
        pytest.param("A 2016-01-04 1 1 1 - 5", [1], "a price or the volume is missing", id="hole"),
        pytest.param(
            "A 2016-01-04 1 1 1 1 5\nA 2016-01-04 1 1 1 1 6", [1, 2], "stands twice", id="twice"
        ),
        pytest.param("A 2016-01-04 1 1 1 1 0", [1, 7], "not held: 7", id="an id nobody knows"),
    ],
)
def test_what_cannot_be_released_releases_nothing(table, ids, message):
    stores = empty_stores()
    take_in(stores, table)
    with pytest.raises(DataError, match=message):
        release(stores, quarantine_ids=ids)
    assert stored_closes(stores, "A") == {}


def test_an_unreadable_row_cannot_be_released():
    stores = empty_stores()
    row = UnreadableRow(symbol="A", session="", reason="the date is none", received={})
    read = replace(received(""), unreadable=(row,))
    import_bars(read, stores, bounds=BOUNDS, at=LATER)
    with pytest.raises(DataError, match="cannot be released: the date is none"):
        release(stores, quarantine_ids=[1])


def test_a_symbol_without_held_jumps_has_nothing_to_release():
    with pytest.raises(DataError, match="no bar of A is held for a jump"):
        release(empty_stores(), symbol="A")


def test_members_and_sectors_go_to_the_reference():
    stores = empty_stores()
    member = Membership(symbol="A", start=date(2000, 1, 3), end=None)
    sector = SectorAssignment(symbol="A", sector="Energy")
    assert import_members([member], stores.reference, at=LATER) == 1
    assert import_sectors([sector], stores.reference, at=LATER) == 1
    assert stores.reference.members(date(2016, 1, 4)) == ("A",)
    assert stores.reference.sectors(date(2016, 1, 4)) == {"A": "Energy"}


@pytest.mark.parametrize(
    ("instant", "session"),
    [
        pytest.param(datetime(2016, 1, 5, 20, 59, tzinfo=UTC), date(2016, 1, 4), id="before close"),
        pytest.param(datetime(2016, 1, 5, 21, 0, tzinfo=UTC), date(2016, 1, 5), id="at the close"),
        pytest.param(datetime(2016, 1, 6, 3, 0, tzinfo=UTC), date(2016, 1, 5), id="that night"),
        pytest.param(datetime(2016, 1, 9, 12, 0, tzinfo=UTC), date(2016, 1, 8), id="a Saturday"),
    ],
)
def test_the_latest_closed_session(instant, session):
    assert latest_closed_session(instant) == session
