from dataclasses import replace
from datetime import date

import pytest

from alpha_oracle.domain.bars import AbsenceKind, UnreadableRow
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.domain.validation import SourceCount
from alpha_oracle.errors import (
    BudgetSpent,
    ConfigurationError,
    DataError,
    IncompleteSession,
    SourceAway,
    StoreUnavailable,
)
from alpha_oracle.marketdata.chain import by_reason
from alpha_oracle.marketdata.ingestion import completeness, ingest
from tests.builders import bars_of_closes, received
from tests.fakes.bar_source import VendorBarSource
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
SYMBOLS = ("A", "B", "C")


def first(closes=MARKET, **facts):
    return VendorBarSource(received(bars_of_closes(closes), source="alpha_vantage"), **facts)


def second(closes=MARKET, **facts):
    answer = received(
        bars_of_closes(closes),
        source="ibkr",
        basis=PriceBasis.SPLIT_ADJUSTED,
        adjusted_through=SESSION,
    )
    return VendorBarSource(answer, **facts)


def run(sources, stores, *, symbols=SYMBOLS, done=None):
    return ingest(
        sources,
        stores,
        done=done or InMemoryDoneSet(),
        symbols=symbols,
        session=SESSION,
        bounds=BOUNDS,
        min_completeness_pct=99.0,
        at=decided("2016-01-05"),
    )


def origins(stores):
    found = stores.bars.load(start=SESSION, end=SESSION, as_of=decided("2016-01-05"))
    return {
        found.bars.symbols[code]: (found.batches[batch].source, found.batches[batch].reason)
        for code, batch in zip(
            found.bars.symbol_index.tolist(), found.batch_index.tolist(), strict=True
        )
    }


def but(closes, *names):
    return {symbol: prices for symbol, prices in closes.items() if symbol not in names}


def test_the_second_source_is_not_asked_where_the_first_gave_everything():
    stores, fallback = empty_stores(), second()
    report = run([first(), fallback], stores)
    assert fallback.asked == []
    assert origins(stores) == dict.fromkeys(SYMBOLS, ("alpha_vantage", ""))
    assert report.sources == (SourceCount(source="alpha_vantage", asked=3, given=3),)


def test_the_second_source_is_asked_for_what_is_lacking_and_its_bars_say_why():
    stores, fallback = empty_stores(), second()
    source = first(but(MARKET, "B", "C"), says={"B": AbsenceKind.UNKNOWN_SYMBOL})
    report = run([source, fallback], stores)
    assert fallback.asked == [("B", "C")]
    assert origins(stores) == {
        "A": ("alpha_vantage", ""),
        "B": ("ibkr", "alpha_vantage: unknown symbol"),
        "C": ("ibkr", "alpha_vantage: no bar of 2016-01-05 in its answer"),
    }
    assert report.sources[1] == SourceCount(source="ibkr", asked=2, given=2)
    assert (report.accepted, report.missing, report.absent) == (3, (), ())


def test_bars_of_one_reason_are_one_batch():
    said = dict.fromkeys(SYMBOLS, AbsenceKind.REFUSED)
    stores = empty_stores()
    run([first({}, says=said), second()], stores)
    assert set(origins(stores).values()) == {("ibkr", "alpha_vantage: refused")}


@pytest.mark.parametrize(
    "failure",
    [SourceAway("away"), BudgetSpent("spent"), ConfigurationError("bad key"), DataError("odd")],
)
def test_an_error_of_the_first_lets_the_second_be_asked(failure):
    stores = empty_stores()
    report = run([first(failure=failure), second()], stores)
    assert set(origins(stores).values()) == {("ibkr", f"alpha_vantage: {failure}")}
    assert report.sources[0] == SourceCount(
        source="alpha_vantage", asked=3, given=0, failure=str(failure)
    )


def test_where_no_source_answers_the_first_error_is_raised_and_nothing_told():
    done = InMemoryDoneSet()
    sources = [first(failure=ConfigurationError("bad key")), second(failure=SourceAway("away"))]
    with pytest.raises(ConfigurationError, match="bad key"):
        run(sources, empty_stores(), done=done)
    assert done.done(SESSION) == frozenset()


def test_our_own_store_away_is_no_reason_to_ask_another_source():
    fallback = second()
    with pytest.raises(StoreUnavailable):
        run([first(failure=StoreUnavailable("down")), fallback], empty_stores())
    assert fallback.asked == []


def test_where_one_source_answered_the_run_goes_on_and_names_what_is_missing():
    source = first(but(MARKET, "C"), says={"C": AbsenceKind.UNKNOWN_SYMBOL})
    stores = empty_stores()
    report = run([source, second(failure=SourceAway("the gateway is closed"))], stores)
    assert report.missing == ("C",)
    assert [(absence.source, absence.kind, absence.reason) for absence in report.absent] == [
        ("alpha_vantage", AbsenceKind.UNKNOWN_SYMBOL, "C: unknown_symbol here"),
        ("ibkr", AbsenceKind.FAILED, "the gateway is closed"),
    ]
    assert report.why_missing == {"C": "alpha_vantage: unknown symbol; ibkr: the gateway is closed"}


