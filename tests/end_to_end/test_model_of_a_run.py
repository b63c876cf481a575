"""Which model a session's run forecasts with, whatever is promoted meanwhile."""

from contextlib import closing
from datetime import date

import pytest

from alpha_oracle import calendar
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.adapters.postgres.models import PostgresModels
from alpha_oracle.marketdata.schedule import SessionPlan
from tasks.session import recorded_run
from tests.contracts.model_values import TRAINED_AT, a_record

DAY = date(2016, 6, 6)
PLAN = SessionPlan(session=DAY, as_of=calendar.decision_instant(DAY), symbols=None)


@pytest.fixture
def models(empty_world):
    """The registry of an installation that has two candidates."""
    with closing(open_database(empty_world.database_url)) as database:
        models = PostgresModels(database)
        for name in ("first", "second"):
            models.register(a_record(name))
        yield models


def promote(models, model_id):
    active = models.active()
    expected = None if active is None else active.model_id
    models.promote(model_id, expected=expected, by="test", reason="test", at=TRAINED_AT)


def model_of_a_run(*, current_settings=False):
    with recorded_run(PLAN, current_settings=current_settings) as run:
        return run.model_id


def test_a_run_forecasts_with_the_active_model(models):
    promote(models, "first")
    assert model_of_a_run() == "first"


def test_a_rerun_forecasts_with_the_model_of_the_first_run(models):
    promote(models, "first")
    model_of_a_run()
    promote(models, "second")
    assert model_of_a_run() == "first"


def test_a_rerun_of_a_run_without_a_model_has_none(models):
    assert model_of_a_run() is None
    promote(models, "first")
    assert model_of_a_run() is None


def test_a_rerun_told_to_use_what_is_current_forecasts_with_the_active_model_of_now(models):
    promote(models, "first")
    model_of_a_run()
    promote(models, "second")
    assert model_of_a_run(current_settings=True) == "second"
    assert model_of_a_run() == "first"
