"""A local Telegram, spoken to as a bot does: the Bot API over HTTP, with faults on demand.

It keeps the rules of the real one that a bot can break: the token in the path, lengths in UTF-16
units, callback data of at most 64 bytes, a callback answered once, updates confirmed by an offset,
one reader at a time.
"""

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs

TOKEN = "123456789:AAE-very-secret-bot-token-of-tests"
CHAT_ID = -1001234
OPERATOR = 42
MOST_TEXT = 4096
MOST_CALLBACK_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What becomes of one request: an error, an answer of another kind, none, or none in time.

    `is_done`: what was asked happens nevertheless, and the answer alone is lost.
    """

    status: int = 500
    description: str = "Internal Server Error"
    retry_after: int | None = None
    body: str | None = None
    is_cut: bool = False
    is_silent: bool = False
    is_done: bool = False

    def document(self):
        return {"ok": False, "error_code": self.status, "description": self.description}

    def answer(self):
        if self.body is not None:
            return self.body
        document = self.document()
        if self.retry_after is not None:
            document["parameters"] = {"retry_after": self.retry_after}
        return json.dumps(document)


def too_many_requests(retry_after):
    return Fault(
        status=429,
        description=f"Too Many Requests: retry after {retry_after}",
        retry_after=retry_after,
    )


class Refused(Exception):  # noqa: N818 - as the Bot API calls it.
    def __init__(self, status, description, **parameters):
        super().__init__(description)
        self.status = status
        self.parameters = parameters


@dataclass
class TelegramStandIn:
    """The chats of one bot, what it asked, and what people do in them."""

    url: str
    token: str = TOKEN
    chats: set = field(default_factory=lambda: {CHAT_ID})
    requests: list = field(default_factory=list)
    messages: dict = field(default_factory=dict)
    edits: list = field(default_factory=list)
    callbacks: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    lasting: dict = field(default_factory=dict)
    moved: dict = field(default_factory=dict)
    ahead_seconds: float = 0.0

    def __post_init__(self):
        self.changed = threading.Condition(threading.RLock())
        self.released = threading.Event()
        self._numbers = count(1)
        self._updates = []
        self._reader = 0

    # What people see and do.

    @property
    def texts(self):
        """The texts of all messages of the bot, as they stand, oldest first."""
        with self.changed:
            return [one["text"] for _, one in sorted(self.messages.items())]

    def now(self):
        """The time at this server, in seconds, which may be ahead of ours."""
        return time.time() + self.ahead_seconds

    def asked(self, method):
        """The parameters of each request for a method, faulty ones included."""
        with self.changed:
            return [parameters for name, parameters in self.requests if name == method]

    def await_that(self, is_so, *, seconds=300.0):
        """Wait until something is so of this server; fail after a while."""
        with self.changed:
            assert self.changed.wait_for(lambda: is_so(self), timeout=seconds), self.texts

    def say(self, text, *, by=OPERATOR, chat_id=CHAT_ID, at=None, **more):
        """Somebody writes in a chat; return the update's number."""
        message = {
            "message_id": next(self._numbers),
            "from": person(by),
            "chat": chat(chat_id),
            "date": int(self.now() if at is None else at),
            "text": text,
        }
        return self.update(message=message | more)

    def press(self, message_id, data, *, by=OPERATOR, chat_id=CHAT_ID):
        """Somebody presses a button; return the callback's id."""
        with self.changed:
            callback_id = str(4_000_000_000_000_000_000 + next(self._numbers))
            self.callbacks[callback_id] = None
            message = self.messages.get(message_id)
            if message is None:
                message = {"message_id": message_id, "chat": chat(chat_id), "date": 0}
            self.update(
                callback_query={
                    "id": callback_id,
                    "from": person(by),
                    "chat_instance": "1",
                    "message": dict(message),
                    "data": data,
                }
            )
        return callback_id

    def buttons(self, message_id):
        """The buttons of a message as (text, callback data)."""
        with self.changed:
            markup = self.messages[message_id].get("reply_markup") or {}
            rows = markup.get("inline_keyboard", [])
            return [(one["text"], one.get("callback_data")) for row in rows for one in row]

    def update(self, **content):
        """Something happens, whatever it is; return its number."""
        with self.changed:
            number = next(self._numbers)
            self._updates.append({"update_id": number, **content})
            self.changed.notify_all()
        return number

    def migrate(self, old, new):
        """A group becomes a supergroup: it has another id from here on."""
        with self.changed:
            self.chats = {new if one == old else one for one in self.chats}
            self.moved[old] = new

    def begin_anew(self, number):
        """From here on things are numbered from a number on, as after a week without any."""
        with self.changed:
            self._numbers = count(number)

    @property
    def unconfirmed(self):
        """The numbers of the updates that the bot has not confirmed."""
        with self.changed:
            return [one["update_id"] for one in self._updates]

    # What goes wrong.

    def fail(self, method, *faults):
        """Let the next requests for a method meet these, one each."""
        with self.changed:
            self.faults.setdefault(method, []).extend(faults)

    def fail_always(self, method, fault):
        """Let each request for a method meet this; None: no more."""
        with self.changed:
            self.lasting[method] = fault

    def fault_of(self, method):
        with self.changed:
            waiting = self.faults.get(method)
            return waiting.pop(0) if waiting else self.lasting.get(method)

    # What the bot asks.

    def answer(self, method, parameters):
        do = getattr(self, f"_{method}", None)
        if do is None:
            raise Refused(404, "Not Found")
        return do(parameters)

    def _getMe(self, _parameters):  # noqa: N802 - the Bot API's name.
        return {"id": 1, "is_bot": True, "first_name": "alpha", "username": "alpha_bot"}

    def _sendMessage(self, parameters):  # noqa: N802
        with self.changed:
            chat_id = self._chat(parameters)
            text = checked_text(parameters)
            number = next(self._numbers)
            message = {
                "message_id": number,
                "from": self._getMe({}),
                "chat": chat(chat_id),
                "date": int(self.now()),
                "text": text,
            }
            markup = checked_markup(parameters)
            if markup is not None:
                message["reply_markup"] = markup
            self.messages[number] = message
            self.changed.notify_all()
            return dict(message)

    def _sendChatAction(self, parameters):  # noqa: N802
        self._chat(parameters)
        return True

    def _editMessageText(self, parameters):  # noqa: N802
        with self.changed:
            message = self._message(parameters)
            changed = {**message, "text": checked_text(parameters)}
            return self._edited(message, changed, checked_markup(parameters))

    def _editMessageReplyMarkup(self, parameters):  # noqa: N802
        with self.changed:
            message = self._message(parameters)
            return self._edited(message, dict(message), checked_markup(parameters))

    def _answerCallbackQuery(self, parameters):  # noqa: N802
        with self.changed:
            callback_id = str(parameters.get("callback_query_id", ""))
            if self.callbacks.get(callback_id, "unknown") is not None:
                raise Refused(
                    400,
                    "Bad Request: query is too old and response timeout expired or query ID is "
                    "invalid",
                )
            if len(parameters.get("text", "")) > 200:
                raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
            self.callbacks[callback_id] = parameters.get("text", "")
            self.changed.notify_all()
        return True

    def _getUpdates(self, parameters):  # noqa: N802
        patience = float(parameters.get("timeout", 0))
        limit = int(parameters.get("limit", 100))
        allowed = parameters.get("allowed_updates")
        with self.changed:
            self._reader += 1
            reader = self._reader
            self.changed.notify_all()
            self._confirm(int(parameters.get("offset", 0)))
            self.changed.wait_for(
                lambda: self._updates or self._reader != reader or self.released.is_set(),
                timeout=patience,
            )
            if self._reader != reader:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one "
                    "bot instance is running",
                )
            return [one for one in self._updates if is_allowed(one, allowed)][:limit]

    def _confirm(self, offset):
        if offset < 0:
            self._updates = self._updates[offset:]
        elif offset:
            self._updates = [one for one in self._updates if one["update_id"] >= offset]

    def _chat(self, parameters):
        given = parameters.get("chat_id")
        known = {str(one): one for one in self.chats}
        moved_to = {str(old): new for old, new in self.moved.items()}.get(str(given))
        if moved_to is not None:
            upgraded = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, upgraded, migrate_to_chat_id=moved_to)
        if str(given) not in known:
            raise Refused(400, "Bad Request: chat not found")
        return known[str(given)]

    def _message(self, parameters):
        chat_id = self._chat(parameters)
        message = self.messages.get(int(parameters.get("message_id", 0)))
        if message is None or message["chat"]["id"] != chat_id:
            raise Refused(400, "Bad Request: message to edit not found")
        return message

    def _edited(self, message, changed, markup):
        changed.pop("reply_markup", None)
        if markup is not None:
            changed["reply_markup"] = markup
        if changed == message:
            raise Refused(
                400,
                "Bad Request: message is not modified: specified new message content and reply "
                "markup are exactly the same as a current content and reply markup of the message",
            )
        self.messages[message["message_id"]] = changed
        self.edits.append(dict(changed))
        self.changed.notify_all()
        return dict(changed)


