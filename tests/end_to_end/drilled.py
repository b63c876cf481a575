"""An installation that people run for a day: up, told of trouble, halted, killed part by part."""

import json
import os
import signal
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psutil
import redis

from alpha_oracle import calendar
from alpha_oracle.adapters.clock import pinned_clock
from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.prefect_server import prefect_url
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.migrate import upgrade
from alpha_oracle.adapters.postgres.reference import PostgresReference
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.synthetic.source import SyntheticBarSource
from alpha_oracle.config import SyntheticSettings
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.marketdata import imports
from alpha_oracle.risk.watchdogs import pipeline_deadline
from tests.end_to_end.api_clients import client
from tests.end_to_end.command_line import Answer, begin_process
from tests.end_to_end.telegram_desk import telegram_settings
from tests.end_to_end.trading_world import Rehearsal, a_signal
from tests.end_to_end.trading_world import first as first_soon
from tests.end_to_end.worlds import (
    HISTORY_ENDS,
    MARKET,
    NO_THRESHOLDS,
    SESSION,
    SYMBOLS,
    make_history,
)
from tests.peers.slack import SlackStandIn
from tests.peers.telegram import TelegramStandIn
from tests.ports import a_free_port

PATIENCE_SECONDS = 900
HOOK = "https://hooks.slack.com/services/T000/B000/hooksecret"


