"""What people are told, on record: read once, kept for each channel, whatever dies in between."""

import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from alpha_oracle.adapters.postgres.alerts import PostgresAlerts, PostgresDeliveries
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.outbox import announce
from alpha_oracle.domain.alerts import Alert, Episode, PendingAlert
from alpha_oracle.domain.risk import Severity
from alpha_oracle.domain.trading_events import RiskAlert

NOW = datetime(2016, 6, 1, 14, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def database(database_url):
    with closing(open_database(database_url)) as opened:
        yield opened


@pytest.fixture
def record(database):
    return PostgresAlerts(
        database, channels=["slack", "telegram"], apart={"telegram": ["approval_required"]}
    )


def happens(connection, name, *, at=NOW):
    alert = RiskAlert(
        type=name,
        severity=Severity.HIGH,
        value=Decimal(1),
        threshold=None,
        message=name,
        at=at,
    )
    announce(connection, name, [alert], at=at)


def an_alert(cause="event:1", **changes):
    told = Alert(cause=cause, type="vix", severity=Severity.HIGH, text="VIX \x00 is high", at=NOW)
    return replace(told, **changes)


def an_episode(**changes):
    begun = Episode(
        key="vix",
        type="vix",
        subject="",
        severity=Severity.HIGH,
        text="VIX is high",
        began_at=NOW,
        told_at=NOW,
    )
    return replace(begun, **changes)


def kept(record, *alerts, changed=(), gone=(), read=(), at=NOW):
    record.keep(alerts, changed=changed, gone=gone, read=read, at=at)


def pending(database, channel):
    return PostgresDeliveries(database, channel=channel).pending(limit=100)


def numbers(record):
    return [event.number for event in record.unread(limit=100)]


def remembered(database):
    with database.begin() as connection:
        return connection.execute(text("SELECT count(*) FROM alert_rows_read")).scalar_one()


def test_an_event_is_read_once_relayed_or_not(database, record):
    with database.begin() as connection:
        happens(connection, "one")
        happens(connection, "two")
    first, second = record.unread(limit=100)
    assert (first.channel, '"type":"one"' in first.document) == ("risk", True)
    kept(record, read=[first.number])
    assert numbers(record) == [second.number]


def test_an_event_that_was_written_first_and_committed_last_is_read_too(database, record):
    with database.engine.connect() as slow:
        happens(slow, "slow")
        with database.begin() as connection:
            happens(connection, "fast")
        [fast] = numbers(record)
        kept(record, read=[fast], at=NOW)
        slow.commit()
    [slow_number] = numbers(record)
    assert slow_number < fast
    kept(record, read=[slow_number], at=LATER)
    assert numbers(record) == []


def test_an_event_of_long_ago_passes_over_none_that_is_being_written(database, record):
    with database.engine.connect() as slow:
        happens(slow, "slow", at=LATER)
        with database.begin() as connection:
            happens(connection, "late", at=NOW)
        kept(record, read=numbers(record), at=LATER)
        slow.commit()
    assert len(numbers(record)) == 1


def test_what_was_read_long_ago_is_remembered_as_one_number(database, record):
    with database.begin() as connection:
        happens(connection, "one")
        happens(connection, "two", at=LATER)
    kept(record, read=numbers(record), at=LATER)
    # Whatever anybody on this server began before may still be writing one: until then it is two.
    until = time.monotonic() + 600
    while remembered(database) != 1:
        assert time.monotonic() < until
        kept(record, at=LATER)
    assert numbers(record) == []


def test_an_unread_event_among_read_ones_is_not_passed_over(database, record):
    with database.begin() as connection:
        for name in ("one", "two", "three"):
            happens(connection, name)
    first, second, third = numbers(record)
    kept(record, read=[first, third], at=LATER)
    assert numbers(record) == [second]


def test_each_channel_delivers_an_alert_once(database, record):
    kept(record, an_alert())
    [waiting] = pending(database, "slack")
    assert waiting == PendingAlert(
        alert_id=waiting.alert_id, severity=Severity.HIGH, text="VIX \\x00 is high", attempts=0
    )
    slack = PostgresDeliveries(database, channel="slack")
    slack.mark([waiting.alert_id], is_delivered=True, at=NOW)
    assert pending(database, "slack") == []
    assert [one.alert_id for one in pending(database, "telegram")] == [waiting.alert_id]


def test_an_alert_for_the_same_cause_is_not_repeated(database, record):
    kept(record, an_alert())
    kept(record, an_alert(text="again"))
    assert len(pending(database, "slack")) == 1


def test_a_channel_that_tells_of_a_type_by_itself_gets_none_of_it(database, record):
    kept(record, an_alert(type="approval_required"))
    assert pending(database, "telegram") == []
    assert len(pending(database, "slack")) == 1


def test_the_least_tried_comes_first_then_the_worst_then_the_oldest(database, record):
    kept(
        record,
        an_alert("a", severity=None, text="info"),
        an_alert("b", severity=Severity.WARNING, text="warning"),
        an_alert("c", severity=Severity.CRITICAL, text="critical"),
        an_alert("d", severity=Severity.HIGH, text="high"),
        an_alert("e", severity=Severity.HIGH, text="later"),
    )
    slack = PostgresDeliveries(database, channel="slack")
    assert [one.text for one in slack.pending(limit=4)] == ["critical", "high", "later", "warning"]
    [worst] = slack.pending(limit=1)
    slack.mark([worst.alert_id], is_delivered=False, at=NOW)
    assert slack.pending(limit=100)[-1] == replace(worst, attempts=1)


def test_what_was_told_already_is_left_to_the_channels_that_failed(database, record):
    record.report(an_alert(), {"slack": True, "telegram": False}, at=NOW)
    assert pending(database, "slack") == []
    [waiting] = pending(database, "telegram")
    assert waiting.attempts == 1


def test_an_episode_comes_back_as_it_was_kept(record):
    lasting = an_episode(times=3, untold=2, reminders=1, severity=None, subject="AAPL")
    kept(record, changed=[lasting])
    assert record.episodes() == {"vix": lasting}
    kept(record, changed=[replace(lasting, times=4)])
    assert record.episodes()["vix"].times == 4
    kept(record, gone=["vix"])
    assert record.episodes() == {}


def test_a_word_given_while_an_episode_was_looked_at_stays(record):
    kept(record, changed=[an_episode()])
    assert record.acknowledge("vix", by="jane", at=NOW) == ["vix"]
    kept(record, changed=[an_episode(times=2)])
    assert record.episodes()["vix"].acknowledged_by == "jane"


def test_what_becomes_worse_needs_another_word(record):
    kept(record, changed=[an_episode()])
    record.acknowledge(None, by="jane", at=NOW)
    kept(record, changed=[an_episode(severity=Severity.CRITICAL)])
    assert record.episodes()["vix"].acknowledged_by == ""


def test_an_acknowledgement_is_audited_once(database, record):
    kept(record, changed=[an_episode(), an_episode(key="cash")])
    assert record.acknowledge(None, by="jane", at=NOW) == ["cash", "vix"]
    assert record.acknowledge(None, by="joe", at=NOW) == []
    with database.begin() as connection:
        rows = connection.execute(
            text(
                "SELECT actor, subject FROM audit_log"
                " WHERE action = 'alert_acknowledged' ORDER BY subject"
            )
        ).all()
    assert [tuple(row) for row in rows] == [("jane", "cash"), ("jane", "vix")]


def test_nothing_is_read_where_what_it_tells_cannot_be_kept(database, record):
    with database.begin() as connection:
        happens(connection, "one")
    broken = an_episode(times=0)
    with pytest.raises(Exception, match="times"):
        kept(record, an_alert(), changed=[broken], read=numbers(record))
    assert pending(database, "slack") == []
    assert len(numbers(record)) == 1
