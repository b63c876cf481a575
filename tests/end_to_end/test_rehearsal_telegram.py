"""MANUAL_APPROVAL with operators at Telegram: worker, feed and watch as processes of their own."""

import re
import signal

import pytest

from alpha_oracle.domain.orders import OrderStatus
from tests.end_to_end.telegram_desk import SECOND_OPERATOR, STRANGER, audited, telegram_settings
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import a_signal, end, first
from tests.peers.telegram import OPERATOR, TOKEN, telegram

pytestmark = pytest.mark.slow
QUESTION = "Approval: "


@pytest.fixture
def server(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    with telegram() as stand_in:
        yield stand_in


@pytest.fixture
def drill(home, database_url, redis_url, nursery, server):
    drill = Drill(
        home=home,
        database_url=database_url,
        redis_url=redis_url,
        settings={"RISK__AUTONOMY_MODE": "MANUAL_APPROVAL", **telegram_settings(server)},
        nursery=nursery,
    )
    yield drill
    drill.close()


def questions(server):
    """The messages about orders, by symbol: (number, text, buttons)."""
    with server.changed:
        asked = {
            number: one["text"]
            for number, one in server.messages.items()
            if one["text"].startswith(QUESTION)
        }
        return {
            text.split()[3]: (number, text, dict(server.buttons(number)))
            for number, text in sorted(asked.items())
        }


def by_symbol(drill, symbol):
    """The orders of a symbol on record."""
    return [one for one in drill.book().orders if one.symbol == symbol]


def served(drill):
    """A watch that has told the worker's and the chat's world that it works."""
    return first(lambda: "watch_started" in drill.logged("watch"))


def is_cooling_down(text):
    """Whether a message says that trading may not go on yet, however long ago it was halted."""
    return re.search(r"cooling down: (5\d|60) of 60 minutes", text) is not None


def test_operators_decide_and_halt_by_telegram_though_the_watch_is_killed(drill, server):
    (wanted, price), (unwanted, its_price), (late, last_price), *_ = drill.store_market().items()
    drill.start("feed", "worker")
    with drill.running("watch") as watch:
        served(drill)
        drill.send(a_signal(wanted, price), a_signal(unwanted, its_price))
        asked = first(lambda: len(questions(server)) == 2 and questions(server))
        assert drill.broker().orders == ()
        number, text, buttons = asked[wanted]
        assert f"BUY {by_symbol(drill, wanted)[0].quantity:,} {wanted}" in text
        server.press(number, buttons["Approve"], by=STRANGER)
        for person in (OPERATOR, SECOND_OPERATOR, OPERATOR):
            server.press(number, buttons["Approve"], by=person)
        other, _, its_buttons = asked[unwanted]
        server.press(other, its_buttons["Reject"], by=SECOND_OPERATOR)
        server.press(other, its_buttons["Approve"])
        first(lambda: "Order FILLED" in questions(server)[wanted][1])
        first(lambda: "Order REJECTED by operator" in questions(server)[unwanted][1])
        # The orders may have ended before the last press was served.
        first(lambda: len(audited(drill, "telegram_press")) == 5)
        watch.send_signal(signal.SIGKILL)
        watch.wait()
    drill.send(a_signal(late, last_price))
    first(lambda: by_symbol(drill, late))
    server.say("KILL the watch is dead", at=server.now() - 600)
    with drill.running("watch") as watch:
        first(lambda: any("ALL TRADING IS HALTED" in one for one in server.texts))
        first(lambda: late in questions(server))
        server.say("/resume RESUME")
        first(lambda: any(is_cooling_down(one) for one in server.texts))
        server.say("/status")
        first(lambda: any(f"Positions: 1: {wanted}" in one for one in server.texts))
        assert end(watch) == 0
    drill.end("worker", "feed")

    ((filled,), (rejected,)) = by_symbol(drill, wanted), by_symbol(drill, unwanted)
    assert (filled.status, rejected.status) == (OrderStatus.FILLED, OrderStatus.REJECTED)
    assert [order.order_id for order in drill.broker().orders] == [filled.order_id]
    assert [found[2] for symbol, found in questions(server).items() if symbol != late] == [{}, {}]
    presses = audited(drill, "telegram_press")
    assert sorted((by, one["outcome"]) for by, _, one in presses) == [
        (f"telegram:{OPERATOR}", "approved"),
        (f"telegram:{OPERATOR}", "approved before"),
        (f"telegram:{OPERATOR}", "rejected before"),
        (f"telegram:{SECOND_OPERATOR}", "approved before"),
        (f"telegram:{SECOND_OPERATOR}", "rejected"),
    ]
    # Nothing is claimed of a stranger: what the killed watch did not confirm is refused once more.
    assert {by for by, _, _ in audited(drill, "telegram_refused")} == {f"telegram:{STRANGER}"}
    assert len([one for one in server.texts if one.startswith(QUESTION)]) == 3
    assert TOKEN not in drill.log("watch").read_text()
