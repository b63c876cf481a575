"""Operators at a local Telegram, and an installation's bot that serves them in this process."""

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event

from alpha_oracle.bootstrap.operator_chat import ChatServices, chat_services
from alpha_oracle.bootstrap.stores import Stores, clock_of, opened_database, opened_redis
from alpha_oracle.bootstrap.watch import Watch
from alpha_oracle.config import load_settings
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.trading_records import Change
from alpha_oracle.entrypoints.telegram.duties import Attendance
from tests.contracts import trading_values as values
from tests.peers.telegram import CHAT_ID, OPERATOR, TOKEN, TelegramStandIn
from tests.trading import an_order

SECOND_OPERATOR = OPERATOR + 1
STRANGER = 666


def telegram_settings(server):
    """The settings of an installation whose operators talk to it at a local Telegram."""
    return {
        "ALERTS__TELEGRAM__BOT_TOKEN": TOKEN,
        "ALERTS__TELEGRAM__CHAT_ID": CHAT_ID,
        "ALERTS__TELEGRAM__BASE_URL": server.url,
        "ALERTS__TELEGRAM__OPERATORS": f"[{OPERATOR}, {SECOND_OPERATOR}]",
    }


@dataclass
class Desk:
    """The bot, called by hand, and the chat it serves."""

    server: TelegramStandIn
    services: ChatServices
    attendance: Attendance

    def listen(self):
        """Let the bot serve what waits for it."""
        self.attendance.listen()

    def hear(self, text, **said):
        """Somebody says something, and the bot serves it; return what the bot said then."""
        before = len(self.server.texts)
        self.server.say(text, **said)
        self.listen()
        return "\n".join(self.server.texts[before:])

    def post(self):
        """Let the bot post and mend its messages; return the number of the newest."""
        self.attendance.refresh()
        return max(self.server.messages)

    def press(self, message, label, **who):
        """Somebody presses a button under a message, and the bot serves it; return its answer."""
        data = dict(self.server.buttons(message))[label]
        return self.press_data(message, data, **who)

    def press_data(self, message, data, **who):
        """Somebody sends the data of a press, whatever it is; return the bot's answer."""
        press = self.server.press(message, data, **who)
        self.listen()
        return self.server.callbacks[press]

    def text(self, message):
        """What a message says now."""
        return self.server.messages[message]["text"]


@contextmanager
def served(server, *, caught_up=True):
    """The bot of the settings, from when it has served what waited."""
    settings = load_settings()
    with ExitStack() as stack:
        stores = Stores(
            database=stack.enter_context(opened_database(settings)),
            redis=stack.enter_context(opened_redis(settings, patience_seconds=60.0)),
        )
        watch = Watch(settings=settings, stores=stores, clock=clock_of(settings), ending=Event())
        services = chat_services(watch)
        watch.ending.set()
        desk = Desk(server=server, services=services, attendance=Attendance(services))
        if caught_up:
            desk.listen()
        yield desk


def set_up(server, patch):
    """Let the settings of this process name a local Telegram."""
    for name, value in telegram_settings(server).items():
        patch.setenv(f"ALPHA_ORACLE_{name}", str(value))
    for name in ("NO_PROXY", "no_proxy"):
        patch.setenv(name, "127.0.0.1")


def audited(operated, action):
    """What the audit log says of an action: by whom, on what, and the details."""
    rows = operated.rows(
        "SELECT actor, subject, detail FROM audit_log WHERE action = :action ORDER BY 1, at",
        action=action,
    )
    return [tuple(row) for row in rows]


def waiting_order(trading_store, order_id="order-1", **approval):
    """An order of AAA that waits for a human, for an hour from now."""
    state = values.a_state(account="paper")
    order = an_order(status=OrderStatus.AWAITING_APPROVAL, order_id=order_id)
    until = {"expires_at": datetime.now(UTC) + timedelta(hours=1)}
    change = Change(
        change_id=order_id,
        account="paper",
        at=order.created_at,
        state=state,
        orders=(order,),
        approvals=(values.an_approval(order_id=order_id, **until | approval),),
    )
    trading_store.commit(change, sends=True)
