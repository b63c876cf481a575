from datetime import UTC, date, datetime

import numpy as np
import pytest

from alpha_oracle.calendar import ExecutionWindow
from alpha_oracle.domain.ranking import StrategyRank
from alpha_oracle.domain.signals import Direction, encode
from alpha_oracle.errors import DataError
from alpha_oracle.research.signals import in_order_of_work, signals_of
from tests.builders import a_signal
from tests.unit.research.test_ranker import GOOD
from tests.unit.research.worlds import Holding, a_market, some_decisions

WINDOW = ExecutionWindow(start_after_open_minutes=5, stop_before_close_minutes=15)
LAST = date(2016, 1, 11)


def a_rank(strategy="Holding", *, rank=1, refusals=()):
    return StrategyRank(
        session=LAST,
        rank=rank,
        strategy=strategy,
        composite=0.5,
        consistency=0.9,
        windows=4,
        metrics=GOOD,
        refusals=refusals,
    )


def _market():
    names = ("AAA", "BBB", "CCC", "DDD")
    prices = {name: [10.0, 11, 12, 13, 14, 15.123456] for name in names}
    prices["DDD"][-1] = np.nan
    return a_market(prices)


def _signals(*, rank=None, open_entries=None, max_hold=4, session=LAST, **wishes):
    market = _market()
    return signals_of(
        session,
        Holding(max_hold_days=max_hold),
        decisions=some_decisions(market, **wishes),
        market=market,
        rank=rank or a_rank(),
        open_entries=open_entries or {},
        window=WINDOW,
    )


def _short(signals):
    return [(one.symbol, one.direction.value, one.strength) for one in signals]


def test_entries_come_strongest_first_then_by_symbol():
    signals = _signals(entries=[(5, "CCC", 0.5), (5, "BBB", 0.5), (5, "AAA", 0.9), (4, "DDD", 1)])
    assert _short(signals) == [("AAA", "LONG", 0.9), ("BBB", "LONG", 0.5), ("CCC", "LONG", 0.5)]


def test_a_signal_carries_everything_sizing_needs():
    (signal,) = _signals(entries=[(5, "AAA", 0.12345678)])
    assert signal.strength == 0.123457
    assert signal.reference_price == 15.1235
    assert (signal.win_rate, signal.avg_win_loss_ratio) == (0.6, 1.4)
    assert (signal.min_hold_days, signal.max_hold_days) == (2, 4)
    assert signal.decided_at == datetime(2016, 1, 11, 22, 0, tzinfo=UTC)
    # The next session's window: fifteen minutes before four o'clock in New York.
    assert signal.expires_at == datetime(2016, 1, 12, 20, 45, tzinfo=UTC)


def test_a_strategy_below_the_thresholds_emits_exits_only():
    signals = _signals(
        entries=[(5, "AAA", 0.9)],
        exits=[(5, "BBB")],
        open_entries={"BBB": date(2016, 1, 8)},
        rank=a_rank(refusals=("Sharpe ratio 0.5, above 1 required",)),
    )
    assert _short(signals) == [("BBB", "FLAT", 1.0)]


def test_only_what_was_entered_is_closed():
    signals = _signals(exits=[(5, "AAA"), (5, "BBB")], open_entries={"BBB": date(2016, 1, 8)})
    assert _short(signals) == [("BBB", "FLAT", 1.0)]


def test_an_expected_fall_closes_what_was_entered_by_a_short():
    before = {"AAA": date(2016, 1, 8), "CCC": date(2016, 1, 8), "DDD": date(2016, 1, 5)}
    signals = _signals(
        exits=[(5, "CCC")], shorts=[(5, "AAA", 0.612345678), (5, "BBB", 0.9)], open_entries=before
    )
    # BBB is not held; DDD has been held for long enough.
    assert _short(signals) == [
        ("AAA", "SHORT", 0.612346),
        ("CCC", "FLAT", 1.0),
        ("DDD", "FLAT", 1.0),
    ]


def test_the_longest_hold_ends_a_lot_without_an_exit():
    # Signalled on the 5th, bought on the 6th; four sessions later is the 12th, decided on the 11th.
    opened = {"AAA": date(2016, 1, 5), "BBB": date(2016, 1, 6)}
    assert _short(_signals(open_entries=opened)) == [("AAA", "FLAT", 1.0)]


def test_a_wish_stands_beside_the_end_of_an_earlier_one_that_may_not_have_been_bought():
    signals = _signals(
        entries=[(5, "AAA", 0.9), (5, "BBB", 0.4)], open_entries={"AAA": date(2016, 1, 4)}
    )
    assert _short(signals) == [("AAA", "FLAT", 1.0), ("AAA", "LONG", 0.9), ("BBB", "LONG", 0.4)]


def test_an_exit_without_a_bar_refers_to_the_last_close():
    (signal,) = _signals(exits=[(5, "DDD")], open_entries={"DDD": date(2016, 1, 8)})
    assert signal.reference_price == 14.0


def test_a_symbol_the_market_does_not_hold_is_left_alone():
    assert _signals(open_entries={"ZZZ": date(2016, 1, 4)}) == []


def test_a_symbol_without_any_close_is_refused_by_name():
    market = a_market({"AAA": [np.nan, np.nan]})
    with pytest.raises(DataError, match="no close of AAA"):
        signals_of(
            date(2016, 1, 5),
            Holding(),
            decisions=some_decisions(market, exits=[(1, "AAA")]),
            market=market,
            rank=a_rank(),
            open_entries={"AAA": date(2016, 1, 4)},
            window=WINDOW,
        )


@pytest.mark.parametrize("session", [date(2016, 1, 12), date(2016, 1, 9)])
def test_a_session_without_bars_is_refused(session):
    with pytest.raises(DataError, match="no bars of session"):
        _signals(session=session)


def test_the_same_inputs_give_the_same_bytes():
    wishes = [(5, "AAA", 1 / 3), (5, "BBB", 2 / 3)]
    once, again = _signals(entries=wishes), _signals(entries=wishes)
    assert [encode(one) for one in once] == [encode(one) for one in again]


def test_all_strategies_together_are_worked_exits_first_then_by_rank():
    ranking = [a_rank("Best", rank=1), a_rank("Next", rank=2)]
    signals = [
        a_signal(strategy="Next", symbol="AAA", strength=0.9),
        a_signal(strategy="Next", symbol="BBB", strength=1.0, direction=Direction.FLAT),
        a_signal(strategy="Best", symbol="CCC", strength=0.2),
        a_signal(strategy="Best", symbol="BBB", strength=0.2),
        a_signal(strategy="Best", symbol="DDD", strength=0.3),
        a_signal(strategy="Next", symbol="EEE", strength=0.6, direction=Direction.SHORT),
    ]
    assert [(one.strategy, one.symbol) for one in in_order_of_work(signals, ranking)] == [
        ("Next", "BBB"),
        ("Next", "EEE"),
        ("Best", "DDD"),
        ("Best", "BBB"),
        ("Best", "CCC"),
        ("Next", "AAA"),
    ]
