"""What repeated bars tell; each ratio is worked by hand beside its case."""

import math
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.calendar import shift_session
from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.marketdata.overlap import judge_overlap
from alpha_oracle.marketdata.readjustment import SIMPLE_SPLITS
from tests.builders import bars_of_closes, received
from tests.unit.marketdata.intake import LATER, a_dividend, a_split, empty_stores

FIRST = date(2016, 1, 4)
WEEK = [100.0, 101.0, 102.5, 99.0, 103.0]
LAST = date(2016, 1, 8)
NEXT = date(2016, 1, 11)
ADJUSTED = PriceBasis.SPLIT_ADJUSTED
FULLY = PriceBasis.FULLY_ADJUSTED
RAW = PriceBasis.RAW


def stored_bars(closes, *, basis=RAW, source="files", through=LAST, start=FIRST, symbol="A"):
    stores = empty_stores()
    put(stores, closes, basis=basis, source=source, through=through, start=start, symbol=symbol)
    return everything(stores)


def put(stores, closes, *, basis=RAW, source="files", through=LAST, start=FIRST, symbol="A"):
    stores.bars.store(
        an_answer(closes, basis=basis, source=source, through=through, start=start, symbol=symbol),
        received_at=LATER,
    )


def everything(stores):
    return stores.bars.load(start=date(2000, 1, 3), end=date(2016, 12, 30), as_of=LATER)


def an_answer(closes, *, basis=RAW, source="files", through=NEXT, start=FIRST, symbol="A"):
    return received(
        bars_of_closes({symbol: closes}, start=start),
        source=source,
        basis=basis,
        adjusted_through=None if basis is RAW else through,
    )


def judge(answer, stored, actions=()):
    return judge_overlap(answer, stored, actions, max_disagreement_pct=1.0)


def told(found):
    return (
        [(split.symbol, split.ex_date.isoformat(), split.value) for split in found.splits],
        [conflict.symbol for conflict in found.conflicts],
    )


AGREED = ([], [])
HELD = ([], ["A"])


def scaled(closes, ratio, *, places=4):
    return [round(close * ratio, places) for close in closes]


@pytest.mark.parametrize("basis", PriceBasis)
def test_the_same_bars_again_are_agreed_on(basis):
    found = judge(an_answer([*WEEK, 104], basis=basis), stored_bars(WEEK, basis=basis))
    assert told(found) == AGREED
    assert found.judged == {"A"}
    assert found.is_repeated.tolist() == [True] * 5 + [False]
    assert not found.is_correction.any()


def test_a_new_symbol_has_nothing_to_be_held_against():
    found = judge(an_answer([5, 6], symbol="NEW"), stored_bars(WEEK))
    assert told(found) == AGREED
    assert found.judged == frozenset()


@pytest.mark.parametrize("corrected", [102.6, 110.0, 10.25])
def test_one_bar_that_its_vendor_corrected_is_a_correction_whatever_its_size(corrected):
    answer = an_answer([*WEEK[:2], corrected, *WEEK[3:], 104])
    found = judge(answer, stored_bars(WEEK))
    assert told(found) == AGREED
    assert found.is_correction.tolist() == [False, False, True, False, False, False]


def test_a_cent_is_a_correction_too():
    found = judge(an_answer([100.01, *WEEK[1:]]), stored_bars(WEEK))
    assert told(found) == AGREED
    assert found.is_correction.sum() == 1


@pytest.mark.parametrize("value", ["2", "7", "20", "1.5", "1.25", "1.1", "1.05", "0.1", "0.02"])
def test_a_split_that_can_only_have_gone_ex_today_is_found(value):
    # The source divided what came before by the split: 7 new shares for one leave 1/7.
    history = scaled(WEEK, 1 / float(value))
    answer = an_answer([*history, history[-1]], basis=ADJUSTED)
    found = judge(answer, stored_bars(WEEK, basis=ADJUSTED))
    assert told(found) == ([("A", "2016-01-11", Decimal(value))], [])
    assert not found.is_correction.any()


@pytest.mark.parametrize(("new", "old"), [(4, 3), (5, 3), (1, 3), (6, 5)])
def test_a_split_of_any_common_ratio_is_found_to_ten_digits(new, old):
    answer = an_answer(scaled(WEEK, old / new), basis=ADJUSTED)
    [split] = judge(answer, stored_bars(WEEK, basis=ADJUSTED)).splits
    assert split.value == pytest.approx(Decimal(new) / Decimal(old), abs=Decimal("1e-9"))
    again = judge(answer, stored_bars(WEEK, basis=ADJUSTED), [split])
    assert told(again) == AGREED
    assert not again.is_correction.any()


