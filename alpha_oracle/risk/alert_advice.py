"""What to do about each kind of alert: one line that a person can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESUME: Final = (
    "`alpha-oracle kill resume` lets trading go on after the cool-down, once book and broker agree"
)
_INTEGRITY: Final = (
    "the kill switch is active. Hold orders and positions at the broker against "
    "`alpha-oracle orders` and `alpha-oracle reconcile show`; `alpha-oracle reconcile accept` "
    f"takes the broker's truth into the book. Then {_RESUME}"
)
_RECONCILE: Final = (
    "`alpha-oracle reconcile show` names the symbols; import a corporate action that is missing, "
    "or `alpha-oracle reconcile accept` takes the broker's truth into the book"
)
_LIMIT: Final = (
    "entries that would add to it are refused; nothing is sold for it. `alpha-oracle positions` "
    "shows what is held"
)
_HALTED: Final = "entries are halted until it is back within its bound; exits go on"
_AWAY: Final = "check that it runs; `alpha-oracle doctor` says what is wrong and how to mend it"

_ADVICE: Final[Mapping[str, str]] = {
    "kill_switch": f"find out why; {_RESUME}",
    "orders_still_working": "cancel them at the broker yourself, in TWS or by phone",
    "record_unwritable": f"mend Postgres: its log says what it refused; then {_RESUME}",
    "unknown_order": _INTEGRITY,
    "integrity": _INTEGRITY,
    "overfill": _INTEGRITY,
    "sold_more_than_held": _INTEGRITY,
    "fill_of_no_working_order": _INTEGRITY,
    "contradicting_execution": _INTEGRITY,
    "reconciliation_mismatch": _RECONCILE,
    "reconciliation_drift": f"{_HALTED}. {_RECONCILE}",
    "cash_difference": (
        "a deposit, a withdrawal, a fee or interest? `alpha-oracle risk transfer USD` puts a "
        "transfer on record"
    ),
    "foreign_orders": "they are left alone; cancel them at the broker if nobody wants them",
    "executions_not_told": _RECONCILE,
    "order_not_found": _RECONCILE,
    "exit_failed": (
        "sell at the broker by hand if it must not wait, then `alpha-oracle reconcile accept`"
    ),
    "portfolio_drawdown": (
        f"{_HALTED}; `alpha-oracle risk reset-peak` takes today's equity as the new peak"
    ),
    "portfolio_daily_loss": "entries are halted until the next session; exits go on",
    "vix": f"{_HALTED}. Nothing to do but wait, or to hold positions against the market",
    "stale_data": f"{_HALTED}. See `alpha-oracle status`: does the feed run, is its gateway up?",
    "stale_quote": "orders for it wait, or are refused; `alpha-oracle status`: does the feed run?",
    "dead_man": (
        "nobody has been seen for too long: any command that changes something, such as "
        "`POST /api/heartbeat`, shows that somebody is there"
    ),
    "position_limit": _LIMIT,
    "sector_limit": _LIMIT,
    "cash_reserve": _LIMIT,
    "max_positions": _LIMIT,
    "max_trades_per_day": "no more entries today; exits go on",
    "broker_away": f"{_AWAY}. For Interactive Brokers: does the gateway run, is it logged in?",
    "store_away": _AWAY,
    "bus_away": _AWAY,
    "pipeline_missed": (
        "see the run in the Prefect UI, mend the cause, then `alpha-oracle pipeline --date` that "
        "session; it fetches only what is missing"
    ),
    "worker_silent": (
        "`alpha-oracle status` and logs/worker.log; kill one that hangs, it goes on from the record"
    ),
    "process_down": (
        "`alpha-oracle status` and its log under logs; `alpha-oracle up` starts again what ends"
    ),
    "process_ended": (
        "nothing, where `alpha-oracle status` shows it as running; its log under logs says why it "
        "ended"
    ),
    "chat_unserved": (
        "logs/watch.log says why: Telegram does not answer, refuses the token, or another program "
        "reads the bot's updates. `alpha-oracle kill activate` halts meanwhile"
    ),
    "flow_run_dead": (
        "cancel it in the Prefect UI and run it again; what is stored is not fetched again and no "
        "signal is announced twice"
    ),
    "intraday_margin_deficit": "deposit or sell by the close it names",
    "malformed_signals": "whoever publishes on `signals` is to be mended; nothing was traded",
    "corporate_action_left_out": "import the action with `alpha-oracle import actions FILE`",
    "late_corporate_action": "hold the position against the broker: `alpha-oracle reconcile show`",
    "close_unknown": "import the missing bars: `alpha-oracle import bars PATH`",
    "order_rejected:risk": "nothing, if the reason is as it should be; `alpha-oracle orders`",
    "order_rejected:broker": "see what the broker means by it; it is not sent again",
    "order_rejected:system": "`alpha-oracle orders` shows what became of it; it is not sent again",
    "unreadable_event": "look at the newest rows of the table `outbox`; this is a defect",
}
_ELSE: Final = "`alpha-oracle status` shows what runs, `alpha-oracle doctor` what to mend"


def next_step(kind: str) -> str:
    """Return what to do about a kind of alert."""
    return _ADVICE.get(kind, _ELSE)
