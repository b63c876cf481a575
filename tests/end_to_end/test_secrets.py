"""Unique secrets in every secret setting, a day's work, and a look at all that it left behind."""

import json
from contextlib import ExitStack, closing

import psutil
import pytest
import redis
from sqlalchemy import make_url

from tests.end_to_end.api_clients import DIGESTS, OPERATOR, VIEWER, client, until_healthy
from tests.end_to_end.command_line import ask_process
from tests.end_to_end.trading_world import Rehearsal, a_signal, end, first
from tests.peers.slack import slack
from tests.peers.telegram import CHAT_ID, telegram
from tests.ports import a_free_port

pytestmark = pytest.mark.slow

SECRETS = {
    "the database's password": "planted-database-password-7f3a",
    "the password of Redis": "planted-redis-password-91bc",
    "the key of Alpha Vantage": "PLANTEDVENDORKEY5521",
    "the webhook of Slack": "plantedslackwebhook0d4e",
    "the bot of Slack": "xoxb-planted-slack-bot-4b7d",
    "the bot of Telegram": "987654321:AAF-planted-telegram-bot-token-of-35",
    "the operator's token": OPERATOR,
    "the viewer's token": VIEWER,
    "a wrong token": "planted-wrong-token-of-somebody-c2a9",
}
TAIL = 16
"""So many of a secret's last characters are a secret too."""

NOBODY_LISTENS = "127.0.0.1:1"


@pytest.fixture
def redis_with_password(redis_url):
    """The URL of Redis for a user of its own, whose password is asked for."""
    password = SECRETS["the password of Redis"]
    with closing(redis.Redis.from_url(redis_url)) as server:
        server.execute_command(
            "ACL", "SETUSER", "planted", "on", f">{password}", "~*", "&*", "+@all"
        )
        url = redis_url.replace("unix://", "unix://planted@") + f"&password={password}"
        if not redis_url.startswith("unix://"):
            url = make_url(redis_url).set(username="planted", password=password)
            url = url.render_as_string(hide_password=False)
        yield url
        server.execute_command("ACL", "DELUSER", "planted")


@pytest.fixture
def chats():
    """A local Slack and a local Telegram, who know their secrets."""
    with slack() as its_slack, telegram(token=SECRETS["the bot of Telegram"]) as its_telegram:
        yield its_slack, its_telegram


@pytest.fixture
def planted(home, database_url, redis_with_password, chats):
    """An installation with a secret in every setting that takes one."""
    its_slack, its_telegram = chats
    with_password = make_url(database_url).set(password=SECRETS["the database's password"])
    return Rehearsal(
        home=home,
        database_url=with_password.render_as_string(hide_password=False),
        redis_url=redis_with_password,
        settings={
            "DATA__ALPHA_VANTAGE__API_KEY": SECRETS["the key of Alpha Vantage"],
            "DATA__ALPHA_VANTAGE__BASE_URL": f"http://{NOBODY_LISTENS}",
            "ALERTS__SLACK__WEBHOOK_URL": f"{its_slack.url}/{SECRETS['the webhook of Slack']}",
            "ALERTS__SLACK__BOT_TOKEN": SECRETS["the bot of Slack"],
            "ALERTS__SLACK__CHANNEL": "#trading",
            "ALERTS__TELEGRAM__BOT_TOKEN": SECRETS["the bot of Telegram"],
            "ALERTS__TELEGRAM__CHAT_ID": CHAT_ID,
            "ALERTS__TELEGRAM__BASE_URL": its_telegram.url,
            "API__PORT": a_free_port(),
            "API__TOKENS": json.dumps(
                [{"sha256": digest, "role": role.value} for role, digest in DIGESTS.items()]
            ),
        },
    )


