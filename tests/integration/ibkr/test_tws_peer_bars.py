"""Historical bars of the TWS-protocol server, as the unmodified ib_insync client receives them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from ib_insync.decoder import Decoder

from alpha_oracle import calendar
from tests.builders import sessions_from
from tests.integration.ibkr.talk import talk
from tests.peers.tws import messages, notices
from tests.peers.tws.market import Action, Listing, RawBar, market_of, market_of_closes
from tests.peers.tws.running import running_gateway
from tests.peers.tws.wire import SERVER_VERSION

DAYS = sessions_from(date(2022, 1, 3), count=540)
LAST = DAYS[-1]  # 27 February 2024
EVENING = calendar.session_close(LAST) + timedelta(hours=1)


def a_gateway(**settings):
    closes = {"AAPL": [100.0 + number for number in range(len(DAYS))]}
    settings = {"now": EVENING, "price_decimals": 4} | settings
    return running_gateway(market_of_closes(closes, DAYS, volume=12345), **settings)


def asked(gateway, *arguments, **options):
    """The bars of one request, and the errors told with it."""

    async def conversation(client):
        return await client.bars("AAPL", *arguments, **options), client.errors

    bars, errors = talk(conversation, gateway=gateway)
    return bars, [(code, text) for _, code, text in errors if not 2100 <= code < 2200]


@pytest.mark.parametrize(
    ("duration", "days"),
    [
        ("1 D", DAYS[-1:]),
        ("6 D", DAYS[-6:]),
        ("365 D", DAYS[-365:]),
        ("2 W", [day for day in DAYS if day > date(2024, 2, 13)]),
        ("3 M", [day for day in DAYS if day > date(2023, 11, 27)]),
        ("1 Y", [day for day in DAYS if day > date(2023, 2, 27)]),
        ("9 Y", DAYS),
    ],
)
def test_a_duration_reaches_back_from_the_end(duration, days):
    with a_gateway() as gateway:
        bars, errors = asked(gateway, duration)
    assert [bar.date for bar in bars] == list(days)
    assert errors == []


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("20230117-21:30:00", date(2023, 1, 17)),
        ("20230117-14:30:00", date(2023, 1, 13)),  # The open; the 16th was a holiday.
        ("20230117-14:30:01", date(2023, 1, 17)),
        ("20230117 16:30:00 US/Eastern", date(2023, 1, 17)),
        (datetime(2023, 1, 17, 21, 30, tzinfo=UTC), date(2023, 1, 17)),
        ("20990101-00:00:00", LAST),
    ],
)
def test_bars_end_with_the_last_session_opened_before_the_end(end, last):
    with a_gateway() as gateway:
        bars, _ = asked(gateway, "3 D", end=end)
    assert bars[-1].date == last
    assert len(bars) == 3


def test_bars_before_the_first_one_are_no_data():
    with a_gateway() as gateway:
        bars, errors = asked(gateway, "3 D", end="20210104-21:30:00")
    assert bars == []
    ((code, text),) = errors
    assert code == 162
    assert text == f"{notices.HMDS}HMDS query returned no data: AAPL@SMART Trades"


@pytest.mark.parametrize(
    ("duration", "options", "code", "cause"),
    [
        ("366 D", {}, 321, "longer than 365 days must be made in years"),
        ("53 W", {}, 321, "longer than 52 weeks must be made in years"),
        ("3 days", {}, 321, "duration is invalid"),
        ("3 D", {"size": "1 fortnight"}, 321, "bar size setting is invalid"),
        ("3 D", {"kind": "FEE_RATE"}, 321, "not supported"),
        ("3 D", {"kind": "ADJUSTED_LAST", "end": "20230117-21:30:00"}, 321, "adjusted last"),
        ("3 D", {"end": "yesterday"}, 10314, "time-zone entered is invalid"),
    ],
)
def test_a_question_that_contradicts_itself_is_refused(duration, options, code, cause):
    with a_gateway() as gateway:
        bars, ((told_code, told),) = asked(gateway, duration, **options)
    assert bars == []
    assert told_code == code
    assert cause in told


def test_the_bar_of_an_open_session_is_unfinished():
    noon = calendar.session_open(LAST) + (EVENING - timedelta(hours=1) - _opens(LAST)) / 2
    rows = {"AAPL": [RawBar(DAYS[-2], 9, 9, 9, 9, 900), RawBar(LAST, 10, 14, 8, 12, 1000)]}
    with running_gateway(market_of(rows), now=noon, volume_in_lots=False) as gateway:
        before, unfinished = asked(gateway, "5 D")[0]
        gateway.set_now(_opens(LAST) - timedelta(minutes=1))
        yesterday = asked(gateway, "5 D")[0]
        gateway.set_now(EVENING)
        finished = asked(gateway, "5 D")[0][-1]
    assert (unfinished.open, unfinished.high, unfinished.low) == (10, 12, 9)
    assert (unfinished.close, unfinished.volume) == (11, 500)
    assert [bar.date for bar in yesterday] == [before.date] == [DAYS[-2]]
    assert (finished.high, finished.low, finished.close, finished.volume) == (14, 8, 12, 1000)


def _opens(session):
    return calendar.session_open(session)


def test_before_the_open_all_hours_have_a_bar_where_regular_hours_have_none():
    with a_gateway(now=_opens(LAST) - timedelta(hours=1)) as gateway:
        assert asked(gateway, "1 D", regular=False)[0][-1].date == LAST
        assert asked(gateway, "1 D", regular=True)[0][-1].date == DAYS[-2]


@pytest.mark.parametrize(("in_lots", "volume"), [(True, 123.45), (False, 12345.0)])
def test_volume_comes_in_lots_of_a_hundred_or_in_shares(in_lots, volume):
    with a_gateway(volume_in_lots=in_lots) as gateway:
        bars, _ = asked(gateway, "1 D")
    assert bars[0].volume == volume


def test_a_split_between_two_requests_changes_the_history_already_told():
    with a_gateway(now=calendar.session_close(DAYS[-2]), volume_in_lots=False) as gateway:
        gateway.act(_number("AAPL"), Action(LAST, "split", 4.0))
        before = asked(gateway, "2 D")[0]
        gateway.set_now(EVENING)
        after = asked(gateway, "3 D")[0]
        past = asked(gateway, "1 D", end=f"{DAYS[-2]:%Y%m%d}-23:00:00")[0]
    raw = 100.0 + len(DAYS)
    assert [bar.close for bar in before] == [raw - 3, raw - 2]
    assert [bar.close for bar in after] == [(raw - 3) / 4, (raw - 2) / 4, raw - 1]
    assert [bar.volume for bar in after] == [49380, 49380, 12345]
    assert past[0].close == (raw - 2) / 4


def _number(symbol):
    return market_of({symbol: ()}).con_id(symbol)


def test_adjusted_last_takes_dividends_off_where_trades_keep_them():
    with a_gateway() as gateway:
        gateway.act(_number("AAPL"), Action(LAST, "dividend", 6.38))
        trades = asked(gateway, "2 D")[0]
        adjusted = asked(gateway, "2 D", kind="ADJUSTED_LAST")[0]
    assert [bar.close for bar in trades] == [638, 639]
    assert [bar.close for bar in adjusted] == [631.62, 639]


def decoded(wire):
    """What ib_insync's decoder makes of one message."""
    made = []

    class Wrapper:
        def __getattr__(self, name):
            return lambda *values: made.append((name, *values))

    Decoder(Wrapper(), SERVER_VERSION).interpret(wire.split("\0")[:-1])
    return made


