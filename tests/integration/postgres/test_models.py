"""The registry on Postgres: several at once, some killed, and what the database itself refuses."""

import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from alpha_oracle.adapters.model_files import FolderModelFiles
from alpha_oracle.adapters.postgres.model_health import PostgresModelHealth
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.adapters.postgres.predictions import PostgresPredictions
from alpha_oracle.ml.encoding import encode
from alpha_oracle.ml.registry import ModelRegistry
from tests.contracts.model_values import TRAINED_AT, a_health, a_prediction, a_record
from tests.integration.postgres.registering import register
from tests.trained import a_model

ROOT = Path(__file__).parents[3]
AT = TRAINED_AT + timedelta(hours=3)
STAGES = "SELECT model_id, stage FROM models ORDER BY model_id"
CHANGES = "SELECT model_id, stage, changed_by FROM model_changes ORDER BY change_id"
WAITS_FOR_A_LOCK = """
SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@pytest.fixture
def models(database):
    """A registry whose first of three models is active."""
    models = PostgresModels(database)
    for name in "abc":
        models.register(a_record(name))
    promote(models, "a")
    return models


def promote(models, model_id):
    active = models.active()
    expected = None if active is None else active.model_id
    return models.promote(model_id, expected=expected, by="me", reason="better", at=AT)


@contextmanager
def a_process(what, *arguments):
    command = [sys.executable, "-m", f"tests.integration.postgres.{what}", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def begin(*processes):
    for process in processes:
        process.stdin.write("now\n")
        process.stdin.flush()


def answer(process):
    line, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    return line.strip()


def all_at_once(url, *changes):
    """Let a process make each change, all beginning together; what each says."""
    with ExitStack() as stack:
        changers = [stack.enter_context(a_process("promoting", url, *change)) for change in changes]
        begin(*changers)
        return [answer(changer) for changer in changers]


def test_of_two_that_promote_at_once_one_is_told(models, database_url, rows):
    promotions = (("promote", "b", "a"), ("promote", "c", "a"))
    said = all_at_once(database_url, *promotions)
    active = models.active()
    assert active.predecessor == "a"
    assert sorted(one[:19] for one in said) == [active.model_id, "the active model is"]
    assert rows(CHANGES) == [
        ("a", "active", "me"),
        ("a", "retired", "other"),
        (active.model_id, "active", "other"),
    ]


def test_of_two_that_promote_the_same_model_one_is_told(models, database_url, rows):
    said = all_at_once(database_url, ("promote", "b", "a"), ("promote", "b", "a"))
    assert sorted(said) == ["b", "model b is the active one already"]
    assert models.active().predecessor == "a"
    assert len(rows(CHANGES)) == 3


def test_of_two_that_roll_back_at_once_one_is_told_and_one_step_is_taken(models, database_url):
    promote(models, "b")
    promote(models, "c")
    said = all_at_once(database_url, ("rollback", "-", "c"), ("rollback", "-", "c"))
    assert sorted(one[:24] for one in said) == ["b", "the active model is b by"]
    assert models.active().model_id == "b"


def test_of_two_that_register_the_same_model_one_keeps_it(database_url, rows):
    said = all_at_once(database_url, ("register", "m"), ("register", "m"))
    assert sorted(said) == ["False", "True"]
    assert rows(STAGES) == [("m", "candidate")]


@pytest.mark.parametrize(
    ("verb", "table"),
    [
        ("promote", "models"),
        ("promote", "model_changes"),
        ("promote", "audit_log"),
        ("rollback", "model_changes"),
        ("rollback", "audit_log"),
    ],
)
def test_one_killed_in_the_middle_of_a_change_changes_nothing(
    models, database_url, rows, verb, table
):
    """It has written whatever comes before the table that it waits for."""
    promote(models, "b")
    before = rows(STAGES), rows(CHANGES), rows("SELECT count(*) FROM audit_log")
    kill_at(table, rows, database_url, a_process("promoting", database_url, verb, "c", "b"))
    assert (rows(STAGES), rows(CHANGES), rows("SELECT count(*) FROM audit_log")) == before
    assert promote(models, "c").predecessor == "b"


def test_a_registration_killed_before_its_record_is_done_by_the_next(
    database, database_url, rows, tmp_path
):
    registering = a_process("registering", database_url, str(tmp_path))
    kill_at("models", rows, database_url, registering)
    assert rows("SELECT count(*) FROM models") == [(0,)]
    [left] = tmp_path.glob("[!.]*")
    models = PostgresModels(database)
    assert register(models, tmp_path) == left.name
    loaded = ModelRegistry(models, FolderModelFiles(tmp_path)).load(left.name)
    assert encode(loaded) == encode(a_model())


def kill_at(table, rows, url, process):
    """Kill a process as soon as it waits for a table."""
    with closing(psycopg2.connect(url)) as blocker, process as changer:
        blocker.cursor().execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        begin(changer)
        while not rows(WAITS_FOR_A_LOCK):
            assert changer.poll() is None
        changer.kill()
        changer.wait()


def test_a_reader_never_waits_for_a_change_and_sees_one_active_model(models, database):
    with database.begin() as connection:
        connection.execute(text("LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE"))
        connection.execute(text("UPDATE models SET stage = 'retired' WHERE model_id = 'a'"))
        assert models.active().model_id == "a"
        assert len(models.models()) == 3


def test_a_promotion_and_a_rollback_are_in_the_audit_log(models, rows):
    promote(models, "b")
    models.roll_back(expected="b", by="cli:eve", reason="drift \x00", at=AT)
    assert rows("SELECT actor, action, subject, detail FROM audit_log ORDER BY audit_id") == [
        ("me", "model_promoted", "model:a", {"replaced": None, "reason": "better"}),
        ("me", "model_promoted", "model:b", {"replaced": "a", "reason": "better"}),
        ("cli:eve", "model_rolled_back", "model:a", {"replaced": "b", "reason": "drift \\x00"}),
    ]
    assert models.changes(limit=1)[0].reason == "drift \\x00"


def refused(database, statement, told):
    with pytest.raises(DBAPIError, match=told), database.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE model_changes SET reason = 'x'",
        "DELETE FROM model_changes",
        "TRUNCATE model_changes",
    ],
    ids=["update", "delete", "truncate"],
)
def test_a_change_told_stands_for_ever(models, database, rows, statement):
    refused(database, statement, "append-only")
    assert len(rows(CHANGES)) == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE models SET stage = 'active', activated_at = now() WHERE model_id = 'b'",
            "models_one_active",
        ),
        ("UPDATE models SET stage = 'active' WHERE model_id = 'b'", "models_activation_is_told"),
        ("UPDATE models SET stage = 'best' WHERE model_id = 'b'", "stage"),
        ("UPDATE models SET train_end = '2000-01-03' WHERE model_id = 'b'", "check"),
    ],
    ids=["two active", "activation not told", "no stage", "train window turned round"],
)
def test_the_database_itself_refuses_what_no_registry_may_hold(models, database, statement, told):
    refused(database, statement, told)


@pytest.mark.parametrize("up", [float("nan"), 1.1, -0.1])
def test_a_probability_that_is_none_is_refused_with_the_whole_load(database, rows, up):
    with pytest.raises(DBAPIError, match="check"):
        PostgresPredictions(database).save([a_prediction("A"), a_prediction("B", up=up)], at=AT)
    assert rows("SELECT * FROM predictions") == []


def test_forecasts_of_a_session_are_kept_in_one_statement(database, rows):
    given = [a_prediction(f"S{number:03d}") for number in range(500)]
    PostgresPredictions(database).save(given, at=AT)
    assert rows("SELECT count(*), min(predicted_at) FROM predictions") == [(500, AT)]


def test_health_says_when_it_was_last_watched(database, rows):
    for at in (AT, AT + timedelta(days=1)):
        PostgresModelHealth(database).save(a_health(), at=at)
    assert rows("SELECT watched_at FROM model_health") == [(AT + timedelta(days=1),)]
