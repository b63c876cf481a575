import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpha_oracle import calendar
from alpha_oracle.domain.orders import Hold
from alpha_oracle.domain.received_signals import WinStatistics
from alpha_oracle.domain.signals import Direction, encode
from alpha_oracle.errors import MalformedSignal
from alpha_oracle.execution.signal_documents import MAX_BYTES, parse_signal_document
from tests.builders import a_signal
from tests.unit.execution.positions import EXECUTION_WINDOW

NOW = datetime(2024, 1, 9, 15, 0, tzinfo=UTC)
MONDAY, TUESDAY = date(2024, 1, 8), date(2024, 1, 9)

SIX = {
    "event": "signal:generated",
    "symbol": "AAPL",
    "direction": "LONG",
    "strength": 0.82,
    "strategy": "MLSignalStrategy",
    "timestamp": "2024-01-09T10:30:00Z",
}
WHOLE = SIX | {
    "id": "a1",
    "session": "2024-01-08",
    "expires_at": "2024-01-09T20:45:00Z",
    "min_hold_days": 3,
    "max_hold_days": 10,
    "reference_price": 185.01,
    "win_rate": 0.55,
    "avg_win_loss_ratio": 1.5,
}


def parsed(document):
    text = document if isinstance(document, str) else json.dumps(document)
    return parse_signal_document(text, received_at=NOW, window=EXECUTION_WINDOW)


@pytest.mark.parametrize("direction", list(Direction))
def test_what_research_publishes_is_read_as_it_was_decided(direction):
    signal = a_signal(
        session=MONDAY,
        direction=direction,
        symbol="BRK.B",
        decided_at=calendar.decision_instant(MONDAY),
        expires_at=EXECUTION_WINDOW.end(TUESDAY),
    )

    received = parsed(encode(signal))

    assert received.signal_id == signal.signal_id
    assert received.session == signal.session
    assert received.strategy == signal.strategy
    assert received.symbol == "BRK.B"
    assert received.direction is direction
    assert received.strength == signal.strength
    assert received.decided_at == signal.decided_at
    assert received.expires_at == signal.expires_at
    assert received.hold == Hold(min_days=2, max_days=20)
    assert received.reference_price == 100
    assert received.statistics == WinStatistics(
        win_rate=Decimal("0.55"), avg_win_loss_ratio=Decimal("1.5")
    )


def test_six_fields_are_enough():
    received = parsed(SIX)

    assert received.session == MONDAY
    assert received.expires_at == EXECUTION_WINDOW.end(TUESDAY)
    assert (received.hold, received.reference_price, received.statistics) == (None, None, None)


def test_a_signal_of_six_fields_has_the_id_research_would_give_it():
    signal = a_signal(session=MONDAY, strategy="MLSignalStrategy", symbol="AAPL")

    assert parsed(SIX).signal_id == signal.signal_id


def test_fields_nobody_knows_are_left_alone():
    assert parsed(SIX | {"colour": "green"}) == parsed(SIX)


@pytest.mark.parametrize(
    ("timestamp", "session", "expires"),
    [
        pytest.param("2024-01-08T21:00:00Z", MONDAY, TUESDAY, id="at a close"),
        pytest.param("2024-01-08T20:59:00Z", date(2024, 1, 5), TUESDAY, id="after a window"),
        pytest.param("2024-01-08T20:44:59Z", date(2024, 1, 5), MONDAY, id="in a window"),
        pytest.param("2024-01-08T14:00:00Z", date(2024, 1, 5), MONDAY, id="before an open"),
        pytest.param("2024-01-06T12:00:00Z", date(2024, 1, 5), MONDAY, id="on a Saturday"),
        pytest.param("2024-01-08T22:30:00-05:00", MONDAY, TUESDAY, id="another zone"),
    ],
)
def test_session_and_expiry_follow_from_the_time_of_a_signal(timestamp, session, expires):
    received = parsed(SIX | {"timestamp": timestamp})

    assert received.session == session
    assert received.expires_at == EXECUTION_WINDOW.end(expires)


