from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle.domain.orders import Fill, OrderStatus, fill_event
from alpha_oracle.execution.twap import (
    CancelSlice,
    Finished,
    SendSlice,
    TwapPlan,
    TwapProgress,
    WaitUntil,
    next_step,
    plan_twap,
    progress_of,
)
from tests.trading import NOW, an_order


def after(seconds):
    return NOW + timedelta(seconds=seconds)


def a_plan(quantity=100, slices=5, lasts=3600):
    return plan_twap(
        quantity, slices=slices, interval_seconds=60, starts_at=NOW, stops_at=after(lasts)
    )


def progress(**changes):
    return TwapProgress(**{"sent": 1, "filled": 20, "last_sent_at": NOW, **changes})


def sizes_when_all_is_filled(plan):
    """What is sent, second by second, where every slice is filled at once."""
    done, sizes = TwapProgress(), []
    for second in range(0, 3600, 1):
        step = next_step(plan, done, after(second))
        if isinstance(step, SendSlice):
            assert step.number == len(sizes)
            sizes.append(step.quantity)
            done = TwapProgress(
                sent=done.sent + 1, filled=done.filled + step.quantity, last_sent_at=after(second)
            )
    assert isinstance(next_step(plan, done, after(3600)), Finished)
    return sizes


@pytest.mark.parametrize(
    ("quantity", "sizes"),
    [
        (100, [20, 20, 20, 20, 20]),
        (13, [3, 3, 3, 2, 2]),
        (5, [1, 1, 1, 1, 1]),
        (3, [1, 1, 1]),
        (1, [1]),
    ],
)
def test_an_order_is_cut_into_even_slices_of_a_share_at_least(quantity, sizes):
    assert sizes_when_all_is_filled(a_plan(quantity)) == sizes


def test_the_first_slice_waits_for_its_start():
    plan = replace(a_plan(), starts_at=after(30))

    assert next_step(plan, TwapProgress(), NOW) == WaitUntil(at=after(30))
    assert next_step(plan, TwapProgress(), after(30)) == SendSlice(number=0, quantity=20)


def test_a_slice_waits_for_its_minute():
    assert next_step(a_plan(), progress(), after(59)) == WaitUntil(at=after(60))
    assert next_step(a_plan(), progress(), after(60)) == SendSlice(number=1, quantity=20)


def test_what_is_left_of_a_slice_is_cancelled_before_the_next():
    step = next_step(a_plan(), progress(filled=5, working=15), after(60))

    assert step == CancelSlice()


def test_what_a_slice_left_unfilled_goes_to_the_later_ones():
    assert next_step(a_plan(), progress(filled=5), after(60)) == SendSlice(number=1, quantity=24)


def test_a_refused_slice_counts_as_sent():
    assert next_step(a_plan(), progress(filled=0), after(60)) == SendSlice(number=1, quantity=25)


def test_a_plan_is_finished_once_all_is_filled():
    assert next_step(a_plan(), progress(filled=100), after(1)) == Finished(
        unfilled=0, reason="filled"
    )


def test_a_slice_that_could_buy_more_than_was_asked_is_cancelled():
    assert next_step(a_plan(), progress(filled=100, working=5), after(1)) == CancelSlice()


def test_after_the_last_slice_its_rest_is_cancelled_and_stays_untraded():
    last = progress(sent=5, filled=90, working=10)

    assert next_step(a_plan(), last, after(59)) == WaitUntil(at=after(60))
    assert next_step(a_plan(), last, after(60)) == CancelSlice()
    assert next_step(a_plan(), replace(last, working=0), after(60)) == Finished(
        unfilled=10, reason="every slice was sent"
    )


def test_nothing_is_sent_at_the_end_of_the_window():
    plan = a_plan(lasts=90)
    second = progress(sent=2, filled=25, working=15, last_sent_at=after(60))

    assert next_step(plan, second, after(70)) == WaitUntil(at=after(90))
    assert next_step(plan, second, after(90)) == CancelSlice()
    assert next_step(plan, replace(second, working=0), after(90)) == Finished(
        unfilled=75, reason="the execution window ended"
    )


