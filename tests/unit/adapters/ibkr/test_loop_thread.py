import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from alpha_oracle.adapters.ibkr.loop_thread import LoopThread
from alpha_oracle.errors import SourceAway


@pytest.fixture
def thread():
    thread = LoopThread("a loop")
    yield thread
    thread.close(nothing)


async def nothing():
    pass


async def for_ever():
    await asyncio.Event().wait()


async def where():
    return threading.current_thread().name, asyncio.get_event_loop_policy().get_event_loop()


def test_work_of_all_threads_runs_in_one_thread_and_loop(thread):
    with ThreadPoolExecutor(3) as callers:
        places = set(callers.map(lambda _: thread.run(where), range(6)))
    assert len(places) == 1
    assert {name for name, _ in places} == {"a loop"}


def test_an_error_reaches_the_caller(thread):
    async def fail():
        raise SourceAway("gone")

    with pytest.raises(SourceAway, match="gone"):
        thread.run(fail)


def test_closing_ends_also_work_that_misses_its_first_cancel():
    thread, begun = LoopThread("a loop"), threading.Event()

    async def work():
        begun.set()
        with suppress(asyncio.CancelledError):
            await for_ever()
        await for_ever()

    with ThreadPoolExecutor(1) as callers:
        running = callers.submit(thread.run, work)
        assert begun.wait(60)
        thread.close(nothing)
        with pytest.raises(SourceAway):
            running.result(60)


def test_closing_ends_work_under_way_and_says_farewell_last():
    thread, order, begun = LoopThread("a loop"), [], threading.Event()

    async def farewell():
        order.append("farewell")

    async def work():
        begun.set()
        try:
            await for_ever()
        finally:
            order.append("work ended")

    with ThreadPoolExecutor(1) as callers:
        running = callers.submit(thread.run, work)
        assert begun.wait(60)
        thread.close(farewell)
        with pytest.raises(SourceAway, match="a loop was closed before it was done"):
            running.result()
    assert order == ["work ended", "farewell"]


def test_a_closed_one_takes_no_work_and_may_be_closed_again():
    thread = LoopThread("a loop")
    thread.close(nothing)
    thread.close(nothing)
    with pytest.raises(SourceAway, match="a loop is closed"):
        thread.run(nothing)


async def fail():
    raise ZeroDivisionError


@pytest.mark.parametrize("farewell", [nothing, fail], ids=["said", "failed"])
def test_no_thread_is_left_behind(farewell):
    thread = LoopThread("a loop that ends")
    thread.run(nothing)
    with suppress(ZeroDivisionError):
        thread.close(farewell)
    assert "a loop that ends" not in {one.name for one in threading.enumerate()}
