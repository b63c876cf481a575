"""Whether an account's money is real: mode, port and account say the same, or nothing starts."""

import pytest

from alpha_oracle.bootstrap.ibkr import confirm_account, open_ibkr_broker
from alpha_oracle.config import Settings
from alpha_oracle.errors import ConfigurationError
from tests.fakes.broker import TEN_O_CLOCK
from tests.fakes.clock import FixedClock

PAPER = {"mode": "paper", "port": 4002, "account": "DU1234567"}
LIVE = {"mode": "live", "port": 4001, "account": "U1234567"}


def settings_of(ibkr, **others):
    return Settings.model_validate({"broker": {"provider": "ibkr", "ibkr": ibkr}} | others)


@pytest.mark.parametrize(
    "ibkr",
    [PAPER, PAPER | {"port": 7497}, PAPER | {"account": "DF1234567"}, LIVE, LIVE | {"port": 7496}],
    ids=["gateway", "TWS", "an advisor's", "live gateway", "live TWS"],
)
def test_an_account_is_traded_where_all_signs_agree(ibkr):
    confirm_account(settings_of(ibkr))


@pytest.mark.parametrize(("ibkr", "is_paper"), [(PAPER, True), (LIVE, False)])
def test_a_broker_says_whether_the_money_is_play_money(ibkr, is_paper):
    broker = open_ibkr_broker(settings_of(ibkr), clock=FixedClock(TEN_O_CLOCK))
    try:
        assert (broker.is_simulated, broker.is_paper) == (False, is_paper)
    finally:
        broker.close()


@pytest.mark.parametrize("sign", ["mode", "port", "account"])
@pytest.mark.parametrize(("ibkr", "other"), [(PAPER, LIVE), (LIVE, PAPER)], ids=["paper", "live"])
def test_one_sign_that_disagrees_is_enough(ibkr, other, sign):
    with pytest.raises(ConfigurationError, match="is contradictory"):
        confirm_account(settings_of(ibkr | {sign: other[sign]}))


def test_a_live_account_at_another_port_is_refused():
    with pytest.raises(ConfigurationError, match="port 4003 says paper"):
        confirm_account(settings_of(LIVE | {"port": 4003}))


def test_an_account_must_be_named():
    with pytest.raises(ConfigurationError, match=r"set broker\.ibkr\.account"):
        confirm_account(settings_of(PAPER | {"account": ""}))


def test_a_live_account_is_not_rehearsed_with():
    clock = {"start_at": "2016-06-02T13:36:00Z"}
    confirm_account(settings_of(PAPER, clock=clock))
    with pytest.raises(ConfigurationError, match=r"clock\.start_at"):
        confirm_account(settings_of(LIVE, clock=clock))


def test_invented_prices_send_no_real_orders():
    feed = {"source": "simulated"}
    confirm_account(settings_of(PAPER, feed=feed))
    with pytest.raises(ConfigurationError, match="invented"):
        confirm_account(settings_of(LIVE, feed=feed))
