"""What a store of facts must do, on Postgres and in the fake: above all, as of what instant."""

from datetime import date, timedelta

import numpy as np
import pytest

from alpha_oracle.domain.bars import StoreReport
from alpha_oracle.domain.fundamentals import StatementItem
from alpha_oracle.errors import DataError
from tests.contracts.reference_stores import YEAR_END, a_fact, day, rows_of, told

NOTHING = StoreReport(inserted=0, unchanged=0, corrected=0)
NEW = StoreReport(inserted=1, unchanged=0, corrected=0)
SAME = StoreReport(inserted=0, unchanged=1, corrected=0)
CORRECTED = StoreReport(inserted=0, unchanged=0, corrected=1)
A_MOMENT = timedelta(microseconds=1)
RECEIVED = day(100)
LATE = day(1000)


def keep(stores, *facts, source="edgar", at=RECEIVED):
    return stores.facts.store(facts, source=source, received_at=at)


def known(stores, *, as_of=LATE, symbols=None):
    return told(stores.facts.load(as_of=as_of, symbols=symbols))


def test_a_store_without_facts_has_none(stores):
    assert keep(stores) == NOTHING
    nothing = stores.facts.load(as_of=LATE)
    assert (len(nothing), nothing.symbols) == (0, ())
    assert nothing.period_start.dtype == nothing.period_end.dtype == np.dtype("datetime64[D]")
    assert nothing.known_at.dtype == np.dtype("datetime64[us]")
    assert (nothing.item.dtype, nothing.symbol_index.dtype) == (np.int16, np.int32)


def test_a_fact_comes_back_as_it_was_told(stores):
    cash = a_fact(7.25, item=StatementItem.CASH, symbol="BRK.B")
    assert keep(stores, a_fact(-1e11), cash) == StoreReport(inserted=2, unchanged=0, corrected=0)
    assert rows_of(stores.facts.load(as_of=LATE)) == [
        ("A", day(10), StatementItem.REVENUE, YEAR_END, date(2015, 1, 1), -1e11),
        ("BRK.B", day(10), StatementItem.CASH, YEAR_END, None, 7.25),
    ]


def test_a_fact_is_known_from_its_document_on_however_late_it_came(stores):
    keep(stores, a_fact(1.0))
    assert known(stores, as_of=day(10) - A_MOMENT) == []
    assert known(stores, as_of=day(10)) == [(10, 1.0)]


def test_a_document_given_again_changes_nothing(stores):
    keep(stores, a_fact(1.0))
    assert keep(stores, a_fact(1.0), a_fact(1.0), at=day(200)) == SAME
    assert keep(stores, a_fact(1.0, known_at=day(11)), at=day(200)) == SAME
    assert known(stores) == [(10, 1.0)]


def test_a_later_document_with_the_same_value_is_no_revision(stores):
    keep(stores, a_fact(1.0), a_fact(1.0, "10-K/A", known_at=day(20)))
    assert known(stores) == [(10, 1.0)]


def test_a_later_document_with_another_value_is_known_from_its_own_day(stores):
    keep(stores, a_fact(1.0))
    assert keep(stores, a_fact(2.0, "10-K/A", known_at=day(20))) == NEW
    assert known(stores) == [(10, 1.0), (20, 2.0)]
    assert known(stores, as_of=day(20) - A_MOMENT) == [(10, 1.0)]


def test_an_earlier_document_that_comes_later_is_known_from_its_own_day(stores):
    keep(stores, a_fact(2.0, "10-K/A", known_at=day(20)))
    assert keep(stores, a_fact(1.0), at=day(200)) == NEW
    assert known(stores) == [(10, 1.0), (20, 2.0)]
    assert known(stores, as_of=day(15)) == [(10, 1.0)]


def test_an_earlier_document_with_the_same_value_makes_it_known_earlier(stores):
    keep(stores, a_fact(1.0, "10-K/A", known_at=day(20)))
    keep(stores, a_fact(1.0), at=day(200))
    assert known(stores) == [(10, 1.0)]


def test_a_document_that_comes_between_two_that_say_the_same_is_no_last_word(stores):
    keep(stores, a_fact(1.0), a_fact(1.0, "third", known_at=day(30)))
    keep(stores, a_fact(2.0, "second", known_at=day(20)), at=day(200))
    assert known(stores) == [(10, 1.0), (20, 2.0), (30, 1.0)]


def test_a_document_that_says_otherwise_now_is_known_from_when_that_came(stores):
    keep(stores, a_fact(1.0))
    assert keep(stores, a_fact(2.0), at=day(200)) == CORRECTED
    assert known(stores) == [(10, 1.0), (200, 2.0)]
    assert known(stores, as_of=day(200) - A_MOMENT) == [(10, 1.0)]
    assert known(stores, as_of=day(200)) == [(10, 1.0), (200, 2.0)]
    assert keep(stores, a_fact(1.0), at=day(300)) == CORRECTED
    assert keep(stores, a_fact(1.0), at=day(400)) == SAME
    assert known(stores) == [(10, 1.0), (200, 2.0), (300, 1.0)]