def test_after_an_error_a_source_is_left_alone():
    # A has bars before, so it is asked for apart from the others.
    stores = stores_with(bars_of_closes({"A": [10]}))
    source = first(failure=SourceAway("away"))
    run([source, second()], stores)
    assert source.asked == [("A",)]
    assert set(origins(stores)) == set(SYMBOLS)


def test_a_rerun_asks_for_the_missing_alone():
    stores = empty_stores()
    run([first(but(MARKET, "C")), second(but(MARKET, "C"))], stores)
    source, fallback = first(), second()
    run([source, fallback], stores)
    assert (source.asked, fallback.asked) == ([("C",)], [])


def test_a_metered_source_is_asked_for_what_its_day_allows_and_the_next_for_the_rest():
    stores = empty_stores()
    source = first(left=2)
    report = run([source, second()], stores)
    assert source.asked == [("A", "B")]
    assert origins(stores)["C"] == ("ibkr", "alpha_vantage: the day's requests are used up")
    assert report.accepted == 3


def test_a_spent_fallback_says_so_when_it_is_needed():
    report = run([first(but(MARKET, "C")), second(left=0)], empty_stores())
    assert report.missing == ("C",)
    assert report.absent[1].reason.startswith(
        "ibkr: 1 requests are needed for 1 symbols, but of 0 a day 0 are left today."
    )


def test_answers_paid_for_are_free_to_the_next_run():
    source = first(left=3)
    run([source], empty_stores())
    run([source], empty_stores())
    assert (source.spent, len(source.asked)) == (3, 2)


def test_a_bar_that_is_held_is_not_asked_of_the_next_source():
    stores, fallback = stores_with(bars_of_closes({"B": [20]})), second()
    report = run([first(MARKET | {"B": [20, 62]}), fallback], stores)
    assert fallback.asked == []
    assert report.why_missing == {"B": "held: jump_explained"}


def test_expected_is_what_any_source_of_the_list_gave():
    stores = stores_with(bars_of_closes({"A": [10]}), source="alpha_vantage")
    stores.bars.store(
        received(bars_of_closes({"B": [20]}), source="ibkr"), received_at=decided("2016-01-05")
    )
    stores.bars.store(
        received(bars_of_closes({"C": [30]}), source="files"), received_at=decided("2016-01-05")
    )
    with pytest.raises(IncompleteSession, match="0 of 2 expected"):
        complete(stores)


def complete(stores, why_missing=None):
    return completeness(
        stores.bars,
        SYMBOLS,
        sources=["alpha_vantage", "ibkr"],
        session=SESSION,
        min_pct=99.0,
        why_missing=why_missing,
    )


def test_an_incomplete_session_names_the_reasons_it_knows_the_commonest_first():
    stores = stores_with(bars_of_closes({"A": [10], "B": [20], "C": [30]}), source="ibkr")
    reasons = {"A": "ibkr: no data", "C": "ibkr: no data", "B": "held: jump_explained"}
    with pytest.raises(IncompleteSession) as caught:
        complete(stores, reasons)
    assert str(caught.value) == (
        "2016-01-05: 0 of 3 expected symbols are stored (0.0 %, bound 99 %); missing A, B, C "
        "because ibkr: no data (A, C); held: jump_explained (B); run the session again when the "
        "source has them, or see `quarantine list`"
    )


def test_an_answer_in_parts_loses_nothing():
    unreadable = [
        UnreadableRow(symbol=symbol, session="", reason="odd", received={})
        for symbol in ("A", "B", "?")
    ]
    answer = replace(
        received(bars_of_closes(MARKET)),
        unreadable=tuple(unreadable),
        actions=(a_split("B", "2016-01-05", 2), a_split("D", "2016-01-05", 2)),
    )
    reasons = {"A": "x: no data", "B": "x: away", "C": "x: no data", "D": "x: odd"}
    parts = by_reason(answer, reasons)
    assert [part.batch.reason for part in parts] == ["x: no data", "x: away"]
    assert [len(part.bars) for part in parts] == [4, 2]
    assert [[row.symbol for row in part.unreadable] for part in parts] == [["A", "?"], ["B"]]
    assert [[action.symbol for action in part.actions] for part in parts] == [["D"], ["B"]]


def test_a_bar_of_a_fallback_keeps_its_reason_through_the_quarantine():
    stores = stores_with(bars_of_closes({"A": [700]}))
    run([first({}), second({"A": [100, 101]})], stores, symbols=("A",))
    [held] = stores.quarantine.held()
    assert held.received["reason"] == "alpha_vantage: no bar of 2016-01-05 in its answer"
    assert stored_closes(stores, "A") == {"2016-01-04": 700}
