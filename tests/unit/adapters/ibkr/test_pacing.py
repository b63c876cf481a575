import asyncio

import pytest

from alpha_oracle.adapters.ibkr.pacing import Burst, Forbearance, Pace
from tests.fakes.virtual_time import run_in_virtual_time


def held(conversation):
    """What a conversation returns, in a loop and a time of its own."""
    return run_in_virtual_time(conversation())


def now():
    return asyncio.get_running_loop().time()


def test_turns_are_evenly_spaced_and_the_first_comes_at_once():
    async def conversation():
        pace, began = Pace(requests_per_second=50.0), now()
        await asyncio.gather(*(pace.turn() for _ in range(4)))
        return now() - began

    assert held(conversation) == pytest.approx(0.06)


def test_turns_not_taken_are_not_saved_up():
    async def conversation():
        pace = Pace(requests_per_second=50.0)
        await pace.turn()
        await asyncio.sleep(0.1)
        began = now()
        for _ in range(3):
            await pace.turn()
        return now() - began

    assert held(conversation) == pytest.approx(0.04)


def test_a_pause_holds_up_who_waits_already():
    async def conversation():
        pace, began = Pace(requests_per_second=50.0), now()
        await pace.turn()
        waiting = asyncio.ensure_future(pace.turn())
        await asyncio.sleep(0)
        pace.pause(0.1)
        await waiting
        return now() - began

    assert held(conversation) == pytest.approx(0.1)


def a_forbearance(*waits_seconds):
    return Forbearance(Pace(requests_per_second=1000.0), waits_seconds=waits_seconds)


def test_pauses_come_in_their_order_and_end():
    async def conversation():
        forbearance = a_forbearance(0.01, 0.02)
        borne = []
        for _ in range(3):
            borne.append(forbearance.bears(sent_at=now()))
            await asyncio.sleep(0.03)
        return borne

    assert held(conversation) == [True, True, False]


def test_those_refused_together_pause_once():
    async def conversation():
        forbearance, sent_at = a_forbearance(10.0), now()
        return [forbearance.bears(sent_at=sent_at) for _ in range(5)]

    assert held(conversation) == [True] * 5


def test_an_answer_lets_the_pauses_begin_anew():
    async def conversation():
        forbearance = a_forbearance(0.01)
        before = forbearance.bears(sent_at=now())
        await asyncio.sleep(0.02)
        forbearance.relieve()
        return before, forbearance.bears(sent_at=now())

    assert held(conversation) == (True, True)


def test_a_burst_goes_out_at_once_and_what_is_more_waits_for_the_next_second():
    async def sent():
        burst, loop = Burst(most_a_second=3), asyncio.get_running_loop()
        started, times = loop.time(), []
        for _ in range(4):
            await burst.turn()
            times.append(loop.time() - started)
        return times

    *first, last = held(sent)
    assert first == [0.0] * 3
    assert last == pytest.approx(1.0)