@dataclass(kw_only=True)
class Installation(Rehearsal):
    """Everything that `up` starts, on stores of its own, and the people it tells."""

    slack: SlackStandIn
    telegram: TelegramStandIn
    port: int = field(default_factory=a_free_port)
    ours: list = field(default_factory=list)

    @property
    def environment(self):
        told = {
            "HOME": self.home,
            "API__PORT": self.port,
            "DATA__SOURCE": "synthetic",
            **{f"DATA__SYNTHETIC__{name.upper()}": value for name, value in MARKET.items()},
            **NO_THRESHOLDS,
            "FEED__INTERVAL_SECONDS": 0.5,
            "ALERTS__MOST_PER_MINUTE": 60,
            "ALERTS__SLACK__WEBHOOK_URL": HOOK,
            "ALERTS__SLACK__BASE_URL": self.slack.url,
            **telegram_settings(self.telegram),
            **self.settings,
        }
        local = {"PREFECT_API_URL": "", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        return {f"ALPHA_ORACLE_{name}": str(value) for name, value in told.items()} | local

    @property
    def token(self):
        """The operator's token that the installation made for itself."""
        return (self.home / "api_token").read_text().strip()

    def ask(self, *arguments):
        with begin_process(self.environment, *arguments) as process:
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
        return Answer(code=process.returncode, out=out, err=err)

    def log(self, name):
        return self.home / "logs" / f"{name}.log"

    def starts(self):
        """Start everything as a person does."""
        up = self.ask("up")
        assert (up.code, up.err) == (0, ""), up.out
        assert self.are_well()

    def parts(self):
        """The rows of `status` by component."""
        answer = self.ask_here("status", "--json")
        rows = {row["component"]: row for row in answer.document}
        assert answer.code == (0 if all(row["healthy"] for row in rows.values()) else 1)
        return rows

    def are_well(self):
        """Whether every part is well."""
        return all(row["healthy"] for row in self.parts().values())

    def kill_part(self, name):
        """Kill a part the hard way, and wait until another is in its place and all is well."""
        pid = self.parts()[name]["pid"]
        os.kill(pid, signal.SIGKILL)
        first(lambda: self.parts()[name]["pid"] not in {None, pid} and self.are_well())

    @contextmanager
    def operator(self):
        """A caller of the API who may change things."""
        with client(f"http://127.0.0.1:{self.port}", self.token) as caller:
            yield caller

    @contextmanager
    def prefect(self):
        """A caller of the Prefect server."""
        with client(prefect_url(self.home), None) as caller:
            asker = str(uuid4())
            token = caller.get("csrf-token", params={"client": asker}).json()["token"]
            caller.headers.update({"Prefect-Csrf-Client": asker, "Prefect-Csrf-Token": token})
            yield caller

    def pause_the_schedule(self, deployment):
        """Let a deployment start nothing by itself, once it is to start something."""
        with self.prefect() as caller:
            found = caller.get(f"deployments/name/{deployment}").raise_for_status().json()
            chosen = {"deployments": {"id": {"any_": [found["id"]]}}}
            # A server that is busy says so, and is asked again.
            first(lambda: _answer(caller.post("flow_runs/count", json=chosen)))
            change = {"paused": True}
            first(lambda: caller.patch(f"deployments/{found['id']}", json=change).is_success)

    # What is traded.

    def published(self):
        """The signals that the pipeline put on the stream."""
        return [one for one in map(json.loads, self.stream()) if one["id"] not in self.ours]

    def outcomes(self, signals):
        """What became of each of some signals; None while one waits."""
        found = {row.signal_id: row for row in self.rows("SELECT * FROM signal_outcomes")}
        known = [found.get(one["id"]) for one in signals]
        return None if None in known else known

    def outcome_of(self, symbol):
        """What became of the signal of ours for a symbol, once that is known."""
        query = (
            "SELECT kind, reason FROM signal_outcomes JOIN signal_inbox USING (account, signal_id)"
            " WHERE symbol = :symbol"
        )
        return first(lambda: self.rows(query, symbol=symbol))[0]

    def quote(self, symbol):
        """The last price of a symbol; None until there is one."""
        told = self.redis_cli("HGET", f"feed:quote:{symbol}", "last_price")
        return float(told) if told else None

    def send_a_signal(self, *, off_by=1.0):
        """Signal a symbol that nobody has signalled, its reference off the market by a factor."""
        taken = {one["symbol"] for one in map(json.loads, self.stream())}
        symbol = min(set(SYMBOLS) - taken)
        price = first(lambda: self.quote(symbol)) * off_by
        ours = f"drill-{symbol}"
        self.ours.append(ours)
        self.announce(a_signal(symbol, price, on=SESSION, id=ours))
        return symbol

    def breakers(self):
        """The breakers that have tripped, by name, with what was measured; None: nobody knows."""
        with self.operator() as caller:
            accounts = caller.get("/api/risk/status").json()["accounts"]
        shown = [one for account in accounts for one in account["breakers"]]
        return {one["name"]: one["measured"] for one in shown if one["breached"]} if shown else None

    def working(self):
        """The orders that are neither at their end nor wait for a human."""
        waits = OrderStatus.AWAITING_APPROVAL
        return [one for one in self.book().orders if not one.is_final and one.status is not waits]

    def sent(self):
        """The ids of all orders that the broker was sent, one for each time."""
        return sorted(order.order_id for order in self.broker().orders)

    def book_and_broker_agree(self):
        """Hold the positions on record against the broker's."""
        held = Counter()
        for lot in self.book().lots:
            held[lot.symbol] += lot.quantity
        positions = self.broker().positions
        assert +held == Counter({name: one.quantity for name, one in positions.items()})

    def has_read_all_signals(self):
        """Whether the worker has taken in all that is on the stream."""
        with closing(redis.Redis.from_url(self.redis_url)) as caller:
            newest = caller.xinfo_stream("signals:stream")["last-generated-id"]
            (group,) = caller.xinfo_groups("signals:stream")
        return (group["last-delivered-id"], group["pending"]) == (newest, 0)

    def is_halted(self):
        """Whether the kill switch is active by both stores' word, and by HTTP too."""
        here = self.ask_here("kill", "status", "--json").document
        with self.operator() as caller:
            there = caller.get("/api/risk/kill-switch").json()
        return all(one["active"] and one["database"] and one["mirror"] for one in (here, there))

    @contextmanager
    def feed_that_says(self, **levels):
        """The feed stands still while the block runs, at these levels."""
        feed = psutil.Process(self.parts()["feed"]["pid"])
        feed.suspend()
        try:
            now = pinned_clock(self.home, start_at=datetime.now(UTC)).now().isoformat()
            for name, level in levels.items():
                told = ("last_price", level, "timestamp", now)
                self.redis_cli("HSET", f"feed:quote:{name}", *told)
            yield
        finally:
            feed.resume()

    # What people are told.

    def told(self, *words):
        """The newest message with all of these words, once Slack and Telegram have one."""
        return first(lambda: self._on_slack(words) if self._on_telegram(words) else None)

    def told_on_slack(self, *words):
        """As `told`, where Telegram has another."""
        return first(lambda: self._on_slack(words))

    def says(self, *words):
        """What the bot answers, once it does."""
        return first(lambda: self._on_telegram(words))

    def _on_slack(self, words):
        return _newest(self.slack_texts(), words)

    def _on_telegram(self, words):
        return _newest(self.telegram.texts, words)

    def slack_texts(self):
        """All texts that Slack has received."""
        return [json.loads(body)["text"] for _, _, body in tuple(self.slack.received)]

    def is_all_delivered(self):
        """Whether every alert is on record as delivered wherever it is to go."""
        waiting = "SELECT count(*) FROM alert_deliveries WHERE delivered_at IS NULL"
        return self.rows(waiting)[0][0] == 0

    def all_alerts(self):
        """The texts of all alerts on record."""
        return [text for (text,) in self.rows("SELECT text FROM alerts ORDER BY alert_id")]

    def told_otherwise_than_on_record(self):
        """Texts that a channel received more or less often than the record says."""
        query = "SELECT channel, text FROM alerts JOIN alert_deliveries USING (alert_id)"
        due = Counter((row.channel, row.text) for row in self.rows(query))
        heard = Counter(("slack", text) for text in self.slack_texts())
        plain = (text.replace("\N{WARNING SIGN}", ":warning:") for text in self.telegram.texts)
        heard += Counter(("telegram", text) for text in plain)
        others = {key for key in heard if key[0] == "telegram"} - due.keys()
        told = due.keys() | heard.keys() - others
        return {key: (due[key], heard[key]) for key in told if due[key] != heard[key]}


def _answer(response):
    return response.json() if response.is_success else None


def _newest(texts, words):
    found = [text for text in texts if all(word in text for word in words)]
    return found[-1] if found else None


def first(find):
    """Ask until there is something, with the patience of a machine that does much else."""
    return first_soon(find, seconds=PATIENCE_SECONDS)


def used_before(home, *, slack, telegram):
    """An installation that is down, with a history whose last session ran its pipeline in time."""
    with embedded_postgres(home).attached() as url:
        upgrade(url)
        make_history(url)
        at = pipeline_deadline(HISTORY_ENDS) - timedelta(minutes=45)
        with closing(open_database(url)) as database:
            runs = PostgresRuns(database)
            runs.begin(HISTORY_ENDS, as_of=at, settings={}, at=at)
            runs.finish(HISTORY_ENDS, summary={}, at=at)
            source = SyntheticBarSource(SyntheticSettings(**MARKET))
            known_at = calendar.decision_instant(HISTORY_ENDS)
            imports.import_sectors(
                source.sectors(through=HISTORY_ENDS), PostgresReference(database), at=known_at
            )
    return Installation(
        home=home,
        database_url=url,
        redis_url=embedded_redis(home).status().url,
        slack=slack,
        telegram=telegram,
    )
