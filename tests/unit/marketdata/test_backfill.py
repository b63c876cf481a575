from datetime import UTC, date, datetime
from itertools import islice

import pytest

from alpha_oracle.domain.bars import AbsenceKind
from alpha_oracle.domain.market import Membership, PriceBasis
from alpha_oracle.errors import BudgetSpent, ConfigurationError, SourceAway, UnknownSymbol
from alpha_oracle.marketdata.backfill import backfill
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import InMemoryBarSource, VendorBarSource
from tests.fakes.clock import FixedClock
from tests.unit.marketdata.intake import (
    BOUNDS,
    LATER,
    empty_stores,
    stored_closes,
    stores_with,
)

START, END = date(2016, 1, 4), date(2016, 8, 31)
SESSIONS = 168
CLOSES = {"A": [10.0] * 3 + [10.1, 10.2] * 90, "B": [20.0, 20.1] * 90}


class CountingSource(InMemoryBarSource):
    """A source that counts how often it was asked."""

    calls = 0

    def fetch(self, symbols, *, start, end):
        object.__setattr__(self, "calls", self.calls + 1)
        return super().fetch(symbols, start=start, end=end)


def a_source():
    return CountingSource(holds=received(bars_of_closes(CLOSES)))


def steps(source, stores, *, start=START, end=END, at=LATER, only=None):
    sources = source if isinstance(source, list) else [source]
    return backfill(
        sources, stores, start=start, end=end, bounds=BOUNDS, clock=FixedClock(at), only=only
    )


@pytest.fixture
def one_symbol_at_a_time(monkeypatch):
    monkeypatch.setattr("alpha_oracle.marketdata.backfill.ROWS_AT_ONCE", SESSIONS)


def test_a_range_is_filled_some_symbols_at_a_time(one_symbol_at_a_time):
    stores = empty_stores()
    done = list(steps(a_source(), stores))
    assert [(step.symbols_done, step.symbols_total) for step in done] == [(1, 2), (2, 2)]
    assert [step.stored for step in done] == [SESSIONS, SESSIONS]
    assert len(stored_closes(stores, "A")) == SESSIONS


def test_a_symbol_is_asked_for_once_for_the_whole_range():
    source = a_source()
    [step] = steps(source, empty_stores())
    assert (step.start, step.end, source.calls) == (START, END, 1)


def test_a_stopped_backfill_carries_on_where_it_was(one_symbol_at_a_time):
    stores, source = empty_stores(), a_source()
    list(islice(steps(source, stores), 1))
    assert stored_closes(stores, "B") == {}
    [resumed] = steps(source, stores)
    assert (resumed.symbols_done, resumed.symbols_total, resumed.stored) == (1, 1, SESSIONS)
    assert source.calls == 2
    assert list(steps(source, stores)) == []


def test_only_the_symbols_named_are_filled():
    stores = empty_stores()
    list(steps(a_source(), stores, only=["a"]))
    assert stored_closes(stores, "B") == {}
    assert len(stored_closes(stores, "A")) == SESSIONS


def test_a_symbol_nobody_knows_is_refused():
    with pytest.raises(UnknownSymbol, match="NOSUCH: known to neither"):
        list(steps(a_source(), empty_stores(), only=["NOSUCH"]))


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        pytest.param(START, date(2016, 9, 1), "2016-09-01 has not closed", id="a day to come"),
        pytest.param(END, START, "there is no session from", id="an end before the start"),
        pytest.param(
            date(2016, 1, 9), date(2016, 1, 10), "there is no session from", id="a weekend"
        ),
    ],
)
def test_a_range_that_cannot_be_filled_is_refused(start, end, message):
    at = datetime(2016, 9, 1, 12, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match=message):
        list(steps(a_source(), empty_stores(), start=start, end=end, at=at))


