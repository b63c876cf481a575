"""What the `ibkr` source of levels makes of a gateway's VIX, over the real wire."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from ib_insync import Contract, Index, Stock

from alpha_oracle import calendar
from alpha_oracle.adapters.ibkr.levels import IbkrLevels
from alpha_oracle.config import IbkrDataSettings
from alpha_oracle.domain.levels import IndexLevel
from alpha_oracle.errors import ConfigurationError, SourceAway
from tests.fakes.clock import FixedClock
from tests.integration.ibkr.sources import DAYS, EVENING, FIRST, LAST, connected, source_of
from tests.integration.ibkr.talk import talk
from tests.peers.tws import messages, notices
from tests.peers.tws.faults import Empty, Point, Refuse, Unanswered
from tests.peers.tws.market import RawBar, a_listing, an_index, market_of_closes
from tests.peers.tws.running import running_gateway

HISTORY, CONTRACTS = Point.HISTORICAL_DATA, Point.CONTRACT_DETAILS
FINAL = calendar.session_close(LAST) + timedelta(minutes=20)


@dataclass(frozen=True)
class SayBars:
    """Answers with bars as they stand here."""

    rows: tuple[tuple[str, ...], ...]

    async def play(self, stage):
        stage.session.send(messages.historical_data(stage.request_id, "", "", bars=self.rows))


def vix_bars(days=DAYS):
    """VIX opens a point higher each day, and closes a quarter above its open."""
    return [
        RawBar(day, 12.0 + at, 13.5 + at, 11.5 + at, 12.25 + at, 0) for at, day in enumerate(days)
    ]


@pytest.fixture
def gateway():
    market = market_of_closes({"AAPL": range(100, 140)}, DAYS)
    market.add(an_index(), vix_bars())
    # A share abroad of the same letters.
    market.add(a_listing("VIX", currency="EUR"), ())
    with running_gateway(market, now=EVENING) as gateway:
        yield gateway


@contextmanager
def a_source(gateway, *, now=EVENING, timeout_seconds=60.0):
    with connected(gateway) as connection:
        yield levels_of(connection, now=now, timeout_seconds=timeout_seconds)


def levels_of(connection, *, now=EVENING, timeout_seconds=60.0):
    return IbkrLevels(
        connection,
        clock=FixedClock(now),
        settings=IbkrDataSettings(requests_per_second=40.0, timeout_seconds=timeout_seconds),
        refusal_waits_seconds=(0.02, 0.05),
    )


def fetch(source, *, start=DAYS[-2], end=LAST, series="VIX"):
    return source.fetch(series, start=start, end=end)


def test_levels_arrive_as_calculated_and_known_when_they_are_final(gateway):
    with a_source(gateway) as source:
        received = fetch(source)
    assert received.levels[-1] == IndexLevel(
        series="VIX",
        session=LAST,
        open=51.0,
        high=52.5,
        low=50.5,
        close=51.25,
        known_at=FINAL,
    )
    assert [level.session for level in received.levels] == [DAYS[-2], LAST]
    assert received.refused == ()


def test_the_index_is_asked_for_at_its_exchange(gateway):
    with a_source(gateway) as source:
        fetch(source, start=FIRST, end=DAYS[4])
    [details] = gateway.ledger.asked(CONTRACTS)
    [history] = gateway.ledger.asked(HISTORY)
    assert (details.symbol, details.fields[5], details.fields[10]) == ("VIX", "IND", "CBOE")
    assert (history.fields[4], history.fields[9], history.fields[17]) == ("IND", "CBOE", "5 D")


def test_levels_and_bars_share_a_connection(gateway):
    with connected(gateway) as connection:
        bars = source_of(connection).fetch(["AAPL"], start=LAST, end=LAST).bars
        levels = fetch(levels_of(connection), start=LAST).levels
    assert (bars.close.tolist(), [level.close for level in levels]) == ([139.0], [51.25])
    assert len(gateway.ledger.asked(Point.START_API)) == 1


def test_a_level_is_left_for_later_until_the_index_has_stopped(gateway):
    gateway.set_now(FINAL - timedelta(minutes=1))
    with a_source(gateway, now=FINAL - timedelta(minutes=1)) as source:
        received = fetch(source)
        assert fetch(source, start=LAST).levels == ()
    assert [level.session for level in received.levels] == [DAYS[-2]]
    assert received.refused == ()
    assert len(gateway.ledger.asked(HISTORY)) == 1


def test_a_level_is_taken_once_the_index_has_stopped(gateway):
    gateway.set_now(FINAL)
    with a_source(gateway, now=FINAL) as source:
        assert [level.session for level in fetch(source).levels] == [DAYS[-2], LAST]


def test_rows_that_cannot_be_used_are_refused_alone(gateway):
    day, before = LAST.strftime("%Y%m%d"), DAYS[-2].strftime("%Y%m%d")
    unset = "1.7976931348623157E308"
    rows = (
        (day, "12", "13", "11", "12.5", "-1", "0", "1"),
        (before, "12", "13", "11", "14", "0", "0", "1"),
        (DAYS[-3].strftime("%Y%m%d"), unset, "13", "11", "12", "0", "0", "1"),
        ("2024-02-28", "12", "13", "11", "12", "0", "0", "1"),
        (DAYS[-4].strftime("%Y%m%d"), "12"),
    )
    gateway.fault(HISTORY, SayBars(rows))
    with a_source(gateway) as source:
        received = fetch(source, start=DAYS[-5])
    assert [(level.session, level.close) for level in received.levels] == [(LAST, 12.5)]
    assert sorted(row.reason for row in received.refused) == [
        f"VIX {DAYS[-2]}: close 14 is outside 11 to 13",
        "high '' is no price",
        f"open '{unset}' is no price",
        "the date is none",
    ]


def test_another_series_is_not_known(gateway):
    with a_source(gateway) as source, pytest.raises(ConfigurationError, match="no index SPX"):
        fetch(source, series="SPX")
    assert gateway.ledger.connections == []


@pytest.mark.parametrize(
    ("point", "notice"),
    [
        pytest.param(CONTRACTS, notices.UNKNOWN_CONTRACT, id="no such index"),
        pytest.param(HISTORY, notices.NO_PERMISSION, id="no permission"),
        pytest.param(HISTORY, notices.NOT_SUBSCRIBED, id="not subscribed"),
    ],
)
def test_an_index_that_is_not_for_us_says_what_to_do(gateway, point, notice):
    gateway.fault(point, Refuse(notice))
    with (
        a_source(gateway) as source,
        pytest.raises(ConfigurationError, match=r"no VIX from IBKR: .*data\.reference\.volatility"),
    ):
        fetch(source)


def test_two_indices_of_one_name_are_none(gateway):
    gateway.list_contract(an_index(con_id=7), *vix_bars())
    with (
        a_source(gateway) as source,
        pytest.raises(ConfigurationError, match="IBKR knows 2 indices as VIX at CBOE"),
    ):
        fetch(source)


def test_no_data_is_no_levels(gateway):
    gateway.fault(HISTORY, Refuse(notices.no_data("VIX", "Trades")))
    with a_source(gateway) as source:
        assert fetch(source).levels == ()


@pytest.mark.parametrize(
    "effect",
    [
        pytest.param(Refuse(notices.PACING), id="pacing"),
        pytest.param(Empty(), id="an empty answer"),
        pytest.param(Unanswered(), id="silence"),
    ],
)
def test_what_passes_is_asked_for_again(gateway, effect):
    with a_source(gateway, timeout_seconds=1.0) as source:
        gateway.fault(HISTORY, effect, times=1)
        assert len(fetch(source).levels) == 2
        gateway.fault(HISTORY, effect, times=None)
        with pytest.raises(SourceAway, match=r"no VIX from IBKR: .*ask again later"):
            fetch(source)


@pytest.mark.parametrize(
    ("contract", "found"),
    [
        pytest.param(Index("VIX", "CBOE", "USD"), 1, id="at its exchange"),
        pytest.param(Contract(conId=13455763), 1, id="by its number"),
        pytest.param(Index("VIX", "SMART", "USD"), 0, id="an index on SMART"),
        pytest.param(Stock("VIX", "SMART", "USD"), 0, id="a share"),
        pytest.param(Contract(conId=13455763, secType="STK", exchange="SMART"), 0, id="as a share"),
    ],
)
def test_the_gateway_knows_the_index_at_its_exchange_alone(gateway, contract, found):
    async def conversation(client):
        return await client.ib.reqContractDetailsAsync(contract)

    details = talk(conversation, gateway=gateway)
    assert [one.contract.exchange for one in details] == ["CBOE"] * found