def test_prices_of_a_split_history_rounded_to_cents_are_still_recognised():
    # 100 / 20 is exact, 102.5 / 20 = 5.125 becomes 5.12 or 5.13.
    answer = an_answer(scaled(WEEK, 1 / 20, places=2), basis=ADJUSTED)
    found = judge(answer, stored_bars(WEEK, basis=ADJUSTED))
    assert told(found) == ([("A", "2016-01-11", Decimal(20))], [])


def test_a_recorded_split_explains_the_history():
    split = a_split("A", "2016-01-11", 7)
    answer = an_answer(scaled(WEEK, 1 / 7), basis=ADJUSTED)
    for basis in (RAW, ADJUSTED):
        found = judge(answer, stored_bars(WEEK, basis=basis), [split])
        assert told(found) == AGREED
        assert not found.is_correction.any()


def test_a_split_that_may_have_gone_ex_on_several_sessions_is_held_with_what_to_import():
    answer = an_answer(scaled(WEEK, 1 / 7), basis=ADJUSTED, through=date(2016, 1, 13))
    found = judge(answer, stored_bars(WEEK, basis=ADJUSTED))
    assert told(found) == HELD
    assert found.conflicts[0].reason == (
        "files now gives earlier sessions of A at 0.14286 times what is stored, and no recorded "
        "action explains it: as after a split worth 7 shares for one that went ex between "
        "2016-01-11 and 2016-01-13; import it with `alpha-oracle import actions`, and this bar is "
        "judged again"
    )


def test_bars_stored_after_the_split_narrow_down_its_session():
    # Noticed late: the last two sessions were stored at the new level already.
    stores = empty_stores()
    for place, close in enumerate([*WEEK[:3], 49.5, 51.5]):
        session = shift_session(FIRST, place)
        put(stores, [close], basis=ADJUSTED, through=session, start=session)
    answer = an_answer([50, 50.5, 51.25, 49.5, 51.5, 52], basis=ADJUSTED)
    found = judge(answer, everything(stores))
    assert told(found) == ([("A", "2016-01-07", Decimal(2))], [])


def test_raw_bars_stored_around_a_split_tell_its_session_to_an_adjusted_source():
    answer = an_answer([50, 50.5, 51.25, 49.5, 51.5], basis=ADJUSTED, source="ibkr")
    found = judge(answer, stored_bars([*WEEK[:3], 49.5, 51.5], source="alpha_vantage"))
    assert told(found) == ([("A", "2016-01-07", Decimal(2))], [])


@pytest.mark.parametrize("factor", [1.0837, 1.03, 2.084, 3.3])
def test_a_factor_that_is_no_simple_split_is_held(factor):
    found = judge(an_answer(scaled(WEEK, 1 / factor), basis=ADJUSTED),
                  stored_bars(WEEK, basis=ADJUSTED))  # fmt: skip
    assert told(found) == HELD
    assert f"worth {factor:.5g} shares for one that went ex on 2016-01-11" in (
        found.conflicts[0].reason
    )
    assert "spin-off" in found.conflicts[0].reason


def test_two_splits_at_once_are_held():
    answer = an_answer([*scaled(WEEK, 1 / 7), 9], basis=ADJUSTED)
    split = a_split("A", "2016-01-11", 14)
    # Recorded at 14, the history says 7: what is recorded is not made 7 without a person.
    found = judge(answer, stored_bars(WEEK, basis=ADJUSTED), [split])
    assert told(found) == HELD
    assert "not even the split of 14 recorded on 2016-01-11" in found.conflicts[0].reason


def test_a_split_on_record_that_the_source_has_not_applied_yet_is_held():
    split = a_split("A", "2016-01-11", 7)
    found = judge(an_answer(WEEK, basis=ADJUSTED), stored_bars(WEEK, basis=ADJUSTED), [split])
    assert told(found) == HELD


def test_a_history_that_moved_though_its_prices_are_said_to_be_raw_is_held():
    found = judge(an_answer(scaled(WEEK, 1 / 7)), stored_bars(WEEK))
    assert told(found) == HELD
    assert "Its prices are not raw as it declares" in found.conflicts[0].reason


def test_another_company_behind_the_ticker_is_held():
    found = judge(an_answer([12.1, 11.8, 14.0, 9.3, 10.2, 10.4]), stored_bars(WEEK))
    assert told(found) == HELD
    assert "another company" in found.conflicts[0].reason