@pytest.mark.parametrize(
    ("changes", "expires"),
    [
        pytest.param({"expires_at": "2025-01-09T20:45:00Z"}, TUESDAY, id="in a year"),
        pytest.param({"session": "2024-01-05"}, MONDAY, id="of an older session"),
        pytest.param({"session": "2024-01-05", "expires_at": None}, MONDAY, id="without an end"),
    ],
)
def test_no_signal_waits_beyond_the_window_after_its_session(changes, expires):
    assert parsed(WHOLE | changes).expires_at == EXECUTION_WINDOW.end(expires)


def test_a_signal_may_expire_before_its_window_ends():
    sooner = parsed(WHOLE | {"expires_at": "2024-01-09T16:00:00Z"})

    assert sooner.expires_at == datetime(2024, 1, 9, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("told", ["2025-01-09T20:45:00Z", None], ids=["in a year", "not told"])
def test_six_fields_wait_for_one_window_at_most(told):
    received = parsed(SIX | {"expires_at": told})

    assert received.expires_at == EXECUTION_WINDOW.end(TUESDAY)


@pytest.mark.parametrize(
    ("fields", "statistics"),
    [
        pytest.param(
            {"win_rate": 0.6, "avg_win_loss_ratio": None},
            WinStatistics(win_rate=Decimal("0.6"), avg_win_loss_ratio=None),
            id="no loser",
        ),
        pytest.param(
            {"win_rate": 0, "avg_win_loss_ratio": None},
            WinStatistics(win_rate=Decimal(0), avg_win_loss_ratio=None),
            id="no winner",
        ),
        pytest.param({"win_rate": None, "avg_win_loss_ratio": None}, None, id="no trade"),
        pytest.param({"win_rate": 0.6}, None, id="half of it"),
    ],
)
def test_statistics_are_those_given_or_none(fields, statistics):
    assert parsed(SIX | fields).statistics == statistics


HOSTILE = [
    ("event", "order:filled", "expected 'signal:generated'"),
    ("event", None, "expected"),
    ("symbol", "", "ticker"),
    ("symbol", "aapl", "expected the dotted form, AAPL"),
    ("symbol", "BRK-B", "expected the dotted form, BRK.B"),
    ("symbol", "A'; DROP TABLE lots; --", "ticker"),
    ("symbol", 7, "no text"),
    ("symbol", ["AAPL"], "no text"),
    ("direction", "BUY", "expected one of LONG, SHORT, FLAT"),
    ("direction", "long", "expected one of"),
    ("direction", {}, "no text"),
    ("strength", 1.01, "outside 0..1"),
    ("strength", -0.1, "outside 0..1"),
    ("strength", "0.5", "no number"),
    ("strength", True, "no number"),
    ("strength", None, "no number"),
    ("strategy", "", "1 to 64"),
    ("strategy", "x" * 65, "1 to 64"),
    ("strategy", " padded", "1 to 64"),
    ("strategy", "two\nlines", "1 to 64"),
    ("strategy", "pipe|d", "1 to 64"),
    ("strategy", 1, "no text"),
    ("timestamp", "yesterday", "isoformat"),
    ("timestamp", "2024-01-09T10:30:00", "no time zone"),
    ("timestamp", 1704796200, "no text"),
    ("timestamp", "2024-01-09T15:05:01Z", "future"),
    ("timestamp", "9999-12-31T23:59:59-12:00", "out of range"),
    ("timestamp", "1902-01-06T12:00:00Z", "beyond the exchange calendar"),
    ("timestamp", "0001-01-01T00:00:00+14:00", "out of range"),
    ("id", "", "1 to 64"),
    ("id", "x" * 65, "1 to 64"),
    ("id", 12, "no text"),
    ("session", "2024-01-09", "had not closed"),
    ("session", "2024-01-07", "not a session"),
    ("session", "1901-01-02", "had not closed"),
    ("session", "Monday", "isoformat"),
    ("session", 20240108, "no text"),
    ("expires_at", "2024-01-09T20:45:00", "no time zone"),
    ("expires_at", "later", "isoformat"),
    ("expires_at", "2024-01-09T10:30:00Z", "not after"),
    ("min_hold_days", -1, "outside"),
    ("min_hold_days", 2.5, "no whole number"),
    ("min_hold_days", "2", "no number"),
    ("max_hold_days", 2, "a hold of 3 to 2"),
    ("max_hold_days", 10**6, "outside"),
    ("max_hold_days", 10**3000, "outside"),
    ("reference_price", 0, "no price"),
    ("reference_price", -1, "outside"),
    ("reference_price", 1e300, "outside"),
    ("reference_price", "185", "no number"),
    ("win_rate", 1.5, "outside 0..1"),
    ("win_rate", [], "no number"),
    ("avg_win_loss_ratio", -2, "outside"),
]


@pytest.mark.parametrize(("field", "value", "message"), HOSTILE)
def test_a_malformed_field_is_refused_by_its_name(field, value, message):
    with pytest.raises(MalformedSignal, match=f"^signal field {field}: ") as refusal:
        parsed(WHOLE | {field: value})
    assert message in str(refusal.value)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("field", sorted(SIX))
def test_each_of_the_six_fields_is_needed(field):
    with pytest.raises(MalformedSignal, match=f"^signal without {field}$"):
        parsed({name: value for name, value in WHOLE.items() if name != field})


@pytest.mark.parametrize("field", ["min_hold_days", "max_hold_days"])
def test_one_end_of_a_hold_alone_is_refused(field):
    with pytest.raises(MalformedSignal, match="give both"):
        parsed(SIX | {field: 3})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param("", "no JSON", id="nothing"),
        pytest.param("{", "no JSON", id="half a document"),
        pytest.param("\ufeff{}", "no JSON", id="a mark before it"),
        pytest.param("\ud800", "no JSON", id="half a character"),
        pytest.param("[1, 2]", "expected a JSON object", id="a list"),
        pytest.param("null", "expected a JSON object", id="null"),
        pytest.param('{"strength": NaN}', "NaN is no JSON number", id="NaN"),
        pytest.param('{"strength": 1e999}', "signal without event", id="a number past floats"),
        pytest.param('{"symbol": "A", "symbol": "B"}', "given twice", id="twins"),
        pytest.param("[" * (MAX_BYTES - 1), "no JSON", id="deep"),
        pytest.param("9" * 5000, "no JSON", id="a number without end"),
        pytest.param('"' + "x" * MAX_BYTES, "at most 16384", id="huge"),
        pytest.param('"' + "é" * (MAX_BYTES // 2), "at most 16384", id="huge in bytes"),
    ],
)
def test_what_is_no_document_is_refused(document, message):
    with pytest.raises(MalformedSignal, match=message):
        parsed(document)


def test_a_number_past_floats_is_no_strength():
    text = json.dumps(SIX).replace("0.82", "1e999")

    with pytest.raises(MalformedSignal, match="strength"):
        parsed(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(field=st.sampled_from(sorted(WHOLE)), value=JSON)
def test_whatever_stands_in_a_field_it_is_read_or_refused(field, value):
    try:
        received = parsed(json.dumps(WHOLE | {field: value}))
    except MalformedSignal:
        return
    assert 0 <= received.strength <= 1
    assert received.session <= MONDAY


@given(text=st.text(max_size=60))
def test_whatever_comes_in_is_refused_by_one_error(text):
    with pytest.raises(MalformedSignal):
        parsed(text)


def test_a_signal_published_by_a_clock_a_little_ahead_is_read():
    assert parsed(SIX | {"timestamp": "2024-01-09T15:05:00Z"}).decided_at == datetime(
        2024, 1, 9, 15, 5, tzinfo=UTC
    )


def test_an_entry_is_a_long_and_nothing_else():
    received = parsed(SIX)

    assert received.is_entry
    assert not replace(received, direction=Direction.SHORT).is_entry
    assert not replace(received, direction=Direction.FLAT).is_entry
