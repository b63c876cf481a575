import io
import json
import logging
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import structlog

from alpha_oracle.telemetry import (
    REDACTED,
    configure_logging,
    disable_dependency_telemetry,
    redact,
    redact_text,
)


@pytest.fixture(autouse=True)
def logging_as_before():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def written(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /query?apikey=K3Y42&symbol=A", f"GET /query?apikey={REDACTED}&symbol=A"),
        ("postgresql://me:s3cret@db/x", f"postgresql://me:{REDACTED}@db/x"),
        ("redis://:pa@ss@cache:6379", f"redis://:{REDACTED}@cache:6379"),
        ("token: abc123, next", f"token: {REDACTED}, next"),
        ('{"password": "two words"}', f'{{"password": {REDACTED}}}'),
        ("Authorization Bearer abcdefgh12", f"Authorization Bearer {REDACTED}"),
        ("at https://hooks.slack.com/services/T0/B0/x1", f"at https://hooks.slack.com/{REDACTED}"),
        ("bot xoxb-12-34-abc failed", f"bot xox{REDACTED} failed"),
        (
            "https://api.telegram.org/bot12:AA-b/send",
            f"https://api.telegram.org/bot{REDACTED}/send",
        ),
        ("a plain text at 10:30, see http://h:80/x", "a plain text at 10:30, see http://h:80/x"),
    ],
    ids=lambda value: value[:20],
)
def test_a_text_loses_its_secrets_and_keeps_the_rest(text, clean):
    assert redact_text(text) == clean


def test_redacting_twice_changes_nothing():
    once = redact_text("apikey=K3Y42 password='x y' postgresql://me:s3cret@db/x")
    assert redact_text(once) == once


def test_values_under_telling_keys_are_redacted_at_any_depth():
    nested = {
        "slack": {"webhook_url": "http://h/1", "channel": "#a", "bot_token": None},
        "tokens": ["x"],
        "API_KEY": 5,
        "list": [{"db_password": "x"}, "apikey=abc"],
        "sessions": 3,
    }
    assert redact(nested) == {
        "slack": {"webhook_url": REDACTED, "channel": "#a", "bot_token": None},
        "tokens": REDACTED,
        "API_KEY": REDACTED,
        "list": [{"db_password": REDACTED}, f"apikey={REDACTED}"],
        "sessions": 3,
    }


def test_an_object_is_redacted_as_it_would_be_printed():
    assert redact(ValueError("password=abc")) == f"ValueError('password={REDACTED}')"


def test_an_event_is_one_json_line_with_its_facts():
    stream = io.StringIO()
    configure_logging(json=True, stream=stream)
    structlog.get_logger("alpha_oracle.test").info("bars_stored", session="2016-01-04", count=3)
    [line] = written(stream)
    assert (line["event"], line["session"], line["count"]) == ("bars_stored", "2016-01-04", 3)
    assert (line["level"], line["logger"]) == ("info", "alpha_oracle.test")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "logger_of", [structlog.get_logger, logging.getLogger], ids=["structlog", "standard-library"]
)
@pytest.mark.parametrize("as_json", [True, False], ids=["json", "console"])
def test_a_traceback_is_written_without_the_secret(as_json, logger_of):
    stream = io.StringIO()
    configure_logging(json=as_json, stream=stream)
    try:
        int("postgresql://me:s3cret@db/x")
    except ValueError:
        logger_of("alpha_oracle.test").exception("database_unreachable")
    assert "ValueError: invalid literal" in stream.getvalue()
    assert "s3cret" not in stream.getvalue()


def test_dates_numbers_and_paths_read_as_people_write_them():
    assert redact([date(2016, 1, 4), Decimal("1.50"), Path("/a")]) == ["2016-01-04", "1.50", "/a"]


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "console"])
def test_records_of_the_standard_library_take_the_same_way(as_json):
    stream = io.StringIO()
    configure_logging(json=as_json, stream=stream)
    logging.getLogger("vendor").warning("GET %s", "http://h/?apikey=K3Y42")
    assert f"apikey={REDACTED}" in stream.getvalue()
    assert "K3Y42" not in stream.getvalue()


def test_configuring_again_replaces_the_first_stream():
    first, second = io.StringIO(), io.StringIO()
    configure_logging(json=True, stream=first)
    configure_logging(json=True, stream=second)
    structlog.get_logger().info("once")
    assert first.getvalue() == ""
    assert [line["event"] for line in written(second)] == ["once"]


def test_events_below_the_level_are_left_out():
    stream = io.StringIO()
    configure_logging(json=True, level="WARNING", stream=stream)
    structlog.get_logger().info("too_fine")
    structlog.get_logger().warning("kept")
    assert [line["event"] for line in written(stream)] == ["kept"]


def test_dependency_telemetry_is_forced_off(monkeypatch):
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    disable_dependency_telemetry()
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_prefects_records_are_left_to_its_own_handlers():
    stream = io.StringIO()
    configure_logging(json=True, stream=stream)

    logging.getLogger("prefect.of_somebody").error("Finished in state Failed()")
    logging.getLogger("EventsWorker").warning("Failed to send")
    logging.getLogger("other").error("seen")

    assert "Failed" not in stream.getvalue()
    assert "seen" in stream.getvalue()


def test_records_below_the_level_are_not_shown_whatever_their_logger_lets_through():
    stream = io.StringIO()
    configure_logging(json=True, level="WARNING", stream=stream)
    chatty = logging.getLogger("chatty")
    chatty.setLevel("DEBUG")

    chatty.info("unheard")

    assert stream.getvalue() == ""
