"""What trading is decided by is what the settings say."""

from dataclasses import fields
from datetime import timedelta
from decimal import Decimal

import pytest

from alpha_oracle.bootstrap.simulated import matching_rules
from alpha_oracle.bootstrap.trading_rules import risk_bounds, trading_rules
from alpha_oracle.config import Settings
from tests.trading import bounds


def test_the_default_settings_are_the_bounds_of_the_specification():
    found, expected = risk_bounds(Settings()), bounds()
    for field in fields(expected):
        assert getattr(found, field.name) == getattr(expected, field.name), field.name


def test_every_setting_of_a_bound_changes_that_bound_alone():
    told = {
        ("risk", "position", "max_position_pct"): 1.5,
        ("risk", "position", "max_sector_pct"): 11.5,
        ("risk", "position", "min_price"): 2.5,
        ("risk", "portfolio", "max_drawdown_pct"): 12.5,
        ("risk", "portfolio", "max_daily_loss_pct"): 4.5,
        ("risk", "portfolio", "max_positions"): 21,
        ("risk", "portfolio", "max_trades_per_day"): 51,
        ("risk", "portfolio", "min_cash_pct"): 9.5,
        ("risk", "day_trading", "regime"): "cash",
        ("risk", "day_trading", "max_day_trades"): 2,
        ("risk", "day_trading", "equity_threshold"): 26_000.5,
        ("risk", "day_trading", "margin_buffer_pct"): 6.5,
        ("risk", "breakers", "vix"): 36.5,
        ("risk", "breakers", "stale_seconds"): 299.5,
        ("risk", "breakers", "reconciliation_drift_pct"): 1.5,
        ("risk", "breakers", "dead_man_hours"): 47.5,
        ("risk", "fat_finger", "price_collar_pct"): 3.5,
        ("risk", "fat_finger", "max_reference_distance_pct"): 2.5,
        ("risk", "fat_finger", "max_adv_pct"): 1.5,
        ("risk", "fat_finger", "max_orders_per_second"): 6,
        ("risk", "fat_finger", "max_orders_per_minute"): 31,
        ("risk", "full_autonomy_above"): 24_000.5,
        ("research", "costs", "slippage_bps"): 1.0,
        ("research", "costs", "schedule"): "free",
    }
    seen = []
    for path, value in told.items():
        tree = value
        for key in reversed(path):
            tree = {key: tree}
        found, usual = risk_bounds(Settings.model_validate(tree)), risk_bounds(Settings())
        changed = [
            field.name
            for field in fields(found)
            if getattr(found, field.name) != getattr(usual, field.name)
        ]
        assert len(changed) == (path[-1] != "slippage_bps"), (path, changed)
        seen += changed
        if changed and changed != ["commission"]:
            assert getattr(found, changed[0]) == (
                Decimal(str(value)) if isinstance(value, float) else value
            )
    assert sorted(seen) == sorted(field.name for field in fields(bounds()))


def test_routing_and_reconciling_are_as_set():
    settings = Settings.model_validate(
        {
            "router": {"small_adv_pct": 0.2, "twap_slices": 3, "fresh_quote_seconds": 4},
            "execution": {"reconcile_every_minutes": 7, "start_after_open_minutes": 1},
            "risk": {"autonomy_mode": "MANUAL_APPROVAL", "kill_switch": {"cooldown_minutes": 9}},
        }
    )
    rules = trading_rules(settings)
    assert rules.router.small_adv_pct == Decimal("0.2")
    assert rules.router.fresh_seconds == 4
    assert rules.twap_slices == 3
    assert rules.reconcile_every == timedelta(minutes=7)
    assert rules.window.start_after_open_minutes == 1
    assert rules.mode == "MANUAL_APPROVAL"
    assert rules.kill_switch.cooldown_minutes == 9


@pytest.mark.parametrize(
    ("slices", "interval_seconds", "minutes"),
    [(5, 60, 5), (10, 60, 10), (4, 240, 16), (2, 30, 5)],
    ids=["the settings' own", "more slices", "longer intervals", "a short one"],
)
def test_entries_wait_as_long_as_a_sale_in_slices_takes_and_five_minutes_at_least(
    slices, interval_seconds, minutes
):
    told = {"twap_slices": slices, "twap_interval_seconds": interval_seconds}

    rules = trading_rules(Settings.model_validate({"router": told}))

    assert rules.entry_patience == timedelta(minutes=minutes)


def test_the_simulated_broker_charges_what_entries_are_sized_with():
    settings = Settings()
    commission = risk_bounds(settings).commission
    charged = matching_rules(settings).commission(100, Decimal(50))
    assert charged == max(100 * commission.per_share, commission.minimum) == 1
