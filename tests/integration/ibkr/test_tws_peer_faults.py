"""Each fault of the TWS-protocol server, as the unmodified ib_insync client lives through it."""

import asyncio
from datetime import date, timedelta

import pytest

from alpha_oracle import calendar
from tests.builders import sessions_from
from tests.integration.ibkr.talk import Client, talk, until
from tests.peers.tws import notices
from tests.peers.tws.faults import (
    Close,
    Cut,
    Empty,
    Hang,
    Held,
    LoseLink,
    Point,
    Refuse,
    Restart,
    Slow,
    Tell,
    Unanswered,
)
from tests.peers.tws.market import market_of_closes
from tests.peers.tws.running import running_gateway

DAYS = sessions_from(date(2024, 1, 2), count=40)
EVENING = calendar.session_close(DAYS[-1]) + timedelta(hours=1)


def a_gateway(**settings):
    symbols = ("AAPL", "MSFT", *(f"S{number:02}" for number in range(70)))
    market = market_of_closes({symbol: [100.0] * 40 for symbol in symbols}, DAYS)
    return running_gateway(market, now=EVENING, **settings)


@pytest.fixture
def gateway():
    with a_gateway() as gateway:
        yield gateway


@pytest.mark.parametrize(
    "notice",
    [
        notices.PACING,
        notices.NO_PERMISSION,
        notices.TRADING_ELSEWHERE,
        notices.no_data("AAPL", "Trades"),
        notices.UNKNOWN_CONTRACT,
        notices.invalid("Invalid query"),
        notices.NOT_SUBSCRIBED,
        notices.unknown_query(3),
        notices.REAL_TIME_PACING,
        notices.TOO_MANY_HISTORICAL,
    ],
    ids=lambda notice: f"{notice.code} {notice.text[-30:]}",
)
def test_a_refusal_stands_for_the_bars_of_the_symbol_it_is_meant_for(gateway, notice):
    gateway.fault(Point.HISTORICAL_DATA, Refuse(notice), symbol="AAPL")

    async def conversation(client):
        both = await asyncio.gather(client.bars("MSFT"), client.bars("AAPL"))
        return [len(bars) for bars in both], await client.bars("AAPL"), client.errors[3:]

    lengths, afterwards, errors = talk(conversation, gateway=gateway)
    assert lengths == [3, 0]
    assert len(afterwards) == 3
    assert [(code, text) for _, code, text in errors] == [(notice.code, notice.text)]


def test_contract_details_can_be_refused_empty_or_missing(gateway):
    for effect in (Refuse(notices.UNKNOWN_CONTRACT), Empty(), Unanswered()):
        gateway.fault(Point.CONTRACT_DETAILS, effect)

    async def conversation(client):
        answers = [await client.details("AAPL"), await client.details("AAPL")]
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.details("AAPL"), 0.2)
        return answers, client.codes, len(await client.details("AAPL"))

    assert talk(conversation, gateway=gateway) == ([[], []], [200], 1)


def test_an_empty_answer_comes_without_a_word(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Empty())

    async def conversation(client):
        return await client.bars("AAPL"), client.codes

    assert talk(conversation, gateway=gateway) == ([], [])


def test_a_fault_strikes_after_so_many_requests_and_so_often(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Empty(), skip=1, times=2)

    async def conversation(client):
        return [len(await client.bars("AAPL")) for _ in range(5)]

    assert talk(conversation, gateway=gateway) == [3, 0, 0, 3, 3]


@pytest.mark.parametrize("effect", [Cut(), Cut(keep_fraction=0.01), Close()], ids=repr)
def test_a_socket_closed_within_an_answer_is_a_lost_connection(gateway, effect):
    gateway.fault(Point.HISTORICAL_DATA, effect)

    async def conversation(client):
        with pytest.raises(ConnectionError):
            await client.bars("AAPL")
        await client.dropped()
        again = await Client().connect(gateway)
        bars = await again.bars("AAPL")
        again.ib.disconnect()
        return len(bars)

    assert talk(conversation, gateway=gateway) == 3


