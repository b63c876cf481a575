"""What EDGAR may do to a request, and what becomes of it."""

import threading
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from alpha_oracle.adapters.edgar.client import REFUSED_FOR
from alpha_oracle.errors import ConfigurationError, DataError, SourceAway, TransientError
from tests.integration.edgar.worlds import (
    E_MAIL,
    TICKERS,
    USER_AGENT,
    a_world,
    insider_files,
    list_path,
    number,
    text_path,
)
from tests.peers.edgar.documents import tickers
from tests.peers.edgar.server import ACCESS_DENIED, TOO_FAST, UNDECLARED

FILES = {TICKERS: tickers({"AAA": (1, "A Company")})}


def test_requests_say_who_asks():
    with a_world(FILES) as world:
        world.edgar.check()
        assert [asked.user_agent for asked in world.peer.asked] == [USER_AGENT]


def test_every_request_is_counted_before_it_is_sent():
    with a_world(insider_files(12)) as world:
        before = world.clock.now()
        world.peer.fail(status=503)
        world.insiders()
        assert world.ledger.spent_today("edgar") == len(world.peer.asked) == 15
        # A ninth of a second before each that follows another, two seconds after the failure.
        assert world.clock.now() - before >= timedelta(seconds=2 + 13 * 0.11)


@pytest.mark.parametrize("user_agent", [None, "", "   "])
def test_without_a_name_nothing_is_asked(user_agent):
    told = r"data\.edgar\.user_agent"
    with pytest.raises(ConfigurationError, match=told) as refused, a_world(user_agent=user_agent):
        pass
    assert "ALPHA_ORACLE_DATA__EDGAR__USER_AGENT" in str(refused.value)
    assert "e-mail" in str(refused.value)


@pytest.mark.parametrize(
    "user_agent",
    ["Sample Company", E_MAIL, f"A\r\nHost: b {E_MAIL}", f"Société {E_MAIL}", "a b@c"],
    ids=["no_e_mail", "no_name", "two_lines", "not_ascii", "no_domain"],
)
def test_what_names_nobody_is_refused_unsaid(user_agent):
    told = "must be a name and an e-mail"
    with pytest.raises(ConfigurationError, match=told) as refused, a_world(user_agent=user_agent):
        pass
    assert E_MAIL not in str(refused.value)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"status": 429},
        {"keeps": 0.5},
        {"keeps": 0.5, "is_packed": False},
        {"keeps": 0.5, "is_told": False},
        {"keeps": 0.5, "is_told": False, "is_packed": False},
        {"keeps": 0.0},
        {"hangs_up": True},
        {"body": b"<html>We will be back soon</html>"},
        {"body": b"not gzip", "is_packed": False, "headers": {"Content-Encoding": "gzip"}},
    ],
    ids=[
        "error", "away", "too_many", "cut_off", "cut_off_unpacked", "cut_off_unannounced",
        "cut_off_unannounced_unpacked", "empty", "hung_up", "a_page", "not_packed",
    ],
)  # fmt: skip
def test_what_passes_is_asked_for_again_later(fault):
    with a_world(FILES) as world:
        world.peer.fail(times=3, **fault)
        with pytest.raises(SourceAway, match="ask again later"):
            world.edgar.check()
        world.peer.faults.clear()
        assert "1 tickers" in world.edgar.check()


def test_an_edgar_that_does_not_answer_is_away():
    with a_world(FILES, timeout_seconds=0.1) as world:
        world.peer.fail(times=3, is_silent=True)
        with pytest.raises(SourceAway, match="did not answer in time"):
            world.edgar.check()


def test_what_passes_soon_is_waited_for():
    with a_world(FILES) as world:
        world.peer.fail(status=503)
        world.peer.fail(keeps=0.5)
        assert "1 tickers" in world.edgar.check()
        assert len(world.peer.asked) == 3
        assert [seconds for seconds in world.waits if seconds >= 1.0] == [2.0, 10.0]


def test_a_time_to_wait_that_edgar_names_is_waited():
    with a_world(FILES) as world:
        world.peer.fail(status=429, headers={"Retry-After": "30"})
        before = world.clock.now()
        world.edgar.check()
        assert world.clock.now() - before >= timedelta(seconds=30)