def test_what_an_earlier_document_says_now_is_no_news(stores):
    keep(stores, a_fact(1.0), a_fact(1.0, "10-K/A", known_at=day(20)))
    assert keep(stores, a_fact(3.0), at=day(200)) == CORRECTED
    assert known(stores) == [(10, 1.0)]


def test_a_document_filed_before_a_correction_that_came_before_it_is_the_later_word(stores):
    keep(stores, a_fact(1.0))
    keep(stores, a_fact(2.0), at=day(200))
    keep(stores, a_fact(5.0, "10-K/A", known_at=day(20)), at=day(300))
    assert known(stores) == [(10, 1.0), (20, 5.0)]


def test_a_correction_is_known_no_sooner_than_its_document_and_the_one_before(stores):
    keep(stores, a_fact(1.0))
    keep(stores, a_fact(2.0, known_at=day(250)), at=day(200))
    keep(stores, a_fact(3.0), at=day(220))
    assert known(stores) == [(10, 1.0), (250, 3.0)]
    assert known(stores, as_of=day(249)) == [(10, 1.0)]


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "the other way round"])
def test_of_two_documents_of_one_instant_the_last_by_name_counts(stores, turned):
    facts = [a_fact(1.0, "0000320193-16-000002"), a_fact(2.0, "0000320193-16-000010")]
    for fact in reversed(facts) if turned else facts:
        keep(stores, fact)
    assert known(stores) == [(10, 2.0)]


def test_other_periods_of_the_same_end_are_other_figures(stores):
    quarter = a_fact(1.0, period_start=date(2015, 10, 1))
    keep(stores, a_fact(4.0), quarter)
    assert [row[4:] for row in rows_of(stores.facts.load(as_of=LATE))] == [
        (date(2015, 1, 1), 4.0),
        (date(2015, 10, 1), 1.0),
    ]


def test_facts_ascend_by_symbol_instant_item_period_end_and_start(stores):
    before = {"period_start": date(2014, 1, 1), "period_end": date(2014, 12, 31)}
    facts = [
        a_fact(1.0, symbol="A"),
        a_fact(2.0, symbol="A", item=StatementItem.NET_INCOME, **before),
        a_fact(3.0, symbol="A", item=StatementItem.NET_INCOME),
        a_fact(4.0, symbol="A", item=StatementItem.NET_INCOME, period_start=date(2015, 7, 1)),
        a_fact(5.0, symbol="A", item=StatementItem.CASH),
        a_fact(6.0, "10-K/A", symbol="A", known_at=day(11)),
        a_fact(7.0, symbol="BF.B"),
        a_fact(8.0, symbol="BFA", known_at=day(1)),
    ]
    for fact in reversed(facts):
        keep(stores, fact)
    assert [row[-1] for row in rows_of(stores.facts.load(as_of=LATE))] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_facts_of_some_symbols_are_theirs_alone(stores):
    keep(stores, a_fact(1.0), a_fact(2.0, symbol="B"), a_fact(3.0, symbol="C"))
    some = stores.facts.load(as_of=LATE, symbols=["B", "ZZZ"])
    assert (some.symbols, some.value.tolist()) == (("B",), [2.0])
    assert len(stores.facts.load(as_of=LATE, symbols=[])) == 0


def test_symbols_of_which_nothing_was_known_are_not_named(stores):
    keep(stores, a_fact(1.0), a_fact(2.0, symbol="AA", known_at=day(20)), a_fact(3.0, symbol="B"))
    facts = stores.facts.load(as_of=day(10))
    assert (facts.symbols, facts.symbol_index.tolist()) == (("A", "B"), [0, 1])


def test_one_source_speaks_for_a_symbol(stores):
    sources = ["synthetic", "alpha_vantage", "edgar", "files"]
    for number, source in enumerate(sources):
        keep(stores, a_fact(float(number), symbol="B"), source=source)
        assert known(stores, symbols=["B"]) == [(10, float(number))]
    keep(stores, a_fact(9.0, symbol="B"), a_fact(5.0), source="alpha_vantage")
    assert known(stores) == [(10, 5.0), (10, 3.0)]


def test_a_source_named_nowhere_speaks_last(stores):
    keep(stores, a_fact(1.0), source="another")
    assert known(stores) == [(10, 1.0)]
    keep(stores, a_fact(2.0), source="synthetic")
    assert known(stores) == [(10, 2.0)]


def test_who_speaks_for_a_symbol_does_not_depend_on_the_instant_asked_for(stores):
    """Else a later look at the same instant would read another source's periods."""
    keep(stores, a_fact(1.0), source="edgar")
    keep(stores, a_fact(2.0, known_at=day(50)), source="files")
    assert known(stores, as_of=day(20)) == []
    assert known(stores) == [(50, 2.0)]


def test_a_document_that_contradicts_itself_is_refused_whole(stores):
    with pytest.raises(DataError, match=r"A revenue .*given twice"):
        keep(stores, a_fact(3.0, symbol="B"), a_fact(1.0), a_fact(2.0))
    assert len(stores.facts.load(as_of=LATE)) == 0


def test_a_hostile_document_name_is_kept(stores):
    keep(stores, a_fact(1.0, "a\x00b\ud800"), a_fact(2.0, "'; --", known_at=day(11)))
    assert known(stores) == [(10, 1.0), (11, 2.0)]