@pytest.mark.parametrize("point", [Point.ACCEPT, Point.HANDSHAKE, Point.START_API], ids=str)
@pytest.mark.parametrize("effect", [Hang(), Cut(), Close()], ids=repr)
def test_nobody_gets_in_while_the_way_in_is_broken(gateway, point, effect):
    gateway.fault(point, effect)

    async def conversation(client):
        with pytest.raises((asyncio.TimeoutError, ConnectionError)):
            await client.connect(gateway, patience=0.1)
        gateway.clear_faults()
        again = await Client().connect(gateway, 3)
        again.ib.disconnect()

    talk(conversation)


def test_a_half_dead_socket_reads_as_connected_and_never_answers(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Hang())

    async def conversation(client):
        bars = await client.bars("AAPL", patience=0.1)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.ib.reqCurrentTimeAsync(), 0.1)
        return bars, client.ib.isConnected(), client.codes

    assert talk(conversation, gateway=gateway) == ([], True, [])


def test_a_slow_answer_is_an_answer(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Slow(1.5), symbol="AAPL")

    async def conversation(client):
        slow = asyncio.create_task(client.bars("AAPL"))
        quick = await client.bars("MSFT")
        return slow.done(), len(quick), len(await slow)

    assert talk(conversation, gateway=gateway) == (False, 3, 3)


def test_a_request_given_up_is_cancelled_at_the_server(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Unanswered())

    async def conversation(client):
        bars = await client.bars("AAPL", patience=0.05)
        await client.told(162)
        return bars, client.errors[-1]

    bars, (number, code, text) = talk(conversation, gateway=gateway)
    assert (bars, code) == ([], 162)
    assert text == f"{notices.HMDS}API historical data query cancelled: {number}"
    assert gateway.ledger.in_flight[Point.HISTORICAL_DATA] == 0


def test_a_client_that_leaves_takes_its_requests_with_it(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Unanswered())

    async def conversation(client):
        asked = asyncio.create_task(client.bars("AAPL"))
        await until(lambda: gateway.ledger.in_flight[Point.HISTORICAL_DATA] == 1)
        client.ib.disconnect()
        await until(lambda: gateway.ledger.in_flight[Point.HISTORICAL_DATA] == 0)
        asked.cancel()
        return gateway.connected_ids

    assert talk(conversation, gateway=gateway) == ()


def test_a_request_that_is_over_cannot_be_cancelled(gateway):
    async def conversation(client):
        client.ib.client.cancelHistoricalData(99)
        await client.told(366)
        return client.errors[-1]

    expected = (99, 366, "No historical data query found for ticker id:99")
    assert talk(conversation, gateway=gateway) == expected


def test_no_more_than_fifty_historical_requests_run_at_once():
    with a_gateway(messages_per_second=1000) as gateway:
        gateway.fault(Point.HISTORICAL_DATA, Held(), times=None)

        async def conversation(client):
            asked = asyncio.gather(*(client.bars(f"S{number:02}") for number in range(60)))
            await until(lambda: len(gateway.ledger.asked(Point.HISTORICAL_DATA)) == 60)
            gateway.let_go()
            return [len(bars) for bars in await asked], client.codes

        lengths, codes = talk(conversation, gateway=gateway, throttled=False)
    assert lengths == [3] * 50 + [0] * 10
    assert codes == [322] * 10
    assert gateway.ledger.most_in_flight[Point.HISTORICAL_DATA] == 50


def test_requests_beyond_the_pace_are_pacing_violations():
    with a_gateway(historical_pace=(2, 3.0)) as gateway:

        async def conversation(client):
            lengths = [len(await client.bars("AAPL")) for _ in range(3)]
            await asyncio.sleep(3.0)
            return lengths, len(await client.bars("AAPL")), client.errors[-1][2]

        assert talk(conversation, gateway=gateway) == ([3, 3, 0], 3, notices.PACING.text)


