from dataclasses import asdict
from datetime import UTC, datetime

import pytest

from alpha_oracle.config import Settings, load_settings, parse_decision_settings, parse_settings
from alpha_oracle.errors import ConfigurationError
from alpha_oracle.ml.recipe import BoosterTerms


def test_the_defaults_are_those_of_the_contract(tmp_path):
    settings = load_settings({}, folder=tmp_path)

    assert settings.home.name == ".alpha-oracle"
    assert settings.database.url is None
    assert settings.redis.url is None
    assert settings.data.source == "files"
    vendor, gateway = settings.data.alpha_vantage, settings.broker.ibkr
    assert (vendor.requests_per_minute, vendor.requests_per_day) == (5, 25)
    assert (gateway.host, gateway.port, gateway.client_id) == ("127.0.0.1", 4002, 1)
    assert gateway.account == ""
    assert settings.strategy.min_sharpe == 1.0
    assert settings.strategy.walk_forward.train_months == 24
    assert settings.execution.stop_before_close_minutes == 15
    model = settings.ml
    assert (model.horizon_days, model.up_threshold, model.down_threshold) == (5, 0.01, -0.01)
    assert (model.confidence_threshold, model.max_age_days) == (0.55, 14)


def test_the_defaults_of_trading_are_those_of_the_contract(tmp_path):
    settings = load_settings({}, folder=tmp_path)
    risk, router = settings.risk, settings.router

    assert risk.autonomy_mode == "PAPER_ONLY"
    assert (risk.position.max_position_pct, risk.position.max_sector_pct) == (5, 25)
    assert (risk.day_trading.regime, risk.day_trading.max_day_trades) == ("both", 3)
    assert risk.day_trading.window_business_days == 5
    assert risk.day_trading.equity_threshold == 25_000
    assert (risk.breakers.vix, risk.breakers.stale_seconds) == (35, 300)
    assert (risk.breakers.reconciliation_drift_pct, risk.breakers.dead_man_hours) == (1, 48)
    assert risk.kill_switch.cooldown_minutes == 60
    assert (router.small_adv_pct, router.large_adv_pct, router.wide_spread_bps) == (0.1, 1.0, 20)
    assert (router.twap_slices, router.twap_interval_seconds) == (5, 60)
    assert settings.execution.start_after_open_minutes == 5


@pytest.mark.parametrize(
    ("variable", "value", "key"),
    [
        ("ROUTER__SMALL_ADV_PCT", "2", "router"),
        ("RISK__AUTONOMY_MODE", "RECKLESS", "risk.autonomy_mode"),
        ("RISK__BREAKERS__DEAD_MAN_HOURS", "0", "risk.breakers.dead_man_hours"),
    ],
)
def test_a_setting_of_trading_that_makes_no_sense_is_refused_by_name(
    tmp_path, variable, value, key
):
    with pytest.raises(ConfigurationError, match=key):
        load_settings({f"ALPHA_ORACLE_{variable}": value}, folder=tmp_path)


def test_a_recipe_of_default_settings_is_the_default_one():
    booster = Settings().ml.booster.model_dump()
    assert booster == asdict(BoosterTerms())


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "alpha_oracle.toml").write_text(
        "[strategy]\nmin_sharpe = 0.5\nmin_profit_factor = 1.2\n"
    )

    settings = load_settings({"ALPHA_ORACLE_STRATEGY__MIN_SHARPE": "0.7"}, folder=tmp_path)

    assert settings.strategy.min_sharpe == 0.7
    assert settings.strategy.min_profit_factor == 1.2


@pytest.mark.parametrize("text", ["ibkr, files", '["ibkr", "files"]'])
def test_the_fallback_of_the_environment_is_a_list(tmp_path, text):
    environment = {"ALPHA_ORACLE_DATA__FALLBACK": text}
    assert load_settings(environment, folder=tmp_path).data.fallback == ("ibkr", "files")


