from types import SimpleNamespace
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_UI_URL, temporary_settings
from prefect.states import Crashed, Failed

from tasks.alerts import failure_text, report_failure

RUN_ID = UUID("00000000-0000-0000-0000-000000000007")


def a_run(**parameters):
    return FlowRun(id=RUN_ID, flow_id=RUN_ID, name="calm-otter", parameters=parameters)


def lines(flow_name, run, state):
    with temporary_settings(updates={PREFECT_UI_URL: "http://127.0.0.1:4200"}):
        return failure_text(flow_name, run, state).split("\n")


def test_a_message_says_what_failed_where_to_look_and_what_to_do():
    run = a_run(session="2019-11-29")
    *facts, following = lines("daily-pipeline", run, Failed(message="no bars"))
    assert facts == [
        ":rotating_light: daily-pipeline failed: run calm-otter",
        "Error: no bars",
        f"Run: http://127.0.0.1:4200/runs/flow-run/{RUN_ID}",
    ]
    assert following.startswith("Next: mend the cause, then")
    assert "`alpha-oracle pipeline --date 2019-11-29`" in following


def test_a_run_of_the_scheduled_day_names_no_date():
    following = lines("daily-pipeline", a_run(session=None), Failed(message="no bars"))[-1]
    assert "`alpha-oracle pipeline`" in following


@pytest.mark.parametrize("flow_name", ["backfill", "rank"])
def test_another_flow_is_run_again_as_it_was(flow_name):
    title, *_, following = lines(flow_name, a_run(), Crashed(message="killed"))
    assert title == f":rotating_light: {flow_name} crashed: run calm-otter"
    assert "what is stored is not fetched again" in following


def test_a_state_without_words_says_so():
    assert lines("rank", a_run(), Crashed())[1] == "Error: no message"


def test_an_error_of_several_lines_stays_one():
    text = lines("rank", a_run(), Failed(message="first\nsecond"))
    assert len(text) == 4
    assert text[1] == "Error: first second"


def test_secrets_are_taken_out():
    message = "postgresql://oracle:hunter2@db/oracle refused; api_key=TOPSECRET"
    error = lines("rank", a_run(), Failed(message=message))[1]
    assert "hunter2" not in error
    assert "TOPSECRET" not in error
    assert "db/oracle refused" in error


def test_with_no_channel_set_nobody_is_told(monkeypatch, home):
    monkeypatch.setenv("ALPHA_ORACLE_HOME", str(home))
    report_failure(SimpleNamespace(name="rank"), a_run(), Failed(message="no bars"))
    assert not any(home.iterdir())
