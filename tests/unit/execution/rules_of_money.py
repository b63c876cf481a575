"""Where each rule of money and each reason of a rejection is shown: by file, its tests."""

from __future__ import annotations

from typing import Final

COMMANDS: Final = "tests/end_to_end/test_cli_operating.py"
ENGINE: Final = "tests/unit/execution/test_engine.py"
ASKED_EXITS: Final = "tests/unit/execution/test_engine_exit_approvals.py"
EXITS: Final = "tests/unit/execution/test_engine_exits.py"
FOLLOWING: Final = "tests/unit/execution/test_engine_following.py"
REPRICING: Final = "tests/unit/execution/test_engine_repricing.py"
SESSIONS: Final = "tests/unit/execution/test_engine_sessions.py"
TWAP: Final = "tests/unit/execution/test_engine_twap.py"
INBOX: Final = "tests/unit/execution/test_inbox_rules.py"
QUALITY: Final = "tests/unit/execution/test_quality.py"
RECONCILIATION: Final = "tests/unit/execution/test_reconciliation.py"
IN_A_DAY: Final = "tests/unit/execution/test_rules_of_money_in_a_day.py"
REFUSALS: Final = "tests/unit/execution/test_rules_of_money_refusals.py"
SIMULATOR: Final = "tests/unit/research/test_simulator_limits.py"
WALK_FORWARD: Final = "tests/unit/research/test_walk_forward.py"
AUTONOMY: Final = "tests/unit/risk/test_autonomy.py"
BREAKERS: Final = "tests/unit/risk/test_circuit_breakers.py"
DAY_TRADES: Final = "tests/unit/risk/test_day_trades.py"
SWITCH: Final = "tests/unit/risk/test_kill_switch.py"
GUARD: Final = "tests/unit/risk/test_pdt_guard.py"
MONITOR: Final = "tests/unit/risk/test_portfolio_monitor.py"
POSITIONS: Final = "tests/unit/risk/test_position_limits.py"
CASCADE: Final = "tests/unit/risk/test_pre_trade.py"

RULES: Final[dict[int, dict[str, tuple[str, ...]]]] = {
    1: {
        IN_A_DAY: ("test_rule_1_a_wish_to_leave_sells_the_own_lot_and_limits_count_both",),
        EXITS: ("test_a_lot_is_sold_at_the_end_of_its_longest_hold",),
    },
    2: {
        IN_A_DAY: (
            "test_rule_2_a_strategy_below_its_thresholds_still_leaves_and_no_longer_enters",
        ),
    },
    3: {
        EXITS: ("test_exits_come_before_entries",),
        INBOX: ("test_work_goes_to_the_best_whatever_arrived_first",),
        ENGINE: ("test_the_best_entry_takes_the_only_slot_whichever_came_first",),
    },
    4: {
        IN_A_DAY: ("test_rule_4_the_statistics_of_a_signal_size_its_order",),
        WALK_FORWARD: ("test_a_test_window_is_sized_by_what_its_train_window_closed",),
    },
    5: {
        IN_A_DAY: ("test_rule_5_an_order_is_sized_at_the_first_price_of_the_session_it_trades_in",),
        SIMULATOR: ("test_a_session_that_opens_at_a_loss_over_its_bounds_buys_nothing",),
    },
    6: {
        IN_A_DAY: ("test_rule_6_paper_trades_the_book_paper_and_every_event_says_so",),
    },
    7: {
        GUARD: (
            "test_an_entry_needs_a_day_trade_left_and_nothing_uncertain",
            "test_a_same_session_round_trip_of_a_strategy_is_rejected",
            "test_a_protective_exit_of_today_uses_a_day_trade_or_asks_a_human",
        ),
    },
    8: {
        IN_A_DAY: ("test_rule_8_an_exit_passes_what_refuses_every_entry",),
        EXITS: (
            "test_the_kill_switch_holds_an_exit_back_until_trading_goes_on",
            "test_an_exit_waits_for_its_quote_however_long",
        ),
        REPRICING: ("test_a_sale_that_nobody_bids_for_goes_after_a_minute_at_what_is_bid",),
        ASKED_EXITS: ("test_an_exit_approved_at_a_limit_is_sent_on_a_delayed_quote",),
        CASCADE: ("test_exits_are_held_back_by_few_checks",),
    },
    9: {
        CASCADE: ("test_every_entry_is_refused_for_each_fact_that_is_unknown",),
        ENGINE: ("test_what_adds_risk_is_refused_for_an_unknown_fact_which_is_named",),
    },
    10: {
        IN_A_DAY: (
            "test_rule_10_who_asks_a_human",
            "test_rule_10_a_paper_account_at_a_real_broker_is_not_live",
        ),
    },
    11: {
        IN_A_DAY: ("test_rule_11_a_day_counts_the_order_and_not_its_slices",),
        TWAP: (
            "test_five_slices_a_minute_apart_fill_the_order_and_the_parent_alone_is_told",
            "test_the_cascade_runs_for_each_slice",
        ),
    },
    12: {
        FOLLOWING: (
            "test_an_order_without_an_answer_is_unknown_and_never_sent_again",
            "test_an_unknown_order_that_a_complete_answer_lacks_is_rejected_by_the_system",
        ),
    },
    13: {
        MONITOR: ("test_a_breach_is_told_by_its_severity",),
        FOLLOWING: (
            "test_an_order_of_ours_that_no_record_has_throws_the_kill_switch",
            "test_two_living_orders_of_one_reference_throw_the_kill_switch",
            "test_orders_and_executions_of_other_clients_are_left_alone",
        ),
    },
    14: {
        IN_A_DAY: ("test_rule_14_a_mismatch_alerts_and_below_one_percent_halts_nothing",),
        REFUSALS: ("test_broker_positions_that_drift_above_a_hundredth_reject",),
        RECONCILIATION: (
            "test_drift_is_the_sum_of_what_differs_at_its_price_over_the_smaller_equity",
        ),
        SESSIONS: ("test_a_deposit_moves_cash_peak_and_the_days_base_and_no_profit",),
    },
    15: {
        IN_A_DAY: (
            "test_rule_15_the_days_loss_counts_from_the_close_before_and_halts_entries_alone",
        ),
    },
    16: {
        REFUSALS: ("test_an_operator_gone_for_48_hours_rejects",),
        BREAKERS: ("test_only_hours_on_days_with_a_session_count",),
        COMMANDS: (
            "test_what_an_operator_changes_counts_as_being_there_and_what_he_reads_does_not",
        ),
    },
    17: {
        SWITCH: (
            "test_the_switch_is_active_unless_both_stores_say_otherwise",
            "test_a_resume_is_refused_while_cooling_down",
            "test_a_resume_is_refused_while_book_and_broker_are_not_known_to_agree",
        ),
    },
    18: {
        QUALITY: (
            "test_a_purchase_is_measured_by_hand_worked_figures",
            "test_a_sale_above_its_prices_is_better_and_so_below_zero",
        ),
    },
    19: {
        IN_A_DAY: ("test_rule_19_a_stored_close_stands_in_for_a_quote_one_session_and_no_longer",),
        BREAKERS: ("test_the_index_is_the_live_quote_else_the_latest_stored_close",),
    },
    20: {
        DAY_TRADES: (
            "test_day_trades_are_counted_by_the_examples_of_the_rule",
            "test_two_strategies_make_a_day_trade_together",
        ),
    },
}