def test_the_file_is_found_under_home(tmp_path):
    (tmp_path / "alpha_oracle.toml").write_text("[data]\nsource = 'synthetic'\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    settings = load_settings({"ALPHA_ORACLE_HOME": str(tmp_path)}, folder=elsewhere)

    assert settings.data.source == "synthetic"


def test_the_named_file_wins_over_the_current_folder(tmp_path):
    (tmp_path / "alpha_oracle.toml").write_text("[data]\nsource = 'synthetic'\n")
    named = tmp_path / "other.toml"
    named.write_text("[data]\nsource = 'files'\n")

    settings = load_settings({"ALPHA_ORACLE_CONFIG": str(named)}, folder=tmp_path)

    assert settings.data.source == "files"


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param(
            {"ALPHA_ORACLE_STRATEGY__MIN_SHARP": "1"},
            "unknown setting strategy.min_sharp (ALPHA_ORACLE_STRATEGY__MIN_SHARP)",
            id="misspelt key",
        ),
        pytest.param(
            {"ALPHA_ORACLE_COLOUR": "red"}, "unknown setting colour", id="unknown section"
        ),
        pytest.param(
            {"ALPHA_ORACLE_DATA__SOURCE": "bloomberg"}, "data.source", id="unknown source"
        ),
        pytest.param(
            {"ALPHA_ORACLE_RESEARCH__DASK__ADDRESS": "10.0.0.5"},
            "research.dask.address (ALPHA_ORACLE_RESEARCH__DASK__ADDRESS): must be that of a Dask",
            id="no port",
        ),
        pytest.param(
            {"ALPHA_ORACLE_STRATEGY__MIN_SHARPE": "high"}, "strategy.min_sharpe", id="no number"
        ),
        pytest.param(
            {"ALPHA_ORACLE_STRATEGY__WEIGHTS__SHARPE": "0.9"}, "weights sum to 1.6", id="weights"
        ),
        pytest.param(
            {"ALPHA_ORACLE_STRATEGY__MIN_SHARPE": "nan"}, "strategy.min_sharpe", id="not a number"
        ),
        pytest.param(
            {"ALPHA_ORACLE_RESEARCH__COSTS__IMPACT": "inf"}, "research.costs.impact", id="infinite"
        ),
        pytest.param(
            {"ALPHA_ORACLE_BROKER__SIMULATED__CASH": "1e25"},
            "broker.simulated.cash",
            id="more shares than a number holds",
        ),
        pytest.param(
            {"ALPHA_ORACLE_STRATEGY__WALK_FORWARD__STEP_MONTHS": "7"},
            "step_months 7 is above test_months 6",
            id="gaps between test windows",
        ),
        pytest.param(
            {"ALPHA_ORACLE_STRATEGY__WALK_FORWARD__TRAIN_MONTHS": "100000"},
            "strategy.walk_forward.train_months",
            id="longer than any calendar",
        ),
        pytest.param(
            {"ALPHA_ORACLE_ML__UP_THRESHOLD": "-0.01"}, "ml.up_threshold", id="falling is no rise"
        ),
        pytest.param(
            {"ALPHA_ORACLE_ML__BOOSTER__MAX_ROUNDS": "10"},
            "early_stopping_rounds 20 is above booster.max_rounds 10",
            id="a booster that never stops early",
        ),
        pytest.param(
            {"ALPHA_ORACLE_CLOCK__START_AT": "2016-06-01T21:00:00"}, "time zone", id="naive clock"
        ),
        pytest.param(
            {"ALPHA_ORACLE_CONFIG": "/nowhere/alpha_oracle.toml"}, "is no file", id="missing file"
        ),
        pytest.param(
            {"ALPHA_ORACLE_DATA": "files", "ALPHA_ORACLE_DATA__SOURCE": "files"},
            "already has a value",
            id="value and section",
        ),
    ],
)
def test_a_wrong_environment_is_refused_by_name(tmp_path, environment, message):
    with pytest.raises(ConfigurationError) as refusal:
        load_settings(environment, folder=tmp_path)

    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("colour = 'red'\n", "unknown setting colour", id="unknown key"),
        pytest.param("[strategy\n", "is no TOML", id="no TOML"),
        pytest.param("[data]\nbatch_size = 0\n", "data.batch_size", id="out of range"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, text, message):
    (tmp_path / "alpha_oracle.toml").write_text(text)

    with pytest.raises(ConfigurationError) as refusal:
        load_settings({}, folder=tmp_path)

    assert message in str(refusal.value)