def person(user_id):
    return {"id": user_id, "is_bot": False, "first_name": f"user {user_id}"}


def chat(chat_id):
    return {"id": chat_id, "type": "supergroup" if chat_id < 0 else "private"}


def utf16_length(text):
    return len(text.encode("utf-16-le")) // 2


def checked_text(parameters):
    text = parameters.get("text", "")
    if not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if utf16_length(text) > MOST_TEXT:
        raise Refused(400, "Bad Request: message is too long")
    return text


def checked_markup(parameters):
    markup = parameters.get("reply_markup")
    if isinstance(markup, str):
        markup = json.loads(markup)
    if not markup or not markup.get("inline_keyboard"):
        return None
    for row in markup["inline_keyboard"]:
        for one in row:
            data = one.get("callback_data", "")
            if not 1 <= len(data.encode()) <= MOST_CALLBACK_BYTES:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return markup


def is_allowed(update, allowed):
    return not allowed or any(kind in update for kind in allowed)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: TelegramStandIn

    def do_POST(self):
        self._answer(self._parameters())

    def do_GET(self):
        query = self.path.partition("?")[2]
        self._answer({name: values[-1] for name, values in parse_qs(query).items()})

    def log_message(self, *_args):
        pass

    def date_time_string(self, timestamp=None):
        return super().date_time_string(self.stand_in.now() if timestamp is None else timestamp)

    def _parameters(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if "json" in self.headers.get("Content-Type", ""):
            return json.loads(body or "{}")
        return {name: values[-1] for name, values in parse_qs(body).items()}

    def _answer(self, parameters):
        prefix, _, method = self.path.partition("?")[0].lstrip("/").rpartition("/")
        # A base URL may have a path of its own.
        if not prefix.endswith(f"bot{self.stand_in.token}"):
            self._reply(401, Fault(status=401, description="Unauthorized").answer())
            return
        with self.stand_in.changed:
            self.stand_in.requests.append((method, parameters))
            self.stand_in.changed.notify_all()
        fault = self.stand_in.fault_of(method)
        if fault is None:
            self._reply(*self._done(method, parameters))
            return
        if fault.is_done:
            self._done(method, parameters)
        if fault.is_silent:
            self.stand_in.released.wait(timeout=60)
        if fault.is_cut or fault.is_silent:
            self.close_connection = True
            return
        self._reply(fault.status, fault.answer())

    def _done(self, method, parameters):
        try:
            result = self.stand_in.answer(method, parameters)
        except Refused as refused:
            fault = Fault(status=refused.status, description=str(refused))
            return refused.status, json.dumps(fault.document() | {"parameters": refused.parameters})
        return 200, json.dumps({"ok": True, "result": result})

    def _reply(self, status, body):
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def telegram(*, token=TOKEN, chats=(CHAT_ID,), port=0):
    """A Bot API server of this machine for the length of a block."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # A client that gave up closes its end.
    stand_in = TelegramStandIn(
        url=f"http://127.0.0.1:{server.server_port}", token=token, chats=set(chats)
    )
    handler.stand_in = stand_in
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.released.set()
        with stand_in.changed:
            stand_in.changed.notify_all()
        server.shutdown()
        thread.join()
        server.server_close()
