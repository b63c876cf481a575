"""What the operators' bot works with, wired."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle.adapters.alerts.telegram_chat import TelegramChat
from alpha_oracle.adapters.postgres.operator_chat import PostgresChatRecord
from alpha_oracle.adapters.postgres.runs import PostgresRuns
from alpha_oracle.adapters.postgres.watchdogs import PostgresWatchRecord
from alpha_oracle.adapters.redis.quotes import RedisQuoteBoard
from alpha_oracle.adapters.redis.risk_board import RedisRiskBoard
from alpha_oracle.bootstrap.operating import operations_on
from alpha_oracle.bootstrap.overview import Overview
from alpha_oracle.bootstrap.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from alpha_oracle.bootstrap.operating import Operations
    from alpha_oracle.bootstrap.watch import Watch
    from alpha_oracle.ports.operator_chat import Bot, ChatRecord, OperatorChat
    from alpha_oracle.ports.risk_board import RiskBoard
    from alpha_oracle.ports.runs import RunStore

NOBODY: Final = "telegram"
SEALS: Final = b"alpha-oracle: buttons under orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatServices:
    """Everything the bot reads and does; `seal_key` is known to nobody without the bot's token."""

    chat: OperatorChat
    operators: frozenset[int]
    seal_key: bytes
    operations: Operations
    overview: Overview
    risk_board: RiskBoard
    runs: RunStore
    record_of: Callable[[Bot], ChatRecord]
    teller: Teller
    ending: Event

    def operations_of(self, name: str) -> Operations:
        """Return what a person of this name can do."""
        return replace(self.operations, by=name)

    def measurements(self) -> list[dict[str, Any]]:
        """Return what was measured last of each account."""
        accounts = self.operations.records.accounts()
        found = (self.risk_board.read(account) for account in accounts)
        return [one for one in found if one is not None]


def chat_services(watch: Watch) -> ChatServices | None:
    """Return what the settings' bot works with; None where nobody may ask it anything."""
    settings = watch.settings
    telegram = settings.alerts.telegram
    if telegram.bot_token is None or telegram.chat_id is None or not telegram.operators:
        return None
    token = telegram.bot_token.get_secret_value()
    database, redis = watch.stores.database, watch.stores.redis
    operations = operations_on(settings, database, redis, by=NOBODY)
    chat = TelegramChat(token=token, chat_id=telegram.chat_id, base_url=telegram.base_url)
    return ChatServices(
        chat=chat,
        operators=frozenset(telegram.operators),
        seal_key=hmac.new(token.encode(), SEALS, hashlib.sha256).digest(),
        operations=operations,
        overview=Overview(
            records=operations.records,
            board=RedisQuoteBoard(redis, clock=operations.clock),
            clock=operations.clock,
            window_sessions=settings.risk.day_trading.window_business_days,
        ),
        risk_board=RedisRiskBoard(redis),
        runs=PostgresRuns(database),
        record_of=lambda bot: PostgresChatRecord(database, bot_id=bot.bot_id, chat=chat.name),
        teller=Teller(
            PostgresWatchRecord(database),
            operations.clock,
            # The watch over the stores tells where they are away.
            is_recordable=lambda: True,
            say=lambda _alert: False,
        ),
        ending=watch.ending,
    )
