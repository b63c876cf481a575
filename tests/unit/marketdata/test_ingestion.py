from dataclasses import replace
from datetime import date

import pytest

from alpha_oracle.calendar import shift_session
from alpha_oracle.errors import IncompleteSession, TransientError
from alpha_oracle.marketdata.ingestion import completeness, ingest
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import InMemoryBarSource
from tests.fakes.done_set import InMemoryDoneSet
from tests.unit.marketdata.intake import (
    BOUNDS,
    a_split,
    decided,
    empty_stores,
    stored_closes,
    stores_with,
)

SESSION = date(2016, 1, 5)
MARKET = {"A": [10, 10.1], "B": [20, 20.2], "C": [30, 30.3]}


class CountingSource(InMemoryBarSource):
    """A source that remembers what it was asked for; away while `is_away`."""

    asked = ()
    is_away = False

    def fetch(self, symbols, *, start, end):
        if self.is_away:
            raise TransientError("the source is away; ask again")
        object.__setattr__(self, "asked", (*self.asked, tuple(symbols)))
        return super().fetch(symbols, start=start, end=end)


def a_source(closes=MARKET, *, actions=()):
    return CountingSource(holds=replace(received(bars_of_closes(closes)), actions=actions))


def run(source, stores, *, done=None, symbols=("A", "B", "C"), force=False):
    return ingest(
        [source],
        stores,
        done=done or InMemoryDoneSet(),
        symbols=symbols,
        session=SESSION,
        bounds=BOUNDS,
        min_completeness_pct=99.0,
        at=decided("2016-01-05"),
        force=force,
    )


def complete(stores, symbols=("A", "B", "C"), *, min_pct=99.0):
    return completeness(stores.bars, symbols, sources=["files"], session=SESSION, min_pct=min_pct)


def test_the_bars_of_a_session_are_fetched_stored_and_marked_done():
    stores, done = empty_stores(), InMemoryDoneSet()
    report = run(a_source(), stores, done=done)
    assert (report.requested, report.already_stored, report.fetched, report.accepted) == (
        3,
        0,
        3,
        3,
    )
    assert (report.quarantined, report.missing) == (0, ())
    assert done.done(SESSION) == {"A", "B", "C"}
    assert stored_closes(stores, "A") == {"2016-01-05": 10.1}


def test_a_rerun_fetches_exactly_what_is_missing():
    stores, source = stores_with(bars_of_closes({"B": [20, 20.2]})), a_source()
    first, second = run(source, stores), run(source, stores)
    assert source.asked == (("A", "C"),)
    assert (first.already_stored, first.fetched) == (1, 2)
    assert (second.already_stored, second.fetched, second.missing) == (3, 0, ())


def test_a_lost_done_set_refetches_nothing_and_is_healed():
    stores, done, source = empty_stores(), InMemoryDoneSet(), a_source()
    run(source, stores, done=done)
    done.forget()
    run(source, stores, done=done)
    assert len(source.asked) == 1
    assert done.done(SESSION) == {"A", "B", "C"}


def test_a_symbol_marked_done_but_not_stored_is_fetched():
    done, source = InMemoryDoneSet(), a_source()
    done.mark(SESSION, ["A", "B", "C"])
    report = run(source, empty_stores(), done=done)
    assert source.asked == (("A", "B", "C"),)
    assert report.accepted == 3


def test_nothing_is_marked_done_when_the_source_is_away():
    done, source = InMemoryDoneSet(), a_source()
    object.__setattr__(source, "is_away", True)
    with pytest.raises(TransientError):
        run(source, empty_stores(), done=done)
    assert done.done(SESSION) == frozenset()


def test_force_fetches_nothing():
    source = a_source()
    report = run(source, empty_stores(), force=True)
    assert source.asked == ()
    assert (report.fetched, report.missing) == (0, ("A", "B", "C"))


def test_a_bad_bar_is_held_and_the_good_ones_go_on():
    stores, done = stores_with(bars_of_closes({"A": [10], "B": [20], "C": [30]})), InMemoryDoneSet()
    report = run(a_source(MARKET | {"B": [20, 62]}), stores, done=done)
    assert (report.accepted, report.quarantined, report.missing) == (2, 1, ("B",))
    assert [(bar.symbol, bar.expectations) for bar in stores.quarantine.held()] == [
        ("B", ("jump_explained",))
    ]
    assert done.done(SESSION) == {"A", "C"}


def test_an_action_that_comes_along_explains_the_jump_of_its_day():
    stores = stores_with(bars_of_closes({"A": [700]}))
    split = a_split("A", "2016-01-05", 7)
    report = run(a_source({"A": [700, 101]}, actions=(split,)), stores, symbols=("A",))
    assert (report.accepted, report.quarantined) == (1, 0)
    assert stores.reference.actions() == [split]


def test_a_bar_that_keeps_repeating_stays_held_day_after_day():
    closes = bars_of_closes({"A": [10] * 12}, start=date(2015, 12, 21))
    stores = empty_stores()
    source = CountingSource(holds=received(closes))
    for step in range(12):
        session = shift_session(date(2015, 12, 21), step)
        ingest(
            [source],
            stores,
            done=InMemoryDoneSet(),
            symbols=("A",),
            session=session,
            bounds=BOUNDS,
            min_completeness_pct=99.0,
            at=decided(session.isoformat()),
        )
    assert len(stored_closes(stores, "A")) == 6
    assert len(stores.quarantine.held()) == 6


def test_the_validation_says_when_too_few_of_the_expected_came():
    stores = stores_with(bars_of_closes({"A": [10], "B": [20], "C": [30]}))
    report = run(a_source({"A": [10, 10.1]}), stores)
    [coverage] = [r for r in report.validation.results if r.expectation == "coverage"]
    assert (coverage.evaluated, coverage.failed) == (3, 2)


def test_expected_are_the_symbols_this_source_had_in_the_five_sessions_before():
    stores = stores_with(bars_of_closes({"A": [10], "B": [20]}, start=date(2015, 12, 28)))
    stores.bars.store(
        received(bars_of_closes({"C": [1]}), source="other"), received_at=decided("2016-01-05")
    )
    stores.bars.store(
        received(bars_of_closes({"A": [10, 10], "B": [20, 20]})), received_at=decided("2016-01-05")
    )
    found = complete(stores)
    assert (found.expected, found.stored, found.pct, found.missing) == (2, 2, 100.0, ())


def test_a_symbol_unseen_for_longer_is_not_expected():
    stores = stores_with(bars_of_closes({"A": [10], "B": [20, 20]}, start=date(2015, 12, 24)))
    stores.bars.store(received(bars_of_closes({"B": [20, 20]})), received_at=decided("2016-01-05"))
    assert complete(stores).expected == 1


def test_an_incomplete_session_says_what_is_missing_and_what_to_do():
    stores = stores_with(bars_of_closes({"A": [10, 10], "B": [20], "C": [30, 30]}))
    with pytest.raises(IncompleteSession) as caught:
        complete(stores)
    assert str(caught.value) == (
        "2016-01-05: 2 of 3 expected symbols are stored (66.7 %, bound 99 %); missing B; run the "
        "session again when the source has them, or see `quarantine list`"
    )
    assert complete(stores, min_pct=60.0).missing == ("B",)


def test_a_session_of_which_nothing_is_known_is_incomplete():
    with pytest.raises(IncompleteSession, match="no bar is stored and files had none"):
        complete(empty_stores())


def test_a_first_session_expects_nothing_but_needs_a_bar():
    stores = stores_with(bars_of_closes({"A": [10]}, start=SESSION))
    assert complete(stores).pct == 100.0