@pytest.mark.parametrize(
    ("close", "verdict"),
    [
        pytest.param(100.0, AGREED, id="the same"),
        pytest.param(101.5, AGREED, id="a correction"),
        pytest.param(50.0, HELD, id="a split, or an error mended"),
        pytest.param(130.0, HELD, id="anything else"),
    ],
)
def test_a_single_repeated_bar_is_enough_to_doubt_but_not_to_record(close, verdict):
    answer = an_answer([close, 50.0], basis=ADJUSTED)
    assert told(judge(answer, stored_bars([100.0], basis=ADJUSTED))) == verdict


@pytest.mark.parametrize("nothing", [math.nan, 0.0, -1.0, math.inf])
def test_a_close_that_is_no_price_is_no_evidence(nothing):
    bars = bars_of_closes({"A": [*WEEK, 104]})
    bars.close[1] = nothing
    assert told(judge(received(bars), stored_bars(WEEK))) == AGREED
    bars.close[:5] = nothing
    found = judge(received(bars), stored_bars(WEEK))
    assert told(found) == AGREED
    assert found.judged == frozenset()


def test_volume_is_no_evidence():
    answer = received(bars_of_closes({"A": WEEK}, volume=7))
    assert not judge(answer, stored_bars(WEEK)).is_correction.any()


def test_a_dividend_on_record_explains_a_fully_adjusted_history():
    # 5 of 103 paid out leaves 98/103 of every earlier close.
    answer = an_answer(scaled(WEEK, 98 / 103), basis=FULLY)
    paid = a_dividend("A", "2016-01-11", 5)
    assert told(judge(answer, stored_bars(WEEK, basis=FULLY), [paid])) == AGREED
    assert told(judge(answer, stored_bars(WEEK, basis=FULLY))) == HELD


def test_a_dividend_nobody_recorded_is_no_split_of_a_fully_adjusted_source():
    answer = an_answer(scaled(WEEK, 0.985), basis=FULLY)
    found = judge(answer, stored_bars(WEEK, basis=FULLY))
    assert told(found) == AGREED
    assert found.is_correction.sum() == 5


@pytest.mark.parametrize(("ratio", "verdict"), [(1.05, HELD), (1.1, HELD)])
def test_a_small_ratio_of_a_fully_adjusted_source_may_be_a_dividend_and_is_held(ratio, verdict):
    answer = an_answer(scaled(WEEK, 1 / ratio), basis=FULLY)
    assert told(judge(answer, stored_bars(WEEK, basis=FULLY))) == verdict


def test_a_plain_split_of_a_fully_adjusted_source_is_found():
    found = judge(an_answer(scaled(WEEK, 0.5), basis=FULLY), stored_bars(WEEK, basis=FULLY))
    assert told(found) == ([("A", "2016-01-11", Decimal(2))], [])


def test_another_source_that_differs_on_a_close_is_reported_and_corrects_nothing():
    answer = an_answer([100.4, 101, 105.0, 99, 103], source="ibkr")
    found = judge(answer, stored_bars(WEEK))
    assert told(found) == AGREED
    assert not found.is_correction.any()
    [disagreement] = found.disagreements
    assert (disagreement.symbol, disagreement.session) == ("A", date(2016, 1, 6))
    assert (disagreement.stored_source, disagreement.source) == ("files", "ibkr")
    assert (disagreement.stored_close, disagreement.close) == pytest.approx((102.5, 105.0))
    assert disagreement.pct == pytest.approx(100 * (105 / 102.5 - 1))


def test_closes_of_two_sources_are_compared_in_one_price_basis():
    answer = an_answer([50, 50.5, 54.0, 49.5, 51.5], basis=ADJUSTED, source="ibkr")
    found = judge(answer, stored_bars(WEEK), [a_split("A", "2016-01-11", 2)])
    assert told(found) == AGREED
    [disagreement] = found.disagreements
    assert (disagreement.stored_close, disagreement.close) == pytest.approx((51.25, 54.0))


def test_another_source_that_speaks_of_other_prices_altogether_is_held():
    answer = an_answer([12.1, 11.8, 14.0, 9.3, 10.2], source="ibkr")
    found = judge(answer, stored_bars(WEEK))
    assert told(found) == HELD
    assert found.disagreements == ()


def test_another_source_that_differs_by_little_everywhere_is_reported_only():
    found = judge(an_answer(scaled(WEEK, 1.02), source="ibkr"), stored_bars(WEEK))
    assert told(found) == AGREED
    assert len(found.disagreements) == 5


def test_another_source_at_a_scale_of_its_own_is_held():
    found = judge(an_answer(scaled(WEEK, 0.94), source="ibkr"), stored_bars(WEEK))
    assert told(found) == HELD


