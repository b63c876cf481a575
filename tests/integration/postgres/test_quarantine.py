from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from alpha_oracle.adapters.postgres.quarantine import PostgresQuarantine
from alpha_oracle.domain.bars import QuarantinedBar

AT = datetime(2016, 6, 1, 21, 0, tzinfo=UTC)


@pytest.fixture
def quarantine(database):
    return PostgresQuarantine(database)


def a_held_bar(**changes):
    ordinary = {
        "quarantine_id": 0,
        "symbol": "AAPL",
        "session": "2016-01-04",
        "source": "files",
        "expectations": ("prices_are_positive",),
        "detail": "close -1",
        "received": {"close": "-1", "open": "100"},
        "quarantined_at": AT,
        "status": "held",
    }
    return QuarantinedBar(**ordinary | changes)


def release(quarantine, *ids, status="released"):
    return quarantine.resolve(ids, status=status, actor="me", reason="seen elsewhere", at=AT)


def test_a_held_bar_is_read_back_as_it_was_received(quarantine):
    bar = a_held_bar(expectations=("prices_are_positive", "high_is_highest"))
    assert quarantine.hold([bar]) == 1
    [held] = quarantine.held()
    assert held.quarantine_id > 0
    assert held == a_held_bar(
        quarantine_id=held.quarantine_id, expectations=("prices_are_positive", "high_is_highest")
    )


def test_the_same_content_held_twice_is_one_row(quarantine):
    same = a_held_bar(received={"open": "100", "close": "-1"}, quarantined_at=AT.replace(day=2))
    assert quarantine.hold([a_held_bar(), a_held_bar()]) == 1
    assert quarantine.hold([same]) == 0
    assert len(quarantine.held()) == 1


@pytest.mark.parametrize(
    "change",
    [{"received": {"close": "-2"}}, {"source": "synthetic"}, {"session": "2016-01-05"}],
    ids=["content", "source", "session"],
)
def test_a_bar_that_differs_is_held_beside(quarantine, change):
    assert quarantine.hold([a_held_bar(), a_held_bar(**change)]) == 2


def test_a_row_that_no_bar_can_be_made_of_is_kept_too(quarantine):
    received = {"Date": "04\x00/13", "Close": "caf\udce9", "Open": ""}
    quarantine.hold([a_held_bar(symbol="?\x00", session="04/13", received=received)])
    [held] = quarantine.held()
    assert (held.symbol, held.session) == ("?\\x00", "04/13")
    assert held.received == {"Date": "04\\x00/13", "Close": "caf\\udce9", "Open": ""}


def test_held_bars_come_by_symbol_then_session_and_can_be_narrowed(quarantine):
    quarantine.hold(
        [
            a_held_bar(symbol="B", session="2016-01-05"),
            a_held_bar(symbol="B", session="2016-01-04"),
            a_held_bar(symbol="A", session="2016-01-05"),
        ]
    )
    assert [(bar.symbol, bar.session) for bar in quarantine.held()] == [
        ("A", "2016-01-05"),
        ("B", "2016-01-04"),
        ("B", "2016-01-05"),
    ]
    assert len(quarantine.held(symbols=["B"])) == 2
    assert len(quarantine.held(session=date(2016, 1, 5))) == 2
    assert len(quarantine.held(symbols=["B"], session=date(2016, 1, 5))) == 1
    assert quarantine.held(symbols=[]) == []


def test_a_release_is_on_the_record_and_the_bar_held_no_more(quarantine, rows):
    quarantine.hold([a_held_bar(), a_held_bar(symbol="B")])
    [first, second] = quarantine.held()
    assert release(quarantine, first.quarantine_id, 999) == 1
    assert quarantine.held() == [second]
    assert rows("SELECT actor, action, subject, detail ->> 'symbol' FROM audit_log") == [
        ("me", "quarantine_released", f"quarantined_bar:{first.quarantine_id}", "AAPL")
    ]


def test_a_bar_is_resolved_once(quarantine, rows):
    quarantine.hold([a_held_bar()])
    [bar] = quarantine.held()
    assert release(quarantine, bar.quarantine_id) == 1
    assert release(quarantine, bar.quarantine_id, status="explained") == 0
    assert rows("SELECT status FROM quarantined_bars") == [("released",)]
    assert rows("SELECT count(*) FROM audit_log") == [(1,)]


@pytest.mark.parametrize("status", ["forgotten", "held"])
def test_a_status_that_resolves_nothing_is_refused(quarantine, rows, status):
    quarantine.hold([a_held_bar()])
    [bar] = quarantine.held()
    with pytest.raises(ValueError, match=status):
        release(quarantine, bar.quarantine_id, status=status)
    assert quarantine.held() == [bar]
    assert rows("SELECT * FROM audit_log") == []


def test_what_was_released_and_comes_again_unaccepted_is_held_again(quarantine, rows):
    quarantine.hold([a_held_bar()])
    release(quarantine, quarantine.held()[0].quarantine_id)
    assert quarantine.hold([a_held_bar(detail="corrected since")]) == 1
    assert [bar.detail for bar in quarantine.held()] == ["corrected since"]
    assert rows("SELECT action FROM audit_log") == [("quarantine_released",)]


def test_marks_that_a_copy_could_stumble_on_come_back(quarantine):
    marks = "a\tb\nc\r\\.\n\\N \"'{}, é"
    bar = a_held_bar(
        symbol=marks, session=marks, source=marks, detail=marks, expectations=(marks, "unique")
    )
    bar = replace(bar, received={marks: marks})
    assert quarantine.hold([bar, a_held_bar()]) == 2
    [held] = quarantine.held(symbols=[marks])
    assert held == replace(bar, quarantine_id=held.quarantine_id)


def test_a_name_too_long_for_an_index_is_cut_and_kept_whole_beside(quarantine):
    endless = "".join(chr(33 + number * 7919 % 90) for number in range(9000))
    quarantine.hold([a_held_bar(symbol=endless, session=endless, received={"symbol": endless})])
    [held] = quarantine.held()
    assert held.symbol == f"{endless[:117]}..."
    assert held.received == {"symbol": endless}


def test_a_bar_no_longer_explained_is_held_again(quarantine):
    quarantine.hold([a_held_bar()])
    release(quarantine, quarantine.held()[0].quarantine_id, status="explained")
    again = a_held_bar(expectations=("jump_is_explained",), detail="x 7")
    assert quarantine.hold([again]) == 1
    assert [bar.expectations for bar in quarantine.held()] == [("jump_is_explained",)]