def test_more_than_fifty_messages_within_a_second_are_refused(gateway):
    async def conversation(client):
        await asyncio.sleep(1.05)  # What the connect sent no longer counts.
        for _ in range(53):
            client.ib.client.reqCurrentTime()
        await until(lambda: client.codes.count(100) == 3)
        return client.errors[-3:], client.ib.isConnected()

    errors, is_connected = talk(conversation, gateway=gateway, throttled=False)
    assert [(number, code) for number, code, _ in errors] == [(-1, 100)] * 3
    assert errors[0][2].endswith("exceeded:max=50 rec=51 (1)")
    assert is_connected


def test_a_client_that_stays_too_fast_is_hung_up_on():
    with a_gateway(messages_per_second=10, forgiven_seconds=0.05) as gateway:

        async def conversation(client):
            async with asyncio.timeout(60):
                while client.ib.client.isConnected():
                    client.ib.client.reqCurrentTime()
                    await asyncio.sleep(0.005)
            return set(client.codes)

        assert talk(conversation, gateway=gateway, throttled=False) == {100}


def test_the_link_lost_leaves_requests_waiting_and_1102_answers_them(gateway):
    async def conversation(client):
        gateway.lose_link()
        asked = asyncio.create_task(client.bars("AAPL"))
        await client.told(1100)
        await asyncio.sleep(0.05)
        was_done = asked.done()
        gateway.restore_link(data_lost=False)
        return was_done, len(await asked), client.codes

    assert talk(conversation, gateway=gateway) == (False, 3, [1100, 1102])
    assert gateway.ledger.codes() == []


def test_1101_forgets_what_was_asked_while_the_link_was_down(gateway):
    gateway.fault(Point.HISTORICAL_DATA, LoseLink(0.1, data_lost=True))

    async def conversation(client):
        lost = asyncio.create_task(client.bars("AAPL", patience=2.0))
        await client.told(1101)
        return await lost, len(await client.bars("AAPL")), client.codes[:2]

    assert talk(conversation, gateway=gateway) == ([], 3, [1100, 1101])


def test_a_client_that_comes_while_the_link_is_down_is_told_so(gateway):
    gateway.lose_link()

    async def conversation(client):
        await client.ib.client.connectAsync(gateway.host, gateway.port, 2)
        await client.told(2110)
        return client.codes

    assert talk(conversation) == [2110]


def test_a_broken_data_farm_is_told_and_requests_are_still_answered(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Tell(notices.HISTORICAL_FARM_BROKEN))

    async def conversation(client):
        bars = await client.bars("AAPL")
        gateway.tell(notices.MARKET_FARM_BROKEN)
        await client.told(2103)
        return len(bars), client.codes

    assert talk(conversation, gateway=gateway) == (3, [2105, 2103])
    assert gateway.ledger.codes() == []


def test_a_closed_port_refuses_connections_until_it_opens_again(gateway):
    gateway.shut()

    async def conversation(client):
        with pytest.raises(ConnectionRefusedError):
            await client.connect(gateway)
        gateway.reopen()
        await client.connect(gateway)
        return client.ib.isConnected()

    assert talk(conversation)


def test_the_daily_restart_drops_everyone_and_lets_them_back_later(gateway):
    gateway.fault(Point.HISTORICAL_DATA, Restart(3.0))

    async def conversation(client):
        with pytest.raises(ConnectionError):
            await client.bars("AAPL")
        again = Client()
        with pytest.raises(ConnectionRefusedError):
            await again.connect(gateway)
        await until(lambda: gateway.is_listening)
        await again.connect(gateway)
        bars = await again.bars("AAPL")
        again.ib.disconnect()
        return len(bars)

    assert talk(conversation, gateway=gateway) == 3
