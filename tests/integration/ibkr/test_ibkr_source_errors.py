"""Each refusal of a gateway with what becomes of it: an empty answer is never a fact by itself."""

from dataclasses import dataclass

import pytest

from alpha_oracle.adapters.ibkr.codes import in_words
from tests.integration.ibkr.sources import DAYS, EVENING, LAST, a_source, absences, fetch_last
from tests.peers.tws import messages, notices
from tests.peers.tws.faults import (
    Empty,
    Hang,
    Point,
    Refuse,
    Slow,
    Tell,
    Unanswered,
)
from tests.peers.tws.market import RawBar, a_listing, market_of_closes
from tests.peers.tws.running import running_gateway

HISTORY, CONTRACTS = Point.HISTORICAL_DATA, Point.CONTRACT_DETAILS
IMPATIENT = {"timeout_seconds": 1.5}


@dataclass(frozen=True)
class SayBars:
    """Answers with bars as they stand here."""

    rows: tuple[tuple[str, ...], ...]

    async def play(self, stage):
        stage.session.send(messages.historical_data(stage.request_id, "", "", bars=self.rows))


@pytest.fixture
def gateway():
    market = market_of_closes({"AAPL": range(100, 140), "MSFT": range(200, 240)}, DAYS)
    with running_gateway(market, now=EVENING) as gateway:
        yield gateway


def asked(gateway, point, symbol="AAPL"):
    return [one for one in gateway.ledger.asked(point) if one.symbol == symbol]


@pytest.mark.parametrize(
    ("point", "notice", "kind"),
    [
        pytest.param(HISTORY, notices.no_data("AAPL", "Trades"), "no_data", id="162 no data"),
        pytest.param(HISTORY, notices.NO_PERMISSION, "refused", id="162 permissions"),
        pytest.param(HISTORY, notices.NOT_SUBSCRIBED, "refused", id="354"),
        pytest.param(HISTORY, notices.UNKNOWN_CONTRACT, "unknown_symbol", id="200 history"),
        pytest.param(CONTRACTS, notices.UNKNOWN_CONTRACT, "unknown_symbol", id="200 contract"),
        pytest.param(CONTRACTS, notices.ambiguous("AAPL"), "failed", id="200 ambiguous"),
        pytest.param(HISTORY, notices.invalid("wrong step"), "failed", id="321 history"),
        pytest.param(CONTRACTS, notices.invalid("no type"), "failed", id="321 contract"),
        pytest.param(HISTORY, notices.WRONG_DATE, "failed", id="10314"),
        pytest.param(HISTORY, notices.Notice(162, "Anders als gedacht"), "failed", id="162 else"),
        pytest.param(HISTORY, notices.Notice(9999, "Never seen"), "failed", id="a new code"),
    ],
)
def test_a_refusal_is_an_absence_with_code_and_text(gateway, point, notice, kind):
    gateway.fault(point, Refuse(notice), symbol="AAPL", times=None)
    with a_source(gateway) as source:
        received = fetch_last(source, "AAPL", "MSFT")
    assert absences(received) == [("AAPL", kind, in_words(notice.code, notice.text))]
    assert received.bars.symbols == ("MSFT",)
    assert len(asked(gateway, point)) == 1


PASSING = [
    pytest.param(notices.PACING, id="162 pacing"),
    pytest.param(notices.REAL_TIME_PACING, id="420"),
    pytest.param(notices.too_fast(51, 1), id="100"),
    pytest.param(notices.TOO_MANY_HISTORICAL, id="322 too many"),
    pytest.param(notices.TRADING_ELSEWHERE, id="162 elsewhere"),
    pytest.param(notices.Notice(10197, "No market data during competing session"), id="10197"),
]


@pytest.mark.parametrize("notice", PASSING)
def test_what_passes_is_waited_out(gateway, notice):
    gateway.fault(HISTORY, Refuse(notice), symbol="AAPL", times=2)
    with a_source(gateway) as source:
        received = fetch_last(source)
    assert received.absent == ()
    assert len(received.bars) == 1
    assert len(asked(gateway, HISTORY)) == 3


@pytest.mark.parametrize("notice", PASSING)
def test_what_does_not_pass_is_a_failure_in_the_end(gateway, notice):
    gateway.fault(HISTORY, Refuse(notice), symbol="AAPL", times=None)
    with a_source(gateway) as source:
        [(_, kind, reason)] = absences(fetch_last(source, "AAPL", "MSFT"))
    assert kind == "failed"
    assert reason.startswith(in_words(notice.code, notice.text))
    assert "it went on for too long" in reason
    assert len(asked(gateway, HISTORY)) == 3


def test_what_strikes_all_is_waited_out_once_and_not_by_each(gateway):
    gateway.fault(HISTORY, Refuse(notices.PACING), times=None)
    with a_source(gateway, settings={"max_in_flight": 1}) as source:
        found = absences(fetch_last(source, "AAPL", "MSFT"))
        assert [(symbol, kind) for symbol, kind, _ in found] == [
            ("AAPL", "failed"),
            ("MSFT", "failed"),
        ]
        assert len(gateway.ledger.asked(HISTORY)) == 3 + 1
        gateway.clear_faults()
        assert len(fetch_last(source, "AAPL", "MSFT").bars) == 2


