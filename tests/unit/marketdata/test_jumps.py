"""Jumps, in every price basis; the level of each case is worked by hand in its comment."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.market import PriceBasis
from alpha_oracle.marketdata.validation.jumps import jump_ratios
from alpha_oracle.marketdata.validation.timeline import lay_out
from tests.builders import bars_of_closes, received
from tests.unit.marketdata.intake import LATER, a_dividend, a_split, held_for, judge, stores_with

SPIKE = [10, 10.2, 31, 10.3, 10.4]
SHIFT = [10, 10.2, 31, 31.5, 32, 30]


def sessions_held(closes, *, stored=None, actions=(), **origin):
    batch = received(closes if not isinstance(closes, list) else bars_of_closes({"A": closes}),
                     **origin)  # fmt: skip
    judged = judge(batch, stored=stored, actions=actions)
    assert {bar.expectations for bar in judged.held} <= {("jump_explained",)}
    return [bar.session for bar in judged.held]


def everything(stores):
    return stores.bars.load(start=date(2000, 1, 3), end=date(2016, 12, 30), as_of=LATER)


@pytest.mark.parametrize("scale", [1, 3, 7, 11.25 / 10])
def test_a_close_on_the_bound_is_accepted_and_measured_from(scale):
    assert sessions_held([scale * close for close in (10, 14, 14.4, 16, 14)]) == []


@given(
    closes=st.lists(st.sampled_from([1.0, 1.4, 1.5, 1.96, 2.0, 2.8, 7.0]), min_size=1, max_size=30)
)
def test_each_close_is_measured_from_the_last_accepted_one(closes):
    rows = lay_out(received(bars_of_closes({"A": closes})), None)
    ratios = jump_ratios(rows, (), bound=1.4).tolist()
    accepted = closes[0]
    for close, ratio in zip(closes[1:], ratios[1:], strict=True):
        assert ratio == pytest.approx(max(close / accepted, accepted / close))
        accepted = accepted if ratio > 1.4 else close


def test_a_spike_that_comes_back_costs_only_itself():
    assert sessions_held(SPIKE) == ["2016-01-06"]


def test_a_shift_nothing_explains_is_never_absorbed():
    assert sessions_held(SHIFT) == ["2016-01-06", "2016-01-07", "2016-01-08", "2016-01-11"]


@pytest.mark.parametrize(
    ("second", "held"),
    [
        pytest.param(13.9, [], id="up to the bound"),
        pytest.param(14.1, ["2016-01-05"], id="beyond it"),
        pytest.param(7.2, [], id="down to its inverse"),
        pytest.param(7.1, ["2016-01-05"], id="below that"),
    ],
)
def test_the_bound_is_the_same_up_and_down(second, held):
    assert sessions_held([10, second]) == held


def test_a_move_beyond_all_numbers_is_a_jump():
    judged = judge(received(bars_of_closes({"A": [1e-300, 1e300, 1e-300], "B": [1, 1.1, 1]})))
    assert held_for(judged) == [("2016-01-05", "jump_explained")]


def test_a_slow_rise_is_no_jump():
    assert sessions_held([10 * 1.3**step for step in range(10)]) == []


def test_a_held_bar_says_how_far_it_jumped():
    [held] = judge(received(bars_of_closes({"A": [10, 31]}))).held
    assert held.detail == (
        "the close is a factor of 3.10 from the last accepted one (bound 1.4) and no corporate "
        "action explains it"
    )


def test_a_bar_held_for_another_reason_is_no_measure_for_the_next():
    table = """
        A 2016-01-04 10 10 10 10 1000
        A 2016-01-05 31 31 31 31 0
        A 2016-01-06 32 32 32 32 1000
    """
    assert held_for(judge(table)) == [
        ("2016-01-05", "volume_traded"),
        ("2016-01-06", "jump_explained"),
    ]


def test_the_last_stored_close_is_the_first_measure():
    stored = everything(stores_with(bars_of_closes({"A": [10]}, start=date(2015, 12, 31))))
    assert sessions_held([31, 31.5], stored=stored) == ["2016-01-04", "2016-01-05"]
    assert sessions_held([10.5, 31], stored=stored) == ["2016-01-05"]


def test_symbols_do_not_measure_each_other():
    assert sessions_held(bars_of_closes({"A": [10, 10], "B": [500, 500]})) == []


def test_what_is_stored_already_is_the_new_level():
    # A person released the jump of the 6th: imported again, the file is accepted whole.
    stored = everything(stores_with(bars_of_closes({"A": SHIFT}).take([0, 1, 2])))
    assert sessions_held(SHIFT, stored=stored) == []


def test_a_split_explains_its_jump_in_raw_prices():
    split = a_split("A", "2016-01-06", 7)
    assert sessions_held([700, 707, 102, 103], actions=[split]) == []
    assert sessions_held([700, 707, 102, 103]) == ["2016-01-06", "2016-01-07"]


def test_a_split_that_the_prices_contradict_explains_nothing():
    split = a_split("A", "2016-01-06", 7)
    assert sessions_held([700, 707, 710], actions=[split]) == ["2016-01-06"]


def test_a_reverse_split_explains_its_jump():
    assert sessions_held([4.5, 45.0], actions=[a_split("A", "2016-01-05", 0.1)]) == []


def test_a_large_dividend_explains_its_fall():
    # 60 of 100 is paid out: what is left is worth 40.
    assert sessions_held([100, 41], actions=[a_dividend("A", "2016-01-05", 60)]) == []


def test_a_split_adjusted_file_must_not_jump_at_a_split():
    split = a_split("A", "2016-01-06", 7)
    adjusted = {"basis": PriceBasis.SPLIT_ADJUSTED, "adjusted_through": date(2016, 1, 7)}
    assert sessions_held([100, 101, 102, 103], actions=[split], **adjusted) == []
    assert sessions_held([700, 707, 102, 103], actions=[split], **adjusted) == [
        "2016-01-06",
        "2016-01-07",
    ]


STORED_RAW = {"basis": PriceBasis.RAW}
STORED_ADJUSTED = {
    "basis": PriceBasis.SPLIT_ADJUSTED,
    "adjusted_through": date(2015, 12, 31),
}


@pytest.mark.parametrize("origin", [STORED_RAW, STORED_ADJUSTED], ids=["raw", "adjusted before"])
@pytest.mark.parametrize(
    ("basis", "close"),
    [
        # As traded: 700 before, 102 after a split of 7 that goes ex on the day of the new bar.
        pytest.param(PriceBasis.RAW, 102, id="raw bar"),
        pytest.param(PriceBasis.SPLIT_ADJUSTED, 102, id="split-adjusted bar"),
        pytest.param(PriceBasis.FULLY_ADJUSTED, 102, id="fully adjusted bar"),
    ],
)
def test_a_new_bar_is_compared_across_price_bases(origin, basis, close):
    last = bars_of_closes({"A": [700]}, start=date(2015, 12, 31))
    stored = everything(stores_with(last, **origin))
    through = None if basis is PriceBasis.RAW else date(2016, 1, 4)
    given = {"stored": stored, "basis": basis, "adjusted_through": through}
    assert sessions_held([close], actions=[a_split("A", "2016-01-04", 7)], **given) == []
    assert sessions_held([close], **given) == ["2016-01-04"]


def test_a_later_split_does_not_part_adjusted_from_raw_prices():
    # The file was adjusted through a split of 2 after its bars: 51 there is 102 as traded.
    stored = everything(stores_with(bars_of_closes({"A": [100]}, start=date(2015, 12, 31))))
    origin = {"basis": PriceBasis.SPLIT_ADJUSTED, "adjusted_through": date(2016, 6, 30)}
    split = a_split("A", "2016-06-01", 2)
    assert sessions_held([51], stored=stored, actions=[split], **origin) == []
    assert sessions_held([51], stored=stored, **origin) == ["2016-01-04"]


def test_later_dividends_do_not_part_fully_adjusted_from_raw_prices():
    # Two dividends of 20 on 100 and on 81 leave 100 * (1 - 20/100) * (1 - 20/81) = 60.25 before
    # both and 81 * (1 - 20/81) = 61 between them; the raw close stored before was 99.
    stored = everything(stores_with(bars_of_closes({"A": [99]}, start=date(2015, 12, 31))))
    origin = {"basis": PriceBasis.FULLY_ADJUSTED, "adjusted_through": date(2016, 1, 6)}
    paid = [a_dividend("A", "2016-01-05", 20), a_dividend("A", "2016-01-06", 20)]
    closes = [100 * 0.8 * (61 / 81), 61.0, 62.0]
    assert sessions_held(closes, stored=stored, actions=paid, **origin) == []
    assert sessions_held(closes, stored=stored, **origin) == [
        "2016-01-04",
        "2016-01-05",
        "2016-01-06",
    ]