def test_a_wrong_secret_is_refused_without_showing_it(tmp_path):
    environment = {"ALPHA_ORACLE_ALERTS__SLACK__BOT_TOKEN": "xoxb-secret"}

    with pytest.raises(ConfigurationError) as refusal:
        load_settings(environment, folder=tmp_path)

    assert "xoxb-secret" not in str(refusal.value)
    assert "go together" in str(refusal.value)


def test_the_rehearsal_clock_takes_an_instant(tmp_path):
    settings = load_settings(
        {"ALPHA_ORACLE_CLOCK__START_AT": "2016-06-01T21:00:00Z"}, folder=tmp_path
    )

    assert settings.clock.start_at == datetime(2016, 6, 1, 21, tzinfo=UTC)


def test_decision_inputs_hold_what_changes_a_decision_and_no_secret(tmp_path):
    settings = Settings()

    inputs = settings.decision_inputs()

    assert set(inputs) == {"strategy", "risk", "research", "execution", "ml", "capital_usd"}
    assert inputs["ml"] == {"confidence_threshold": 0.55, "max_age_days": 14}


def test_how_orders_are_watched_and_sent_is_no_part_of_what_is_decided(tmp_path):
    environment = {
        "ALPHA_ORACLE_RISK__AUTONOMY_MODE": "MANUAL_APPROVAL",
        "ALPHA_ORACLE_RISK__KILL_SWITCH__COOLDOWN_MINUTES": "5",
        "ALPHA_ORACLE_EXECUTION__RECONCILE_EVERY_MINUTES": "1",
        "ALPHA_ORACLE_ROUTER__TWAP_SLICES": "3",
    }
    assert load_settings(environment, folder=tmp_path).decision_inputs() == (
        Settings().decision_inputs()
    )


def test_settings_recorded_before_there_were_models_are_read_with_the_defaults():
    recorded = Settings().decision_inputs()
    del recorded["ml"]
    assert parse_decision_settings(recorded).model_dump(mode="json") == (
        Settings().decision_inputs()
    )


def test_who_computes_is_no_part_of_what_is_decided(tmp_path):
    environment = {
        "ALPHA_ORACLE_RESEARCH__TASK_RUNNER": "dask",
        "ALPHA_ORACLE_RESEARCH__DASK__ADDRESS": "tcp://10.0.0.5:8786",
    }
    settings = load_settings(environment, folder=tmp_path)
    assert settings.research.dask.address == "tcp://10.0.0.5:8786"
    assert settings.decision_inputs() == Settings().decision_inputs()


@pytest.mark.parametrize("chat_id", [-1001234567890, "-1001234567890", "@trading_desk"], ids=repr)
def test_a_telegram_chat_is_a_number_or_a_name(chat_id):
    told = {"bot_token": "123456789:AAE-very_secret", "chat_id": chat_id}
    settings = Settings.model_validate({"alerts": {"telegram": told}})
    assert settings.alerts.telegram.chat_id == str(chat_id)


@pytest.mark.parametrize(
    ("telegram", "problem"),
    [
        ({"bot_token": "123456789:AAE-very_secret"}, "go together"),
        ({"chat_id": "1"}, "go together"),
        ({"bot_token": "123456789/../very-secret", "chat_id": "1"}, "as BotFather gave it"),
        ({"bot_token": "123456789:AAE-very_secret", "chat_id": "my chat"}, "chat_id"),
    ],
    ids=["no chat", "no token", "no token at all", "no chat at all"],
)
def test_a_telegram_that_cannot_work_is_refused_without_showing_its_token(telegram, problem):
    with pytest.raises(ConfigurationError, match=problem) as refused:
        parse_settings({"alerts": {"telegram": telegram}}, origin="a file")
    assert "secret" not in str(refused.value)


def test_who_may_halt_by_telegram_is_listed_by_number_and_nobody_is_by_itself():
    assert Settings().alerts.telegram.operators == ()
    read = load_settings({"ALPHA_ORACLE_ALERTS__TELEGRAM__OPERATORS": "[42, 43]"})
    assert read.alerts.telegram.operators == (42, 43)
    with pytest.raises(ConfigurationError, match="operators"):
        load_settings({"ALPHA_ORACLE_ALERTS__TELEGRAM__OPERATORS": '["@jane"]'})