SHORT_END = date(2016, 1, 8)
MONDAY, TUESDAY, FRIDAY = "2016-01-04", "2016-01-05", "2016-01-08"
WEEK = {"A": [10.0, 10.1, 10.2, 10.3, 10.4], "B": [20.0, 20.1, 20.2, 20.3, 20.4]}


def a_vendor(closes, *, name="vendor", **facts):
    return VendorBarSource(received(bars_of_closes(closes), source=name), **facts)


def adjusted_source(closes, *, name="vendor", through=SHORT_END):
    basis = PriceBasis.SPLIT_ADJUSTED
    return VendorBarSource(
        received(bars_of_closes(closes), source=name, basis=basis, adjusted_through=through)
    )


def week(source, stores, *, only=("A", "B")):
    return list(steps(source, stores, end=SHORT_END, only=only))


def test_a_fallback_fills_what_the_first_source_lacks():
    stores = empty_stores()
    first = a_vendor({"A": [float("nan"), *WEEK["A"][1:]]}, name="first")
    fallback = a_vendor(WEEK, name="second")
    [step] = week([first, fallback], stores)
    assert fallback.asked == [("A", "B")]
    assert [(count.source, count.asked, count.given) for count in step.sources] == [
        ("first", 2, 0),
        ("second", 2, 2),
    ]
    assert step.lacking == ()
    assert stored_closes(stores, "A") == dict(
        zip((MONDAY, TUESDAY, "2016-01-06", "2016-01-07", FRIDAY), WEEK["A"], strict=True)
    )
    sources = stores.bars.symbols_stored(start=START, end=START, source="second")
    assert sources == {START: {"A", "B"}}
    assert len(stores.bars.symbols_stored(start=START, end=SHORT_END, source="first")) == 4


def test_a_fallback_never_replaces_a_stored_bar():
    stores = stores_with(bars_of_closes({"A": WEEK["A"][:2]}), source="first")
    [step] = week(a_vendor({"A": [10.0, 10.5, *WEEK["A"][2:]]}), stores, only=["A"])
    assert stored_closes(stores, "A")[TUESDAY] == 10.1
    assert step.stored == 3
    [disagreement] = step.overlap.disagreements
    assert (disagreement.stored_source, disagreement.source) == ("first", "vendor")


def test_a_source_corrects_its_own_bars_between_those_it_lacked():
    stored = bars_of_closes({"A": WEEK["A"][1:3]}, start=date(2016, 1, 5))
    stores = stores_with(stored, source="vendor")
    [step] = week(a_vendor({"A": [10.0, 10.15, *WEEK["A"][2:]]}), stores, only=["A"])
    assert stored_closes(stores, "A")[TUESDAY] == 10.15
    assert (step.stored, step.overlap.corrections_seen) == (4, 1)


def test_a_conflict_holds_the_new_bars_and_corrects_none():
    stores = stores_with(bars_of_closes({"A": WEEK["A"][:3]}), source="vendor")
    source = a_vendor({"A": [33.0, 12.0, 55.5, 10.3, 10.4]})
    [step] = week(source, stores, only=["A"])
    assert (step.stored, step.quarantined) == (0, 2)
    assert [conflict.symbol for conflict in step.overlap.conflicts] == ["A"]
    assert list(stored_closes(stores, "A").values()) == WEEK["A"][:3]


def test_the_bars_before_a_split_that_is_found_are_not_stored_again():
    stores = stores_with(bars_of_closes({"A": [700.0, 707.0, 102.0]}), source="vendor")
    source = adjusted_source({"A": [100.0, 101.0, 102.0, 103.0, 104.0]})
    [step] = week(source, stores, only=["A"])
    assert [(str(split.ex_date), split.value) for split in step.overlap.splits] == [
        ("2016-01-06", 7)
    ]
    assert (step.stored, step.quarantined) == (2, 0)
    assert list(stored_closes(stores, "A").values()) == [700, 707, 102, 103, 104]