def test_symbols_are_judged_each_by_itself():
    stores = empty_stores()
    put(stores, WEEK, basis=ADJUSTED)
    put(stores, [7, 7.1, 7.2, 7.3, 7.4], basis=ADJUSTED, symbol="B")
    closes = {"A": scaled(WEEK, 0.5), "B": [7, 7.1, 7.2, 7.3, 7.4, 7.5], "C": [1, 2, 3]}
    answer = received(bars_of_closes(closes), basis=ADJUSTED, adjusted_through=NEXT)
    found = judge(answer, everything(stores))
    assert told(found) == ([("A", "2016-01-11", Decimal(2))], [])
    assert found.judged == {"A", "B"}


prices = st.lists(st.floats(min_value=20, max_value=900), min_size=2, max_size=8)


@given(closes=prices, split=st.sampled_from(SIMPLE_SPLITS), gap=st.integers(1, 4))
def test_a_split_is_recorded_as_it_was_or_held_and_never_overlooked(closes, split, gap):
    last = shift_session(FIRST, len(closes) - 1)
    stored = stored_bars(closes, basis=ADJUSTED, through=last)
    history = [close / float(split) for close in closes]
    answer = an_answer(history, basis=ADJUSTED, through=shift_session(last, gap))
    found = judge(answer, stored)
    if gap == 1 and not found.conflicts:
        [recorded] = found.splits
        assert recorded.ex_date == shift_session(last, 1)
        assert float(recorded.value) == pytest.approx(float(split), rel=1e-9)
    else:
        assert told(found) == HELD
    known = a_split("A", shift_session(last, gap).isoformat(), Decimal(f"{float(split):.8f}"))
    assert told(judge(answer, stored, [known])) == AGREED


@given(
    closes=prices,
    factor=st.floats(min_value=0.01, max_value=50).filter(lambda f: abs(math.log(f)) > 0.006),
    basis=st.sampled_from(PriceBasis),
)
def test_a_history_that_moved_is_agreed_on_by_nobody_but_for_dividends(closes, factor, basis):
    last = shift_session(FIRST, len(closes) - 1)
    stored = stored_bars(closes, basis=basis, through=last)
    answer = an_answer([close * factor for close in closes], basis=basis)
    found = judge(answer, stored)
    is_drift = basis is FULLY and abs(math.log(factor)) <= math.log(1.04)
    assert bool(found.splits or found.conflicts) != is_drift
    for split in found.splits:
        assert float(split.value) * factor == pytest.approx(1, rel=2e-3)


@given(
    stored=st.lists(st.sampled_from([math.nan, 1e-9, 1.0, 30.0, 1e9]), min_size=1, max_size=6),
    again=st.lists(
        st.sampled_from([math.nan, 0.0, -3.0, 1e-300, 1.0, 31.0, 1e300, math.inf]),
        min_size=1,
        max_size=6,
    ),
    bases=st.tuples(st.sampled_from(PriceBasis), st.sampled_from(PriceBasis)),
)
def test_whatever_the_numbers_the_judge_comes_to_a_verdict(stored, again, bases):
    known, came = bases
    bars = bars_of_closes({"A": [5.0] * len(again)})
    bars.close[:] = again
    answer = received(bars, basis=came, adjusted_through=None if came is RAW else NEXT)
    actions = [a_split("A", "2016-01-06", 2), a_dividend("A", "2016-01-07", 1)]
    found = judge(answer, stored_bars(stored, basis=known), actions)
    assert len(found.splits) + len(found.conflicts) <= 1


def test_the_simple_splits_are_further_apart_than_their_rounding():
    ratios = [float(after / before) for before, after in pairwise(SIMPLE_SPLITS)]
    assert min(ratios) > 1.015


@pytest.mark.parametrize(
    ("closes", "verdict"),
    [
        pytest.param([100.0, 101.0], AGREED, id="neither"),
        pytest.param([80.0, 101.0], AGREED, id="the older alone"),
        pytest.param([100.0, 80.8], HELD, id="the newer alone"),
        pytest.param([100.0, 102.0], AGREED, id="the newer by little"),
        pytest.param([83.0, 95.0], HELD, id="both"),
    ],
)
def test_of_two_repeated_bars_the_newer_decides(closes, verdict):
    answer = an_answer([*closes, 81.0], basis=ADJUSTED)
    assert told(judge(answer, stored_bars([100.0, 101.0], basis=ADJUSTED))) == verdict


def test_two_raw_bars_that_moved_alike_among_five_are_corrections():
    # No split moves bars as traded, and the other three stand: a slip of two days was mended.
    found = judge(an_answer([*WEEK[:3], 89.1, 92.7]), stored_bars(WEEK))
    assert told(found) == AGREED
    assert found.is_correction.sum() == 2