def test_a_long_time_to_wait_ends_the_run_and_holds_for_all():
    with a_world(FILES) as world:
        world.peer.fail(status=429, headers={"Retry-After": "600"})
        for told in ("429", "wants no requests before 2024-06-03 21:10"):
            with pytest.raises(SourceAway, match=told):
                world.edgar.check()
        assert len(world.peer.asked) == 1
        world.clock.advance(minutes=10)
        assert "1 tickers" in world.edgar.check()


@pytest.mark.parametrize("body", [ACCESS_DENIED, UNDECLARED], ids=["denied", "undeclared"])
def test_who_is_refused_at_first_has_to_name_himself(body):
    with a_world(FILES) as world:
        world.peer.fail(status=403, body=body)
        with pytest.raises(ConfigurationError, match=r"data\.edgar\.user_agent") as refused:
            world.edgar.check()
        assert "403" in str(refused.value)
        assert E_MAIL not in str(refused.value)
        assert len(world.peer.asked) == 1


def test_the_real_refusal_is_understood(shared_data):
    body = (shared_data / "edgar" / "http403_accessdenied.xml").read_bytes()
    with a_world(FILES) as world:
        world.peer.fail(status=403, body=body)
        with pytest.raises(ConfigurationError, match=r"data\.edgar\.user_agent"):
            world.edgar.check()


def test_the_real_answer_about_what_is_not_there_is_understood(shared_data):
    body = (shared_data / "edgar" / "http404_nosuchkey.xml").read_bytes()
    with a_world(insider_files(0)) as world:
        world.peer.fail(list_path(1), status=404, body=body)
        assert "no filings" in world.insiders().absence.reason


def test_who_asks_too_fast_stays_away_for_ten_minutes():
    with a_world(FILES) as world:
        world.peer.fail(status=403, body=TOO_FAST)
        with pytest.raises(SourceAway, match="requests_per_second"):
            world.edgar.check()
        with pytest.raises(SourceAway, match="wants no requests before"):
            world.edgar.check()
        assert len(world.peer.asked) == 1
        world.clock.advance(seconds=REFUSED_FOR.total_seconds())
        assert "1 tickers" in world.edgar.check()


def test_who_was_answered_before_and_is_refused_asked_too_fast():
    with a_world(insider_files(3)) as world:
        world.peer.fail(text_path(1, number(2)), status=403, body=ACCESS_DENIED)
        received = world.insiders()
        assert [filing.accession for filing in received.filings] == [number(1)]
        assert "too many requests" in received.absence.reason
        asked = len(world.peer.asked)
        with pytest.raises(TransientError):
            world.insiders(known=[number(1)])
        assert len(world.peer.asked) == asked


@pytest.mark.parametrize("status", [301, 302, 204, 418])
def test_another_server_is_told_by_its_answers(status):
    with a_world(FILES) as world:
        headers = {"Location": "http://127.0.0.1:9/"}
        world.peer.fail(status=status, body=b"", headers=headers, is_packed=False)
        with pytest.raises(ConfigurationError, match=r"data\.edgar\.base_url"):
            world.edgar.check()


def test_malformed_json_is_an_error_of_the_data():
    with a_world(FILES) as world:
        world.peer.fail(body=b'{"0": nothing}')
        with pytest.raises(DataError, match="list of tickers"):
            world.edgar.check()


def test_nobody_s_address_is_in_a_log_or_an_error():
    faults = ({"status": 503}, {"status": 403, "body": UNDECLARED}, {"hangs_up": True})
    with a_world(FILES) as world, capture_logs() as logs:
        for fault in faults:
            world.edgar = world.another()
            world.peer.fail(times=3, **fault)
            with pytest.raises((SourceAway, ConfigurationError)) as raised:
                world.edgar.check()
            world.peer.faults.clear()
            assert E_MAIL not in "".join(chain(raised.value))
        assert logs
        assert E_MAIL not in str(logs)


def chain(error):
    while error is not None:
        yield repr(error)
        error = error.__cause__ or error.__context__


def test_one_thread_reads_the_list_of_tickers_and_the_others_wait():
    with a_world(FILES) as world:
        threads = [threading.Thread(target=world.edgar.check) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(world.peer.asked) == 1