def test_no_secret_is_left_anywhere(planted, chats):
    its_slack, its_telegram = chats
    (symbol, price), *_ = planted.store_market().items()
    left = {}
    with ExitStack() as stack:
        names = ("feed", "worker", "api", "watch")
        running = [stack.enter_context(planted.running(name)) for name in names]
        url = f"http://127.0.0.1:{planted.settings['API__PORT']}"
        until_healthy(url)
        first(lambda: "worker_started" in planted.logged("worker"))
        first(lambda: "watch_started" in planted.logged("watch"))
        planted.announce(a_signal(symbol, price))
        first(lambda: planted.book().orders)
        left["what the API says"] = asked_of_the_api(url)
        first(lambda: its_slack.received)
        first(lambda: its_telegram.texts)
        left["what the command line says"] = asked_of_the_command_line(planted)
        left["command lines and titles"] = titles_of(running)
        for process in running:
            end(process)
    left["messages"] = str([text for _, _, text in its_slack.received]) + str(its_telegram.texts)
    left["files"] = files_below(planted.home.parent)
    left["the database"] = rows_of_every_table(planted)
    left["Redis"] = values_of_every_key(planted)

    assert_all_was_in_use(left, its_slack, its_telegram)
    found = {
        (where, whose)
        for where, text in left.items()
        for whose, secret in SECRETS.items()
        if secret[-TAIL:] in text
    }
    assert found == set()


def assert_all_was_in_use(left, its_slack, its_telegram):
    """What nobody used leaves nothing behind anyway."""
    paths = [path for path, _, _ in its_slack.received]
    assert any(SECRETS["the webhook of Slack"] in path for path in paths)
    assert its_telegram.asked("sendMessage")
    assert "kill_switch:activated" in left["the database"]
    assert "order_id" in left["Redis"] or "signal" in left["Redis"]
    assert "api_started" in left["files"] or "worker_started" in left["files"]
    assert NOBODY_LISTENS.split(":", maxsplit=1)[0] in left["what the command line says"]


def asked_of_the_api(url):
    """All that the API says to an operator, and to somebody with a wrong token."""
    said = []
    with client(url, SECRETS["a wrong token"]) as guesser:
        said += [guesser.get("/api/orders").text for _ in range(20)]
    with client(url, VIEWER) as viewer:
        said.append(viewer.post("/api/heartbeat").text)
    with client(url, OPERATOR) as operator:
        body = {"confirmation": "KILL", "reason": "a drill"}
        said.append(operator.post("/api/risk/kill-switch/activate", json=body).text)
        described = operator.get("/openapi.json").json()
        readable = [path for path, methods in described["paths"].items() if "get" in methods]
        said += [operator.get(path).text for path in readable if path != "/api/events"]
        said.append(operator.get("/api/orders", params={"after": OPERATOR[:5]}).text)
    return "\n".join(said)


def asked_of_the_command_line(planted):
    """What verbs say where all is well, and where a store is away."""
    runs = [planted.ask("kill", "status", "--json")]
    password = SECRETS["the database's password"]
    away = {"ALPHA_ORACLE_DATABASE__URL": f"postgresql://me:{password}@{NOBODY_LISTENS}/x"}
    runs += [
        ask_process(planted.environment | away, "positions", "--debug"),
        ask_process(planted.environment | away, "kill", "status"),
    ]
    return "\n".join(f"{one.code} {one.out} {one.err}" for one in runs)


def titles_of(processes):
    """The command lines and names of processes and their children, as `ps` shows them."""
    own = [psutil.Process(process.pid) for process in processes]
    family = own + [child for one in own for child in one.children(recursive=True)]
    return "\n".join(f"{one.name()} {' '.join(one.cmdline())}" for one in family)


def files_below(folder):
    """The bytes of every file, as a text of one byte a character."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return "\n".join(f"{path}\n{path.read_bytes().decode('latin-1')}" for path in paths)


def rows_of_every_table(planted):
    """Every row of the database."""
    tables = planted.rows(
        "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name)"
        " FROM information_schema.tables"
        " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    return "\n".join(
        str(row) for (table,) in tables for row in planted.rows(f"SELECT t::text FROM {table} t")
    )


def values_of_every_key(planted):
    """Every value in Redis."""
    read = {
        b"string": lambda server, key: server.get(key),
        b"hash": lambda server, key: server.hgetall(key),
        b"set": lambda server, key: server.smembers(key),
        b"list": lambda server, key: server.lrange(key, 0, -1),
        b"zset": lambda server, key: server.zrange(key, 0, -1),
        b"stream": lambda server, key: server.xrange(key),
    }
    with closing(redis.Redis.from_url(planted.redis_url)) as server:
        return "\n".join(
            f"{key} {read[server.type(key)](server, key)}" for key in server.scan_iter()
        )
