"""What a gateway tells of orders, from the messages recorded at one to our values."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from alpha_oracle.adapters.ibkr import order_told
from alpha_oracle.adapters.ibkr.vendor import ListeningDecoder
from alpha_oracle.domain.orders import Side
from tests.peers.tws.order_messages import COMPLETED_ORDER, OPEN_ORDER

UNSET = 1.7976931348623157e308


class Listener:
    """Takes what a decoder reads of orders and executions, as our values."""

    def __init__(self):
        self.told, self.unread = [], []
        self.ib = SimpleNamespace(TimezoneTWS="America/New_York")

    def openOrder(self, _number, contract, order, state):  # noqa: N802 - the library's name.
        self.told.append(order_told.open_order(contract, order, state))

    def completedOrder(self, contract, order, state):  # noqa: N802
        self.told.append(order_told.completed_order(contract, order, state))

    def execDetails(self, _number, contract, execution):  # noqa: N802
        self.told.append(order_told.execution(contract, execution))

    def unreadable(self, fields, error):
        self.unread.append((int(fields[0]), str(error)))


def heard(wire):
    """What a message makes a listener take."""
    listener = Listener()
    decoder = ListeningDecoder(listener)
    decoder.serverVersion = 176
    decoder.interpret(wire.split("|")[:-1])
    return listener


def test_a_recorded_open_order_is_read_whole():
    (order,) = heard(OPEN_ORDER).told
    assert (order.perm_id, order.number, order.client_id) == (600745656, 5, 100)
    assert (order.symbol, order.side, order.quantity) == ("AAPL", Side.BUY, 100)
    assert (order.status, order.account, order.reference) == ("PreSubmitted", "DU1234567", "")


def test_a_recorded_completed_order_is_read_whole():
    (order,) = heard(COMPLETED_ORDER).told
    assert (order.perm_id, order.number, order.client_id) == (1377295418, 0, None)
    assert (order.status, order.why) == ("Filled", "Filled")
    assert order.completed_at == datetime(2023, 11, 22, 18, 30, tzinfo=UTC)


def test_every_recorded_message_of_this_version_is_read_or_said_to_be_unreadable(shared_data):
    lines = (shared_data / "ibkr" / "tws_wire_messages.jsonl").read_text().splitlines()
    messages = [one for one in map(json.loads, lines) if one["message_id"] in {5, 11, 101}]
    listeners = [heard(one["wire"]) for one in messages]
    assert all(len(one.told) + len(one.unread) == 1 for one in listeners)
    read = [len(one.told) for one in listeners]
    # The others are of older versions, with fewer fields.
    assert (len(messages), sum(read)) == (14, 8)


def test_a_recorded_execution_keeps_its_digits_and_its_time():
    wire = (
        "11|-1|5|265598|AAPL|STK||0.0|||IEX|USD|AAPL|NMS|0000e0d5.67fe667b.01.01|"
        "20250415 15:38:31 US/Eastern|DU1234567|IEX|BOT|100|201.94|600745656|100|0|100|201.94|"
        "ours||||2|"
    )
    (told,) = heard(wire).told
    assert (told.fill.quantity, told.fill.price) == (100, Decimal("201.94"))
    assert told.fill.at == datetime(2025, 4, 15, 19, 38, 31, tzinfo=UTC)
    assert (told.reference, told.fill.stem) == ("ours", "0000e0d5.67fe667b.01")


def test_a_time_without_a_zone_is_new_yorks():
    wire = (
        "11|-1|5|265598|AAPL|STK||0.0|||IEX|USD|AAPL|NMS|0000e0d5.67fe667b.01.01|"
        "20250415  15:38:31|DU1234567|IEX|BOT|100|201.94|600745656|100|0|100|201.94|||||2|"
    )
    (told,) = heard(wire).told
    assert told.fill.at == datetime(2025, 4, 15, 19, 38, 31, tzinfo=UTC)


def test_a_time_with_a_dash_is_utc():
    wire = (
        "11|-1|5|265598|AAPL|STK||0.0|||IEX|USD|AAPL|NMS|0000e0d5.67fe667b.01.01|"
        "20250415-19:38:31|DU1234567|IEX|BOT|100|201.94|600745656|100|0|100|201.94|||||2|"
    )
    (told,) = heard(wire).told
    assert told.fill.at == datetime(2025, 4, 15, 19, 38, 31, tzinfo=UTC)


def test_half_a_share_is_not_told_as_a_whole_one():
    wire = OPEN_ORDER.replace("|BUY|100|", "|BUY|0.5|")
    assert heard(wire).unread == [(5, "0.5 shares; expected whole ones")]


def test_a_message_of_a_kind_nobody_knows_is_unreadable():
    ((kind, _),) = heard("999|1|").unread
    assert kind == 999


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("20231122 10:30:00 America/Los_Angeles", 18),
        ("20231122 10:30:00 US/Eastern", 15),
        ("20231122  10:30:00", 15),
        ("20231122-10:30:00", 10),
        ("20231122 10:30:00 UTC", 10),
    ],
)
def test_times_are_read_as_the_gateway_writes_them(text, hour):
    assert order_told.instant(text) == datetime(2023, 11, 22, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "20231122", "20231322 10:30:00"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"\d|time"):
        order_told.instant(text)


@pytest.mark.parametrize(
    ("told", "cost"), [(1.0, Decimal("1.0")), (-0.25, Decimal("-0.25")), (UNSET, None)]
)
def test_an_unset_commission_is_none(told, cost):
    assert order_told.commission(told) == cost
