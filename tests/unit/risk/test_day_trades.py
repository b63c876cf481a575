from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise, permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.orders import Side
from alpha_oracle.risk.day_trades import DayTradeLog, OwnFill, own_fill, tally_day_trades
from alpha_oracle.risk.pdt_guard import window_sessions
from tests.trading import STRATEGY, SYMBOL, WINDOW, an_order, an_own_fill


def own_fills(*texts, **whose):
    return [an_own_fill(text, **whose) for text in texts]


@pytest.mark.parametrize(
    ("fills", "pairwise", "changes"),
    [
        pytest.param([], 0, 0, id="nothing"),
        pytest.param(["8 15:00 BUY a"], 0, 0, id="a purchase alone"),
        pytest.param(["8 15:00 BUY a", "8 16:00 SELL b"], 1, 1, id="bought and sold"),
        pytest.param(["7 15:00 BUY a", "8 15:00 SELL b"], 0, 0, id="held overnight, then sold"),
        pytest.param(
            ["7 15:00 BUY a", "8 15:00 SELL b", "8 16:00 BUY c"],
            0, 0, id="held overnight, sold, bought again",
        ),
        pytest.param(
            ["7 15:00 BUY a", "8 15:00 BUY b", "8 16:00 SELL c"],
            1, 1, id="held overnight, bought again, then sold",
        ),
        pytest.param(
            ["7 15:00 BUY a", "8 15:00 SELL b", "8 16:00 BUY c", "8 17:00 SELL d"],
            1, 1, id="held overnight, sold, bought again and sold",
        ),
        pytest.param(
            ["8 15:00 BUY a", "8 15:01 BUY a", "8 16:00 SELL b", "8 16:01 SELL b"],
            1, 1, id="one order each in partial fills",
        ),
        pytest.param(
            ["8 15:00 BUY a", "8 15:30 BUY b", "8 16:00 SELL c", "8 16:30 SELL d"],
            2, 1, id="two orders each, one change of direction",
        ),
        pytest.param(
            ["8 15:00 BUY a", "8 16:00 SELL b", "8 17:00 BUY c", "8 18:00 SELL d"],
            2, 2, id="twice in and out",
        ),
        pytest.param(
            ["8 15:00 BUY a", "8 15:30 SELL b", "8 16:00 BUY a", "8 16:30 SELL b"],
            1, 2, id="two orders filled by turns",
        ),
        pytest.param(
            ["8 15:00 BUY a", "8 16:00 SELL b", "8 17:00 SELL c"],
            1, 1, id="one purchase sold by two orders",
        ),
        pytest.param(
            ["8 13:00 BUY a", "8 23:00 SELL b"], 1, 1, id="before the open and after the close"
        ),
        pytest.param(["8 15:00 SELL b", "8 15:00 BUY a"], 1, 1, id="both at one instant"),
        pytest.param(
            ["8 15:00 BUY a", "8 15:03 BUY c", "8 15:03 SELL b", "8 15:09 SELL d"],
            2, 2, id="to and fro at one instant",
        ),
        pytest.param(
            ["4 15:00 BUY a", "4 16:00 SELL b", "8 15:00 BUY c", "8 16:00 SELL d"],
            2, 2, id="the first session of the window counts",
        ),
    ],
)  # fmt: skip
def test_day_trades_are_counted_by_the_examples_of_the_rule(fills, pairwise, changes):
    tally = tally_day_trades(own_fills(*fills), window=WINDOW)

    assert (tally.pairwise, tally.direction_changes) == (pairwise, changes)
    assert tally.counted == tally.expected == max(pairwise, changes)
    assert tally.fewest == min(pairwise, changes)


def test_two_securities_make_no_day_trade_together():
    fills = own_fills("8 15:00 BUY a") + own_fills("8 16:00 SELL b", symbol="BBB")

    assert tally_day_trades(fills, window=WINDOW).counted == 0


def test_two_strategies_make_a_day_trade_together():
    fills = own_fills("8 15:00 BUY a") + own_fills("8 16:00 SELL b", strategy="Breakout")

    assert tally_day_trades(fills, window=WINDOW).counted == 1


def test_a_day_trade_six_sessions_ago_no_longer_counts():
    fills = own_fills("4 15:00 BUY a", "4 16:00 SELL b")
    monday = date(2016, 1, 11)

    assert tally_day_trades(fills, window=window_sessions(monday, 5)).counted == 0


def test_a_holiday_is_no_business_day_of_the_window():
    # Monday, 18 January 2016, is a holiday: the window of Friday the 22nd begins a day earlier.
    assert window_sessions(date(2016, 1, 22), 5)[0] == date(2016, 1, 15)


def test_each_symbol_and_session_takes_the_larger_way():
    fills = own_fills(
        "7 15:00 BUY a", "7 15:30 BUY b", "7 16:00 SELL c", "7 16:30 SELL d",
        "8 15:00 BUY e", "8 15:30 SELL f", "8 16:00 BUY e", "8 16:30 SELL f",
    )  # fmt: skip

    tally = tally_day_trades(fills, window=WINDOW)

    assert (tally.pairwise, tally.direction_changes, tally.counted) == (3, 3, 4)


def test_working_orders_are_expected_and_not_yet_counted():
    fills, working = own_fills("8 15:00 BUY a"), own_fills("8 15:30 SELL b")

    tally = tally_day_trades(fills, window=WINDOW, working=working)

    assert (tally.counted, tally.expected) == (0, 1)


