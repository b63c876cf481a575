"""What the command line says of the vendors: `doctor`, and runs that cannot be done."""

from dataclasses import replace

import pytest

from tests.end_to_end.command_line import ask, ask_process
from tests.end_to_end.vendors import (
    ACCOUNT,
    IMPATIENT,
    KEY,
    a_market,
    as_given_by,
    before_the_session,
    by_alpha_vantage,
    by_ibkr,
    foreign_client,
    gateway_market,
    symbols_of,
    vendor_table,
)
from tests.end_to_end.worlds import NOW
from tests.integration.ibkr.sources import eventually
from tests.peers.alpha_vantage.server import Plan, alpha_vantage
from tests.peers.tws.faults import Hang, Point
from tests.peers.tws.running import running_gateway
from tests.ports import a_free_port

pytestmark = pytest.mark.usefixtures("impatient")

OTHER_ACCOUNT = "DU9999999"
SYMBOLS = ("IBM", *symbols_of(5))
MARKET = a_market(SYMBOLS)
OLD = ("--start", "2019-01-02", "--end", "2019-01-04")


@pytest.fixture(autouse=True)
def flow_runs_are_recorded(prefect_url, monkeypatch):
    """What the command line would start for itself runs already."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)


@pytest.fixture
def gateway():
    """A gateway that manages one account."""
    with running_gateway(gateway_market(MARKET), now=NOW, accounts=(ACCOUNT,)) as gateway:
        yield gateway


@pytest.fixture
def installed_with(vendor_worlds, home):
    """A function that makes an installation for the length of a block."""
    before = as_given_by("alpha_vantage", before_the_session(MARKET))
    return lambda **settings: vendor_worlds(home, before, **settings)


@pytest.fixture
def by_key(installed_with):
    """A function that asks with an Alpha Vantage beside it."""

    def asked(*arguments, plan=None, keys=None, settings=None):
        with alpha_vantage(vendor_table(MARKET), plan=plan or Plan(), keys=keys) as vendor:
            changes = by_alpha_vantage(vendor.url) | (settings or {})
            with installed_with(**changes):
                answer = ask(*arguments)
        assert KEY not in answer.out + answer.err
        return answer, vendor.requests

    return asked


def finding(answer, check):
    """What doctor found, and whether it is in order; the exit code says the same."""
    found = {one["check"]: one for one in answer.document}
    assert answer.code == (0 if all(one["ok"] for one in found.values()) else 1)
    assert all(one["ok"] for name, one in found.items() if name != check)
    return found[check]["ok"], found[check]["finding"]


def test_doctor_says_what_a_premium_key_may_do_for_one_request(by_key):
    answer, requests = by_key("doctor", "--json")
    ok, text = finding(answer, "source alpha_vantage")
    assert ok
    assert text.startswith("Alpha Vantage takes the key: splits and dividends come with the bars")
    assert len(requests) == 1


def test_doctor_says_what_a_free_key_lacks(by_key):
    settings = {"DATA__ALPHA_VANTAGE__REQUESTS_PER_DAY": 25}
    answer, _ = by_key("doctor", "--json", plan=Plan(premium=False), settings=settings)
    ok, text = finding(answer, "source alpha_vantage")
    assert ok
    assert "bars come without splits and dividends: import those, or take a premium key" in text
    assert "24 of 25 requests are left today" in text


def test_doctor_names_a_wrong_key(by_key):
    answer, _ = by_key("doctor", "--json", keys=frozenset({"ANOTHERK3Y16CHAR"}))
    ok, text = finding(answer, "source alpha_vantage")
    assert not ok
    assert "the key is refused; check data.alpha_vantage.api_key" in text


def test_doctor_names_a_missing_key(by_key):
    settings = {"DATA__ALPHA_VANTAGE__API_KEY": None}
    answer, requests = by_key("doctor", "--json", settings=settings)
    ok, text = finding(answer, "source alpha_vantage")
    assert not ok
    assert "ALPHA_ORACLE_DATA__ALPHA_VANTAGE__API_KEY" in text
    assert requests == []


def test_doctor_names_an_alpha_vantage_that_is_away(installed_with):
    url = f"http://127.0.0.1:{a_free_port()}"
    with installed_with(**by_alpha_vantage(url)):
        ok, text = finding(ask("doctor", "--json"), "source alpha_vantage")
    assert not ok
    assert f"{url} cannot be reached" in text
    assert "data.alpha_vantage.base_url" in text


def test_doctor_finds_a_gateway_in_order_and_leaves_it(installed_with, gateway):
    with installed_with(**by_ibkr(gateway.port), BROKER__IBKR__ACCOUNT=ACCOUNT):
        ok, text = finding(ask("doctor", "--json"), "source ibkr")
    assert ok
    assert text == (
        f"the gateway at 127.0.0.1:{gateway.port} answers client id 2 (broker.ibkr.client_id + 1)"
    )
    assert eventually(lambda: gateway.connected_ids == ())


def test_doctor_names_a_closed_gateway(installed_with):
    port = a_free_port()
    with installed_with(**by_ibkr(port)):
        ok, text = finding(ask("doctor", "--json"), "source ibkr")
    assert not ok
    assert f"nothing listens on 127.0.0.1:{port}" in text
    assert "broker.ibkr.host and broker.ibkr.port" in text


def test_doctor_names_a_taken_client_id(installed_with, gateway):
    with foreign_client(gateway), installed_with(**by_ibkr(gateway.port)):
        ok, text = finding(ask("doctor", "--json"), "source ibkr")
    assert not ok
    assert text.startswith("client id 2 (broker.ibkr.client_id + 1) is in use at ")
    assert "give this installation ids of its own with broker.ibkr.client_id" in text


def test_doctor_names_an_account_the_gateway_does_not_manage_by_its_setting(
    installed_with, gateway
):
    with installed_with(**by_ibkr(gateway.port), BROKER__IBKR__ACCOUNT=OTHER_ACCOUNT):
        answer = ask("doctor", "--json")
        ok, text = finding(answer, "source ibkr")
    assert not ok
    assert "none is the one of broker.ibkr.account" in text
    assert [one for one in (ACCOUNT, OTHER_ACCOUNT) if one in answer.out + answer.err] == []


def test_doctor_names_a_gateway_that_hangs(installed_with, gateway, monkeypatch):
    hasty = replace(IMPATIENT, handshake_seconds=2.0)
    monkeypatch.setattr("tests.end_to_end.vendors.IMPATIENT", hasty)
    gateway.fault(Point.HANDSHAKE, Hang(), times=None)
    with installed_with(**by_ibkr(gateway.port)):
        ok, text = finding(ask("doctor", "--json"), "source ibkr")
    assert not ok
    assert "takes connections and does not answer" in text


def test_doctor_checks_every_source_of_the_list_in_a_process_of_its_own(installed_with):
    port = a_free_port()
    with alpha_vantage(vendor_table(MARKET)) as vendor:
        settings = by_alpha_vantage(vendor.url) | by_ibkr(port)
        with installed_with(**settings, DATA__FALLBACK='["alpha_vantage"]') as world:
            answer = ask_process(world.environment, "doctor")
    assert answer.code == 1
    assert "nothing listens" in answer.out
    assert "Alpha Vantage takes the key" in " ".join(answer.out.split())
    assert KEY not in answer.out + answer.err


def test_a_budget_too_small_is_one_line_that_says_what_to_do(by_key):
    settings = {"DATA__ALPHA_VANTAGE__REQUESTS_PER_DAY": 5}
    answer, requests = by_key("pipeline", settings=settings)
    assert answer.code == 2
    assert "6 requests are needed for 6 symbols, but of 5 a day 5 are left today" in answer.err
    assert "Traceback" not in answer.err
    assert requests == []


def test_older_sessions_than_a_free_key_gives_are_refused_and_the_refusal_is_remembered(
    installed_with,
):
    older = ("backfill", *OLD, "--symbols", "IBM")
    with (
        alpha_vantage(vendor_table(MARKET), plan=Plan(premium=False)) as vendor,
        installed_with(**by_alpha_vantage(vendor.url)),
    ):
        first = ask(*older)
        spent = len(vendor.requests)
        again = ask(*older)
    for answer in (first, again):
        assert answer.code == 2
        assert "this key gives the last 100 sessions only" in answer.err
        assert "take a premium key, or get the history from IBKR" in answer.err
    assert 0 < spent <= 2
    assert len(vendor.requests) == spent


def test_a_taken_client_id_fails_the_run_with_the_setting_to_mend(installed_with, gateway):
    settings = by_ibkr(gateway.port)
    with foreign_client(gateway), installed_with(**settings):
        answer = ask("pipeline")
    assert answer.code == 1
    assert "client id 2 (broker.ibkr.client_id + 1) is in use" in answer.err