def test_an_answer_between_refusals_has_the_patience_start_anew(gateway):
    with a_source(gateway) as source:
        for symbol in ("AAPL", "MSFT", "AAPL", "MSFT"):
            gateway.fault(HISTORY, Refuse(notices.PACING), symbol=symbol, times=2)
            assert fetch_last(source, symbol).absent == ()


@pytest.mark.parametrize("point", [HISTORY, CONTRACTS])
def test_an_empty_answer_is_asked_for_again(gateway, point):
    gateway.fault(point, Empty(), symbol="AAPL", times=1)
    with a_source(gateway) as source:
        assert len(fetch_last(source).bars) == 1


@pytest.mark.parametrize("point", [HISTORY, CONTRACTS])
def test_an_empty_answer_without_a_reason_is_a_failure(gateway, point):
    gateway.fault(point, Empty(), symbol="AAPL", times=None)
    with a_source(gateway) as source:
        [(_, kind, reason)] = absences(fetch_last(source))
    assert kind == "failed"
    assert "answered twice with nothing and no reason" in reason
    assert len(asked(gateway, point)) == 2


@pytest.mark.parametrize("point", [HISTORY, CONTRACTS])
def test_no_answer_is_asked_for_once_more_on_a_connection_that_proved_alive(gateway, point):
    gateway.fault(point, Unanswered(), symbol="AAPL", times=1)
    with a_source(gateway, settings=IMPATIENT) as source:
        received = fetch_last(source, "AAPL", "MSFT")
    assert received.bars.symbols == ("AAPL", "MSFT")
    assert len(gateway.ledger.asked(Point.CURRENT_TIME)) == 1
    assert gateway.ledger.times_connected(2) == 1


def test_no_answer_twice_is_a_failure_and_the_request_is_taken_back(gateway):
    gateway.fault(HISTORY, Unanswered(), symbol="AAPL", times=None)
    with a_source(gateway, settings=IMPATIENT) as source:
        [(_, kind, reason)] = absences(fetch_last(source, "AAPL", "MSFT"))
    assert (kind, reason) == ("failed", "IBKR did not answer, asked twice; ask again later")
    assert len(gateway.ledger.asked(Point.CANCEL_HISTORICAL_DATA)) == 2
    assert gateway.ledger.in_flight[HISTORY] == 0


def test_a_late_answer_to_a_request_taken_back_harms_nobody(gateway):
    gateway.fault(HISTORY, Slow(1.6), symbol="AAPL", times=1)
    with a_source(gateway, settings=IMPATIENT) as source:
        assert len(fetch_last(source, "AAPL", "MSFT").bars) == 2
        assert len(fetch_last(source, "AAPL", "MSFT").bars) == 2


def test_a_half_dead_gateway_is_dropped_and_asked_anew(gateway):
    gateway.fault(HISTORY, Hang(), symbol="AAPL", times=1)
    with a_source(gateway, settings=IMPATIENT, heartbeat_seconds=0.5) as source:
        assert len(fetch_last(source, "AAPL", "MSFT").bars) == 2
    assert gateway.ledger.times_connected(2) == 2


def test_a_row_that_is_no_bar_costs_itself_alone(gateway):
    gateway.list_contract(
        a_listing("ODD"),
        RawBar(DAYS[-3], 1, 1, 1, 1, 100),
        RawBar(DAYS[-2], 1, 1, 1, float("nan"), 100),
        RawBar(LAST, -1, 1, 1, 1, 100),
    )
    with a_source(gateway) as source:
        received = source.fetch(["ODD"], start=DAYS[-3], end=LAST)
    assert received.bars.session.tolist() == [DAYS[-3]]
    assert [(row.symbol, row.session) for row in received.unreadable] == [
        ("ODD", str(DAYS[-2])),
        ("ODD", str(LAST)),
    ]
    assert received.unreadable[0].received["close"] == "nan"
    assert received.absent == ()


def test_fields_that_are_no_numbers_cost_their_row_alone(gateway):
    day = f"{LAST:%Y%m%d}"
    good = (day, "1", "2", "0.5", "1.5", "100.5", "1.2", "7")
    bad = (day, "1", "2", "0.5", "none", "100", "1.2", "7")
    gateway.fault(HISTORY, SayBars((good, bad, good[:4])), symbol="AAPL")
    with a_source(gateway) as source:
        received = fetch_last(source, "AAPL", "MSFT")
    assert received.bars.symbols == ("AAPL", "MSFT")
    assert received.bars.volume.tolist()[0] == 10050.0
    assert [row.reason for row in received.unreadable] == [
        "could not convert string to float: 'none'",
        "4 fields where a bar has 8",
    ]


def test_no_account_number_is_logged_or_given_as_a_reason(gateway, capsys):
    refusal = notices.invalid("The account DU1234567 may not see AAPL")
    gateway.fault(HISTORY, Refuse(refusal), symbol="AAPL")
    gateway.fault(HISTORY, Tell(refusal), symbol="MSFT")
    with a_source(gateway) as source:
        received = fetch_last(source, "AAPL", "MSFT")
    printed = capsys.readouterr()
    assert "[account]" in printed.out
    assert "[account]" in received.absent[0].reason
    assert "DU1234567" not in printed.out + printed.err + received.absent[0].reason
