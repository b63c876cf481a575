"""Prices as traded and adjusted forward, against figures worked by hand and each other."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.bars import BarBatch, StoredBars
from alpha_oracle.domain.market import ActionKind, CorporateAction, Membership, PriceBasis, Symbol
from alpha_oracle.errors import DataError
from alpha_oracle.features.adjustment import build_panel
from tests.builders import bars, bars_of_closes, sessions_from

RAW = BarBatch(source="files", basis=PriceBasis.RAW)
FIRST = date(2014, 6, 5)
SESSIONS = sessions_from(FIRST, count=4)

# Apple's 7:1 split went ex on Monday, 9 June 2014.
APPLE = """
AAPL 2014-06-05 646.20 649.37 642.61 647.35 75951400
AAPL 2014-06-06 649.90 651.26 644.47 645.57 87484600
AAPL 2014-06-09  92.70  93.88  91.75  93.70 75415000
AAPL 2014-06-10  94.73  95.05  93.57  94.25 62777000
"""


def a_split(symbol, ex_date, value):
    return an_action(symbol, ex_date, value, kind=ActionKind.SPLIT)


def a_dividend(symbol, ex_date, value):
    return an_action(symbol, ex_date, value, kind=ActionKind.DIVIDEND)


def an_action(symbol, ex_date, value, *, kind):
    return CorporateAction(
        symbol=Symbol(symbol),
        ex_date=ex_date,
        kind=kind,
        value=Decimal(str(value)),
        known_at=datetime(2014, 1, 1, tzinfo=UTC),
    )


def stored(columns, *batches, batch_index=None):
    return StoredBars(
        bars=columns,
        batch_index=np.array(
            batch_index if batch_index is not None else [0] * len(columns), dtype=np.int32
        ),
        batches=batches or (RAW,),
    )


def split_adjusted(through):
    return BarBatch(source="files", basis=PriceBasis.SPLIT_ADJUSTED, adjusted_through=through)


def fully_adjusted(through):
    return BarBatch(source="files", basis=PriceBasis.FULLY_ADJUSTED, adjusted_through=through)


def panel_of(bars_stored, sessions=SESSIONS, *, actions=(), known=None, members=()):
    return build_panel(
        bars_stored,
        sessions,
        actions_known=actions if known is None else known,
        actions_all=actions,
        members=members,
    )


APPLE_SPLIT = a_split("AAPL", date(2014, 6, 9), 7)


def test_a_split_scales_what_comes_after_it():
    panel = panel_of(stored(bars(APPLE)), actions=[APPLE_SPLIT])
    np.testing.assert_allclose(panel.close[:, 0], [647.35, 645.57, 655.90, 659.75])
    np.testing.assert_allclose(panel.traded_close[:, 0], [647.35, 645.57, 93.70, 94.25])
    np.testing.assert_allclose(panel.low[2, 0], 642.25)
    np.testing.assert_allclose(panel.volume[2, 0], 75415000 / 7)
    np.testing.assert_array_equal(panel.split[:, 0], [1, 1, 7, 1])
    np.testing.assert_array_equal(panel.dividend, np.zeros((4, 1)))


def test_a_split_adjusted_source_is_brought_back_to_what_was_traded():
    table = bars(APPLE)
    before = table.session < np.datetime64("2014-06-09")
    ratio = np.where(before, 7.0, 1.0)
    adjusted = replace(
        table,
        open=table.open / ratio,
        high=table.high / ratio,
        low=table.low / ratio,
        close=table.close / ratio,
        volume=table.volume * ratio,
    )
    panel = panel_of(stored(adjusted, split_adjusted(date(2014, 6, 10))), actions=[APPLE_SPLIT])
    np.testing.assert_allclose(panel.traded_close[:, 0], [647.35, 645.57, 93.70, 94.25])
    np.testing.assert_allclose(panel.traded_open[:, 0], [646.20, 649.90, 92.70, 94.73])
    np.testing.assert_allclose(panel.close[:, 0], [647.35, 645.57, 655.90, 659.75])
    np.testing.assert_allclose(panel.volume[0, 0], 75951400)


def test_a_source_adjusted_only_through_an_earlier_day_had_not_seen_the_split():
    panel = panel_of(stored(bars(APPLE), split_adjusted(date(2014, 6, 6))), actions=[APPLE_SPLIT])
    np.testing.assert_allclose(panel.traded_close[:, 0], [647.35, 645.57, 93.70, 94.25])


def test_batches_of_several_bases_meet_in_one_series():
    table = bars(APPLE)
    close = table.close.copy()
    close[0] /= 7.0
    panel = panel_of(
        stored(
            replace(table, close=close),
            RAW,
            split_adjusted(date(2014, 6, 9)),
            batch_index=[1, 0, 0, 1],
        ),
        actions=[APPLE_SPLIT],
    )
    np.testing.assert_allclose(panel.traded_close[:, 0], [647.35, 645.57, 93.70, 94.25])


def test_a_dividend_scales_by_the_close_before_it():
    panel = panel_of(
        stored(bars_of_closes({"XYZ": [100.0, 99.0, 99.0, 99.0]}, start=FIRST)),
        actions=[a_dividend("XYZ", SESSIONS[1], 1)],
    )
    np.testing.assert_allclose(panel.close[:, 0], [100.0, 100.0, 100.0, 100.0])
    np.testing.assert_array_equal(panel.volume[:, 0], [1000.0] * 4)
    np.testing.assert_array_equal(panel.dividend[:, 0], [0, 1, 0, 0])


def test_a_fully_adjusted_source_is_brought_back_to_what_was_traded():
    """100 and 98.01 traded; 1 % paid twice: 100 x 0.99 x 0.99 and 99 x 0.99 is what it shows."""
    panel = panel_of(
        stored(
            bars_of_closes({"XYZ": [98.01, 98.01, 98.01, 98.01]}, start=FIRST),
            fully_adjusted(SESSIONS[3]),
        ),
        actions=[a_dividend("XYZ", SESSIONS[1], 1), a_dividend("XYZ", SESSIONS[2], "0.99")],
    )
    np.testing.assert_allclose(panel.traded_close[:, 0], [100.0, 99.0, 98.01, 98.01])
    np.testing.assert_allclose(panel.close[:, 0], [100.0] * 4)


def test_a_fully_adjusted_source_without_actions_is_taken_as_it_is():
    panel = panel_of(
        stored(
            bars_of_closes({"XYZ": [1.0, 2.0, 3.0, 4.0]}, start=FIRST),
            fully_adjusted(SESSIONS[3]),
        )
    )
    np.testing.assert_array_equal(panel.close[:, 0], [1.0, 2.0, 3.0, 4.0])


def test_an_action_on_a_day_without_a_bar_applies_at_the_next_bar():
    panel = panel_of(
        stored(bars_of_closes({"XYZ": [70.0, np.nan, np.nan, 10.0]}, start=FIRST)),
        actions=[a_split("XYZ", SESSIONS[1], 7), a_dividend("XYZ", SESSIONS[2], 35)],
    )
    np.testing.assert_array_equal(panel.split[:, 0], [1, 1, 1, 7])
    np.testing.assert_array_equal(panel.dividend[:, 0], [0, 0, 0, 35])
    np.testing.assert_allclose(panel.close[:, 0], [70.0, np.nan, np.nan, 140.0])


def test_an_action_before_a_symbols_first_bar_does_not_count():
    panel = panel_of(
        stored(
            bars_of_closes({"AAA": [1.0, 1, 1, 1], "XYZ": [np.nan, 5.0, 5.0, 5.0]}, start=FIRST)
        ),
        actions=[
            a_split("XYZ", SESSIONS[0], 7),
            a_split("XYZ", SESSIONS[1], 3),
            a_dividend("XYZ", SESSIONS[1], 400),
        ],
    )
    np.testing.assert_allclose(panel.close[:, 1], [np.nan, 5.0, 5.0, 5.0])
    np.testing.assert_array_equal(panel.split[:, 1], [1, 1, 1, 1])


def test_an_action_not_yet_known_leaves_the_jump_that_was_seen():
    table = stored(bars(APPLE), split_adjusted(date(2014, 6, 6)))
    panel = panel_of(table, actions=[APPLE_SPLIT], known=[])
    np.testing.assert_allclose(panel.close[:, 0], [647.35, 645.57, 93.70, 94.25])


def test_an_action_of_a_symbol_without_bars_changes_nothing():
    panel = panel_of(stored(bars(APPLE)), actions=[a_split("MSFT", date(2014, 6, 9), 2)])
    np.testing.assert_allclose(panel.close[:, 0], [647.35, 645.57, 93.70, 94.25])


def test_a_dividend_not_below_the_price_is_refused():
    table = stored(bars_of_closes({"XYZ": [10.0, 9.0, 9.0, 9.0]}, start=FIRST))
    with pytest.raises(DataError, match="XYZ: dividend 10 USD going ex on 2014-06-06"):
        panel_of(table, actions=[a_dividend("XYZ", SESSIONS[1], 10)])


def test_a_dividend_after_a_symbols_last_bar_is_nobodys():
    table = stored(bars_of_closes({"XYZ": [10.0, 9.0]}, start=FIRST))
    panel = panel_of(table, actions=[a_dividend("XYZ", SESSIONS[2], 9)])
    np.testing.assert_allclose(panel.close[:2, 0], [10.0, 9.0])
    np.testing.assert_array_equal(panel.dividend[:, 0], [0, 0, 0, 0])


def test_a_bar_outside_the_sessions_is_refused():
    with pytest.raises(DataError, match="AAPL on 2014-06-10"):
        panel_of(stored(bars(APPLE)), sessions=SESSIONS[:3])


def test_an_adjusted_batch_must_say_through_when():
    with pytest.raises(DataError, match="does not say through when"):
        panel_of(stored(bars(APPLE), split_adjusted(None)))


def test_symbols_are_members_within_their_stays():
    table = bars_of_closes({"AAA": [1.0] * 4, "BBB": [1.0] * 4, "CCC": [1.0] * 4}, start=FIRST)
    stays = [
        Membership(symbol=Symbol("AAA"), start=date(2000, 1, 1), end=SESSIONS[2]),
        Membership(symbol=Symbol("AAA"), start=SESSIONS[3], end=None),
        Membership(symbol=Symbol("BBB"), start=SESSIONS[1], end=date(2020, 1, 1)),
        Membership(symbol=Symbol("ZZZ"), start=date(2000, 1, 1), end=None),
    ]
    panel = panel_of(stored(table), members=stays)
    np.testing.assert_array_equal(panel.is_member[:, 0], [True, True, False, True])
    np.testing.assert_array_equal(panel.is_member[:, 1], [False, True, True, True])
    assert not panel.is_member[:, 2].any()


def test_without_memberships_a_symbol_belongs_from_its_first_bar_on():
    table = bars_of_closes(
        {"AAA": [1.0, np.nan, 1.0, np.nan], "BBB": [np.nan, 1.0, 1.0, 1.0]}, start=FIRST
    )
    panel = panel_of(stored(table))
    np.testing.assert_array_equal(panel.is_member[:, 0], [True, True, True, True])
    np.testing.assert_array_equal(panel.is_member[:, 1], [False, True, True, True])


@st.composite
def markets(draw):
    """Raw closes of two symbols over twelve sessions, and actions somewhere among them."""
    sessions = sessions_from(FIRST, count=12)
    price = st.floats(20.0, 200.0)
    closes = {name: draw(st.lists(price, min_size=12, max_size=12)) for name in ("AAA", "BBB")}
    for name, place in draw(
        st.lists(st.tuples(st.sampled_from(["AAA", "BBB"]), st.integers(0, 11)), max_size=6)
    ):
        closes[name][place] = np.nan
    actions = [
        action(symbol, sessions[place], value)
        for action, values in ((a_split, [2, 7, "0.1"]), (a_dividend, ["0.5", 1, 15]))
        for (symbol, place), value in draw(
            st.dictionaries(
                st.tuples(st.sampled_from(["AAA", "BBB"]), st.integers(0, 11)),
                st.sampled_from(values),
                max_size=4,
            )
        ).items()
    ]
    return sessions, bars_of_closes(closes, start=FIRST), actions


@given(market=markets(), cut=st.integers(0, 11))
def test_bars_to_come_change_nothing_before_them(market, cut):
    sessions, table, actions = market
    known = table.take(table.session <= np.datetime64(sessions[cut]))
    whole = panel_of(stored(table), sessions, actions=actions).until(sessions[cut])
    panel = panel_of(stored(known), sessions[: cut + 1], actions=actions)
    for field in fields(whole):
        if field.name == "context":
            continue
        np.testing.assert_array_equal(getattr(panel, field.name), getattr(whole, field.name))


@given(market=markets(), place=st.integers(0, 11), cut=st.integers(0, 11))
def test_a_split_later_on_changes_nothing_before_it(market, place, cut):
    sessions, table, actions = market
    later = a_split("AAA", sessions[place], 3)
    before = slice(0, min(place, cut))
    panel = panel_of(stored(table), sessions, actions=actions)
    with_later = panel_of(stored(table), sessions, actions=[*actions, later])
    for name in ("open", "high", "low", "close", "volume", "traded_close", "split", "dividend"):
        np.testing.assert_array_equal(
            getattr(with_later, name)[before], getattr(panel, name)[before]
        )


@given(market=markets(), through=st.integers(0, 11))
def test_raw_and_split_adjusted_copies_of_a_market_are_one(market, through):
    sessions, table, actions = market
    raw = panel_of(stored(table), sessions, actions=actions)
    ratio = np.ones(len(table))
    for action in actions:
        if action.kind is ActionKind.SPLIT and action.ex_date <= sessions[through]:
            of = np.array([table.symbols[index] == action.symbol for index in table.symbol_index])
            ratio[of & (table.session < np.datetime64(action.ex_date))] *= float(action.value)
    copy = replace(
        table,
        **{name: getattr(table, name) / ratio for name in ("open", "high", "low", "close")},
        volume=table.volume * ratio,
    )
    adjusted = panel_of(stored(copy, split_adjusted(sessions[through])), sessions, actions=actions)
    for name in ("open", "high", "low", "close", "volume", "traded_open", "traded_close"):
        np.testing.assert_allclose(getattr(adjusted, name), getattr(raw, name), rtol=1e-12)


@given(market=markets(), through=st.integers(0, 11))
def test_raw_and_fully_adjusted_copies_of_a_market_have_the_same_returns(market, through):
    sessions, table, actions = one_action_a_gap(market)
    raw = panel_of(stored(table), sessions, actions=actions)
    row = np.searchsorted(raw.sessions, table.session)
    total = np.where(np.isfinite(raw.close), raw.close / raw.traded_close, np.nan)
    level = np.array(
        [last_known(total[: through + 1, column]) for column in range(len(table.symbols))]
    )[table.symbol_index]
    growth = total[row, table.symbol_index] / level
    inside = row <= through
    splits = np.cumprod(raw.split, axis=0)
    shares = splits[row, table.symbol_index] / splits[through, table.symbol_index]
    copy = replace(
        table,
        **{
            name: getattr(table, name) * np.where(inside, growth, 1.0)
            for name in ("open", "high", "low", "close")
        },
        volume=np.where(inside, table.volume / shares, table.volume),
    )
    adjusted = panel_of(
        stored(copy, RAW, fully_adjusted(sessions[through]), batch_index=inside.astype(np.int32)),
        sessions,
        actions=actions,
    )
    for name in ("close", "volume", "traded_close"):
        np.testing.assert_allclose(getattr(adjusted, name), getattr(raw, name), rtol=1e-9)


def last_known(values):
    known = values[np.isfinite(values)]
    return known[-1] if len(known) else 1.0


def one_action_a_gap(market):
    """Leave out what goes ex on a day without a bar: a source would date it otherwise."""
    sessions, table, actions = market
    traded = {
        (table.symbols[index], day.item())
        for index, day in zip(table.symbol_index, table.session, strict=True)
    }
    return (
        sessions,
        table,
        [action for action in actions if (action.symbol, action.ex_date) in traded],
    )