@pytest.mark.parametrize(
    ("lasts", "quantity"),
    [
        pytest.param(60, 80, id="the last that fits"),
        pytest.param(61, 80, id="a second more"),
        pytest.param(120, 80, id="one that fits beside the first"),
        pytest.param(121, 40, id="two that fit"),
        pytest.param(3600, 20, id="all"),
    ],
)
def test_near_the_end_the_rest_goes_to_the_slices_that_still_fit(lasts, quantity):
    # The second slice is sent after a minute, or at the latest a second before the end.
    now = after(min(60, lasts - 1))
    done = progress(last_sent_at=now - timedelta(seconds=60))

    assert next_step(a_plan(lasts=lasts), done, now) == SendSlice(number=1, quantity=quantity)


def test_a_plan_resumed_after_a_crash_goes_on_one_slice_at_a_time():
    resumed = next_step(a_plan(), progress(filled=20), after(1800))

    assert resumed == SendSlice(number=1, quantity=20)
    again = progress(sent=2, filled=40, last_sent_at=after(1800))
    assert next_step(a_plan(), again, after(1859)) == WaitUntil(at=after(1860))


def test_progress_is_read_from_the_slices_on_record():
    cancelled = an_order(
        quantity=20,
        status=OrderStatus.CANCELLED,
        history=(fill_event(an_order(), Fill(execution_id="a", quantity=7, price=1, at=NOW)),),
    )
    working = an_order(
        quantity=24,
        status=OrderStatus.PARTIALLY_FILLED,
        created_at=after(60),
        history=(fill_event(an_order(), Fill(execution_id="b", quantity=4, price=1, at=NOW)),),
    )

    assert progress_of([cancelled, working]) == TwapProgress(
        sent=2, filled=11, working=20, last_sent_at=after(60)
    )
    assert progress_of([]) == TwapProgress()


def test_a_window_that_is_over_sends_nothing():
    assert next_step(a_plan(lasts=0), TwapProgress(), NOW) == Finished(
        unfilled=100, reason="the execution window ended"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slices": 0}, "0 slices"),
        ({"slices": 101}, "101 slices of 100 shares"),
        ({"interval_seconds": 0}, "0 s apart"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(a_plan(), **changes)


@given(
    quantity=st.integers(1, 200),
    slices=st.integers(1, 7),
    lasts=st.integers(0, 600),
    naps=st.lists(st.integers(5, 100), min_size=1, max_size=40),
    fills=st.lists(st.floats(0, 1), min_size=1, max_size=40),
)
def test_slices_never_exceed_the_parent_nor_the_window(*, quantity, slices, lasts, naps, fills):
    plan: TwapPlan = a_plan(quantity, slices=slices, lasts=lasts)
    now, done, sent_at = NOW, TwapProgress(), []
    for turn in range(500):
        step = next_step(plan, done, now)
        if isinstance(step, Finished):
            break
        if isinstance(step, SendSlice):
            assert 1 <= step.quantity <= quantity - done.filled
            assert now < plan.stops_at
            sent_at.append(now)
            done = replace(done, sent=done.sent + 1, working=step.quantity, last_sent_at=now)
        elif isinstance(step, CancelSlice):
            done = replace(done, working=0)
        else:
            assert step.at > now
            shares = int(done.working * fills[turn % len(fills)])
            done = replace(done, filled=done.filled + shares, working=done.working - shares)
            now += timedelta(seconds=naps[turn % len(naps)])
    assert isinstance(step, Finished)
    assert step.unfilled == quantity - done.filled
    assert done.working == 0
    assert len(sent_at) <= min(slices, quantity)
    gaps = [later - earlier for earlier, later in pairwise(sent_at)]
    assert all(gap >= timedelta(seconds=60) for gap in gaps)