def test_a_lot_that_was_added_to_today_is_named():
    fills = own_fills("7 15:00 BUY a", strategy="Breakout") + own_fills("8 15:00 BUY b")

    assert tally_day_trades(fills, window=WINDOW).bought_today == {(STRATEGY, SYMBOL)}


def test_a_correction_takes_the_place_of_what_it_corrects():
    log = DayTradeLog()
    log.put("e1", an_own_fill("8 15:00 BUY a"))
    log.put("e2", an_own_fill("8 16:00 SELL b"))
    assert log.tally(WINDOW).counted == 1
    log.put("e2", an_own_fill("8 14:00 SELL b"))

    assert log.tally(WINDOW).counted == 0
    assert log.sides(WINDOW[-1], SYMBOL) == {Side.BUY, Side.SELL}


def test_executions_of_sessions_before_are_forgotten():
    log = DayTradeLog()
    for place, fill in enumerate(own_fills("4 15:00 BUY a", "4 16:00 SELL b", "8 15:00 BUY c")):
        log.put(str(place), fill)
    assert log.tally(WINDOW).counted == 1
    log.forget(before=WINDOW[1])

    assert log.tally(WINDOW).counted == 0
    assert log.tally(WINDOW).bought_today == {(STRATEGY, SYMBOL)}
    assert log.sides(WINDOW[0], SYMBOL) == set()


def test_each_window_has_its_own_count_and_each_decision_its_own_working_orders():
    log = DayTradeLog()
    for place, fill in enumerate(own_fills("4 15:00 BUY a", "4 16:00 SELL b", "8 15:00 BUY c")):
        log.put(str(place), fill)
    working = own_fills("8 17:00 SELL d")

    assert log.tally(WINDOW, working=working).expected == 2
    assert log.tally(WINDOW).expected == 1
    assert log.tally(WINDOW[1:]).expected == 0
    assert log.tally(WINDOW).window == WINDOW


# An independent count: every assignment of purchases to later sales is tried.
def most_pairs(fills):
    buys = sorted({fill.order_id for fill in fills if fill.side is Side.BUY})
    sales = sorted({fill.order_id for fill in fills if fill.side is Side.SELL})
    fewer, more = sorted((buys, sales), key=len)

    def pairs(one, other):
        buy, sale = (one, other) if one in buys else (other, one)
        bought = min(fill.at for fill in fills if fill.order_id == buy)
        sold = max(fill.at for fill in fills if fill.order_id == sale)
        return bought <= sold

    assignments = permutations(more, len(fewer))
    return max(sum(map(pairs, fewer, chosen)) for chosen in assignments)


def changes_of_direction(fills):
    sides = [side for side, _ in groupby(sorted(fills, key=lambda one: one.at), lambda f: f.side)]
    return sum(turn == (Side.BUY, Side.SELL) for turn in pairwise(sides))


def by_brute_force(fills, count):
    groups = {(fill.session, fill.symbol) for fill in fills}
    return sum(
        count([fill for fill in fills if (fill.session, fill.symbol) == group]) for group in groups
    )


@st.composite
def histories(draw):
    made = []
    for number in range(draw(st.integers(0, 14))):
        day = draw(st.sampled_from([7, 8]))
        side = draw(st.sampled_from(Side))
        minute = number * 3 - draw(st.sampled_from([0, 0, 3]))
        order = draw(st.integers(0, 3))
        made.append(
            OwnFill(
                session=date(2016, 1, day),
                symbol=Symbol(draw(st.sampled_from(["AAA", "BBB"]))),
                side=side,
                order_id=f"{side}-{order}",
                strategy=STRATEGY,
                at=datetime(2016, 1, day, 15, tzinfo=UTC) + timedelta(minutes=minute),
            )
        )
    return made


@given(histories(), st.randoms(use_true_random=False))
@example(own_fills("8 15:00 BUY a", "8 16:00 SELL b"), None)
def test_the_count_is_never_below_one_by_brute_force(fills, random):
    tally = tally_day_trades(fills, window=WINDOW)

    assert tally.pairwise == by_brute_force(fills, most_pairs)
    assert tally.direction_changes >= by_brute_force(fills, changes_of_direction)
    assert tally.counted >= max(tally.pairwise, tally.direction_changes)
    if random is not None:
        shuffled = random.sample(fills, len(fills))
        assert tally_day_trades(shuffled, window=WINDOW) == tally


@given(histories(), histories())
def test_working_orders_never_lower_the_count(fills, working):
    tally = tally_day_trades(fills, window=WINDOW, working=working)

    assert tally.expected >= tally.counted


@pytest.mark.parametrize(
    ("at", "session"),
    [
        (datetime(2016, 6, 3, 0, 30, tzinfo=UTC), date(2016, 6, 2)),
        (datetime(2016, 6, 2, 8, 30, tzinfo=UTC), date(2016, 6, 2)),
        (datetime(2016, 12, 2, 0, 59, tzinfo=UTC), date(2016, 12, 1)),
    ],
    ids=["after the close", "before the open", "after the close, in winter"],
)
def test_an_execution_is_of_new_yorks_date_before_the_open_and_after_the_close_too(at, session):
    order = an_order()
    made = own_fill(order, at=at)
    assert (made.session, made.at) == (session, at)
    assert (made.symbol, made.side, made.strategy) == (order.symbol, order.side, order.strategy)