REASONS: Final[dict[str, tuple[str, str]]] = {
    "kill switch active": (REFUSALS, "test_kill_switch_active_rejects"),
    "VIX above 35": (REFUSALS, "test_vix_above_35_rejects"),
    "data older than 5 minutes": (
        REFUSALS,
        "test_data_older_than_five_minutes_rejects_what_it_kept_waiting_to_the_end",
    ),
    "positions differ by more than 1 %": (
        REFUSALS,
        "test_broker_positions_that_drift_above_a_hundredth_reject",
    ),
    "no activity for 48 hours": (REFUSALS, "test_an_operator_gone_for_48_hours_rejects"),
    "3 day trades in 5 business days": (REFUSALS, "test_no_day_trade_left_rejects"),
    "same-day round trip": (
        EXITS,
        "test_a_round_trip_in_one_session_is_refused_once_on_record_however_often_it_is_tried",
    ),
    "uncertain (PDT)": (GUARD, "test_a_disagreement_says_what_both_count"),
    "5 % a position": (REFUSALS, "test_a_position_at_five_percent_rejects"),
    "25 % a sector": (REFUSALS, "test_a_sector_at_its_share_rejects"),
    "stock price below 5": (REFUSALS, "test_a_price_below_five_dollars_rejects"),
    "no leverage": (POSITIONS, "test_cash_alone_pays"),
    "10 % drawdown, 3 % daily loss": (REFUSALS, "test_a_loss_past_its_bound_rejects"),
    "20 positions, 50 trades a day": (REFUSALS, "test_a_number_that_is_reached_rejects"),
    "10 % cash reserve": (REFUSALS, "test_cash_down_to_the_reserve_rejects"),
    "PAPER_ONLY reaches no broker": (AUTONOMY, "test_paper_only_never_reaches_a_real_broker"),
    "MANUAL_APPROVAL refused": (REFUSALS, "test_a_human_who_says_no_rejects"),
    "half Kelly of 0 or less": (REFUSALS, "test_half_kelly_of_nothing_rejects"),
    "strategy below its thresholds": (REFUSALS, "test_a_strategy_below_its_thresholds_rejects"),
    "rejected by the broker": (REFUSALS, "test_a_broker_that_says_no_rejects"),
    "expired": (REFUSALS, "test_a_signal_whose_time_is_over_is_rejected_by_the_system"),
}
