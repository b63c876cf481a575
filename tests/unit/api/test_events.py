"""A stream of events at its limits: silence, a record that goes away, a listener that is gone."""

import asyncio

from alpha_oracle.entrypoints.api.events import BATCH, told
from alpha_oracle.errors import StoreUnavailable
from alpha_oracle.ports.events import AnnouncedEvent


class Log:
    """Events by number, and a count of how often somebody looked; away after `looks` of them."""

    def __init__(self, count=0, *, looks=10**9):
        self.numbers = range(1, count + 1)
        self.looks = looks
        self.looked = 0
        self.asked = []

    def latest(self):
        return len(self.numbers)

    def after(self, number, *, limit):
        self.looked += 1
        self.asked.append(limit)
        if self.looked > self.looks:
            raise StoreUnavailable("away")
        found = self.numbers[number:][:limit]
        return [AnnouncedEvent(number=one, channel="risk", document="{}") for one in found]


def heard(log, *, after=0, count=10**9, is_gone=lambda: False):
    """The first texts of a stream."""

    async def gone():
        return is_gone()

    async def listen():
        texts = []
        stream = told(log, after, is_gone=gone, poll_seconds=0.001, quiet_seconds=0.003)
        async for text in stream:
            texts.append(text)
            if len(texts) == count:
                break
        await stream.aclose()
        return texts

    return asyncio.run(listen())


def test_a_silent_stream_says_now_and_then_that_it_lives():
    assert heard(Log(), count=3) == [": listening\n\n", ": quiet\n\n", ": quiet\n\n"]


def test_a_stream_goes_on_after_an_event_without_a_gap():
    texts = heard(Log(2 * BATCH + 5, looks=4), after=3)
    told_of = [text.splitlines()[0] for text in texts[1:]]
    assert told_of == [f"id: {number}" for number in range(4, 2 * BATCH + 6)]


def test_a_stream_ends_where_its_record_is_away():
    assert heard(Log(1, looks=1)) == [": listening\n\n", "id: 1\nevent: risk\ndata: {}\n\n"]


def test_a_stream_ends_when_nobody_listens():
    log = Log()
    assert heard(log, is_gone=lambda: log.looked == 2) == [": listening\n\n"]


def test_no_more_is_read_than_a_slow_listener_has_taken():
    log = Log(10 * BATCH)
    heard(log, count=BATCH + 1)
    assert log.asked == [BATCH]
