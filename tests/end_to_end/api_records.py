"""One of everything that the API tells, on record."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import redis

from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.adapters.postgres.rankings import PostgresRankings
from alpha_oracle.adapters.postgres.signals import PostgresSignals
from alpha_oracle.adapters.redis.connection import RedisConnection
from alpha_oracle.adapters.redis.risk_board import RedisRiskBoard
from alpha_oracle.domain.orders import OrderStatus
from alpha_oracle.domain.ranking import PerformanceMetrics, RankEvidence, StrategyRank
from alpha_oracle.domain.trading_records import Arrivals, Change
from tests.builders import a_signal
from tests.contracts import trading_values as values
from tests.contracts.model_values import SESSION, a_record
from tests.trading import an_order

METRICS = PerformanceMetrics(
    sessions=504,
    trades=120,
    total_return_pct=31.25,
    sharpe=1.1,
    sortino=1.7,
    max_drawdown_pct=12.5,
    profit_factor=None,
    win_rate=0.55,
    avg_win_loss_ratio=1.25,
    exposure_pct=40.0,
    turnover=3.5,
    costs_usd=12.25,
)
EVIDENCE = RankEvidence(
    sharpe_low=-0.1,
    sharpe_high=2.0,
    deflated_sharpe=0.9,
    trials=12,
    coverage_pct=99.5,
    benchmark_return_pct=None,
    alpha_pct=1.5,
    beta=0.5,
)


def a_rank(rank=1, **changes):
    """A strategy that may trade, with its evidence."""
    ordinary = {
        "session": SESSION,
        "rank": rank,
        "strategy": "MomentumStrategy",
        "composite": 0.5,
        "consistency": 0.9,
        "windows": 8,
        "metrics": METRICS,
        "refusals": (),
        "parameters": {"lookback": 20, "is_strict": True, "kind": "plain"},
        "evidence": EVIDENCE,
    }
    return StrategyRank(**ordinary | changes)


def put_research_on_record(database_url):
    """Let a pipeline have run and a model have been trained."""
    with closing(open_database(database_url)) as database:
        PostgresSignals(database).save([a_signal()], at=datetime.now(UTC))
        ranks = [a_rank(), a_rank(2, strategy="BreakoutStrategy", evidence=None, refusals=("no",))]
        PostgresRankings(database).save(ranks, at=datetime.now(UTC))
        PostgresModels(database).register(a_record())


def put_trading_on_record(store):
    """Let a worker have traded: an order executed, one that waits for a human, a holding."""
    _commit(store, "opened", state=values.a_state())
    arrivals = Arrivals(
        signals=(values.a_received_signal(),), malformed=(values.a_malformed_signal(),)
    )
    store.take_in(values.ACCOUNT, arrivals, at=values.a_state().at)
    _commit(store, "ordered", orders=(an_order(),), outcomes=(values.ordered(),))
    events = (values.submitted(), values.executed(values.a_fill(commission=Decimal("1.0"))))
    _commit(
        store,
        "traded",
        events=tuple(("order-1", event) for event in events),
        cascade_runs=(values.a_cascade_run(),),
        day_trade_decisions=(values.a_day_trade_decision(),),
        qualities=(values.a_quality(),),
        lots=(values.a_lot(),),
    )
    waiting = an_order(order_id="order-2", status=OrderStatus.AWAITING_APPROVAL)
    approval = values.an_approval("order-2", expires_at=datetime.now(UTC) + timedelta(hours=1))
    _commit(store, "asked", orders=(waiting,), approvals=(approval,))


def put_measurements_on_record(redis_url):
    """Let a worker have measured its limits, and a feed have told a price."""
    reading = {"name": "vix", "measured": 20.5, "bound": 35.0, "breached": False, "reason": ""}
    document = {
        "account": values.ACCOUNT,
        "at": datetime.now(UTC).isoformat(),
        "session": "2016-06-02",
        "mode": "PAPER_ONLY",
        "link": None,
        "breakers": [reading],
        "limits": [reading | {"name": "drawdown", "measured": None, "reason": "no equity"}],
    }
    with closing(RedisConnection(redis_url)) as connection:
        RedisRiskBoard(connection).publish(values.ACCOUNT, document)
    quote = {"bid_price": 99, "ask_price": 101, "timestamp": document["at"]}
    with closing(redis.Redis.from_url(redis_url)) as server:
        server.hset("feed:quote:AAA", mapping=quote)


def _commit(store, change_id, **parts):
    at = values.a_state().at
    store.commit(Change(change_id=change_id, account=values.ACCOUNT, at=at, **parts), sends=True)