def recorded(shared_data, message_id):
    """The recorded messages of one kind, their fields parted by NUL again."""
    lines = (shared_data / "ibkr" / "tws_wire_messages.jsonl").read_text().splitlines()
    entries = map(json.loads, lines)
    return [
        entry["wire"].replace("|", "\0") for entry in entries if entry["message_id"] == message_id
    ]


def test_contract_details_are_laid_out_as_a_gateway_recorded_them(shared_data):
    stocks = [wire for wire in recorded(shared_data, 10) if "\0STK\0" in wire and "ISIN" in wire]
    assert len(stocks) >= 4
    for wire in stocks:
        ((_, number, theirs),) = decoded(wire)
        listing = Listing(
            con_id=theirs.contract.conId,
            symbol=theirs.contract.symbol,
            long_name=theirs.longName,
            primary_exchange=theirs.contract.primaryExchange,
            stock_type=theirs.stockType,
            trading_class=theirs.contract.tradingClass,
            isin=theirs.secIdList[0].value,
            industry=theirs.industry,
            category=theirs.category,
            subcategory=theirs.subcategory,
        )
        hours = {"hours": theirs.tradingHours, "liquid_hours": theirs.liquidHours}
        ours_on_the_wire = messages.contract_data(number, listing, **hours)[4:].decode()
        ((_, our_number, ours),) = decoded(ours_on_the_wire)
        told_by_the_venue = {
            "orderTypes": theirs.orderTypes,
            "validExchanges": theirs.validExchanges,
            "marketRuleIds": theirs.marketRuleIds,
            "marketName": theirs.marketName,
            "realExpirationDate": theirs.realExpirationDate,
        }
        vars(ours).update(told_by_the_venue)
        ours.contract.exchange = theirs.contract.exchange
        assert (our_number, ours) == (number, theirs)


def test_bars_are_written_as_a_gateway_recorded_them(shared_data):
    (wire,) = recorded(shared_data, 17)
    bars = decoded(wire)[:-1]
    rows = [
        RawBar(_day(bar.date), bar.open, bar.high, bar.low, bar.close, round(bar.volume * 100))
        for _, _, bar in bars
    ]
    with running_gateway(market_of({"AAPL": rows}), now=EVENING) as gateway:
        ours, _ = asked(gateway, "2 D", end="20230414-21:00:00")
    told = [(f"{bar.date:%Y%m%d}", bar.open, bar.close, bar.volume) for bar in ours]
    assert told == [(bar.date, bar.open, bar.close, bar.volume) for _, _, bar in bars]
    fields = wire.split("\0")
    again = messages.historical_data(9000, fields[2], fields[3], bars=[fields[5:13], fields[13:21]])
    assert again[4:].decode() == wire


def _day(stamp):
    return date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:]))


def test_an_error_carries_its_request_its_code_its_text_and_an_empty_order_reject():
    wire = messages.error(notices.PACING, request_id=9)[4:].decode()
    assert decoded(wire) == [("error", 9, 162, notices.PACING.text, "")]