def test_the_sessions_before_the_range_are_held_against_the_store_too():
    # Small enough to pass as a day's move: without the overlap nobody would notice.
    stores = stores_with(bars_of_closes({"A": [125.0, 126.25]}), source="vendor")
    source = adjusted_source({"A": [100.0, 101.0, 102.0, 103.0, 104.0]})
    given = {"start": date(2016, 1, 6), "end": SHORT_END, "only": ["A"]}
    [step] = list(steps(source, stores, **given))
    assert (step.stored, step.quarantined) == (0, 3)
    assert "between 2016-01-06 and 2016-01-08" in step.overlap.conflicts[0].reason


def test_the_whole_range_is_planned_before_the_first_request():
    source = a_vendor(CLOSES, left=1)
    with pytest.raises(BudgetSpent, match="2 requests are needed for 2 symbols"):
        list(steps(source, empty_stores(), only=["A", "B"]))
    assert source.asked == []


def test_each_symbol_is_paid_for_once():
    source, stores = a_vendor(CLOSES, left=2), empty_stores()
    list(steps(source, stores, only=["A", "B"]))
    assert source.spent == 2
    assert len(stored_closes(stores, "A")) == SESSIONS


def test_what_no_source_has_is_reported_once_and_ends():
    late = a_vendor({"A": [float("nan")] * 2 + WEEK["A"][2:]}, says={"B": AbsenceKind.NO_DATA})
    [step] = week(late, empty_stores())
    assert (step.stored, step.lacking) == (3, ("A", "B"))
    assert [(absence.symbol, absence.kind) for absence in step.absent] == [
        ("A", AbsenceKind.FAILED),
        ("B", AbsenceKind.NO_DATA),
    ]
    assert len(late.asked) == 1


def test_a_member_is_not_asked_for_before_it_joined():
    stores = empty_stores()
    stores.reference.save_members(
        [Membership(symbol="A", start=date(2016, 1, 6), end=None)], at=LATER
    )
    source = a_vendor({"A": [float("nan")] * 2 + WEEK["A"][2:]})
    [step] = week(source, stores, only=None)
    assert step.lacking == ()
    week(source, stores, only=None)
    assert len(source.asked) == 1


def test_symbols_no_source_answers_for_end_the_run_and_leave_the_others(one_symbol_at_a_time):
    source, stores = a_vendor(CLOSES), empty_stores()
    run = steps(source, stores, only=["A", "B"])
    next(run)
    source.fails_with(SourceAway("the vendor is away"))
    with pytest.raises(SourceAway):
        next(run)
    assert len(stored_closes(stores, "A")) == SESSIONS


def test_without_any_symbol_to_ask_a_vendor_for_they_must_be_named():
    with pytest.raises(UnknownSymbol, match="import members, or name --symbols"):
        week(a_vendor(WEEK), empty_stores(), only=None)


def test_older_bars_are_held_against_the_stored_ones_behind_them():
    # Stored as traded after a split of 2 that nobody recorded; what comes before is adjusted.
    stored = bars_of_closes({"A": [51.0, 51.5]}, start=date(2016, 1, 7))
    stores = stores_with(stored, source="vendor")
    source = adjusted_source({"A": [25.0, 25.2, 25.4, 25.5, 25.75]}, through=date(2016, 2, 1))
    given = {"end": date(2016, 1, 6), "only": ["A"]}
    [step] = list(steps(source, stores, **given))
    assert (step.stored, step.quarantined) == (0, 3)
    assert "between 2016-01-11 and 2016-02-01" in step.overlap.conflicts[0].reason


def test_a_second_row_of_a_stored_session_replaces_nothing():
    stores = stores_with(bars_of_closes({"A": WEEK["A"][:1]}), source="first")
    twice = bars_of_closes({"A": WEEK["A"]}).take([0, 0, 1, 2, 3, 4])
    source = VendorBarSource(received(twice, source="vendor"))
    twice.close[1] = 10.05
    [step] = week(source, stores, only=["A"])
    assert stored_closes(stores, "A")[MONDAY] == 10.0
    assert step.stored == 4
