import pytest
from sqlalchemy import make_url

from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.worlds import all_that_prefect_knows, installed
from tests.peers.slack import slack

SECRETS = ("hunter2", "opensesame", "hooksecret", "xoxb-very-secret")


def alerts(server):
    return {
        "ALPHA_ORACLE_ALERTS__SLACK__WEBHOOK_URL": f"{server.url}/services/T0/B0/hooksecret",
        "ALPHA_ORACLE_ALERTS__SLACK__BOT_TOKEN": "xoxb-very-secret",
        "ALPHA_ORACLE_ALERTS__SLACK__CHANNEL": "#trading",
    }


def with_password(url):
    return make_url(url).set(password="hunter2").render_as_string(hide_password=False)


def a_working_database(world):
    return {"ALPHA_ORACLE_DATABASE__URL": with_password(world.database_url)}


def an_absent_database(_world):
    return {"ALPHA_ORACLE_DATABASE__URL": "postgresql://oracle:hunter2@127.0.0.1:1/oracle"}


def a_broken_database_url(_world):
    return {"ALPHA_ORACLE_DATABASE__URL": "postgresql://oracle:hunter2@:x@127.0.0.1:port/oracle"}


def a_redis_that_refuses_the_password(world):
    separator = "&" if "?" in world.redis_url else "?"
    return {"ALPHA_ORACLE_REDIS__URL": f"{world.redis_url}{separator}password=opensesame"}


@pytest.mark.parametrize(
    "trouble",
    [
        a_working_database,
        an_absent_database,
        a_broken_database_url,
        a_redis_that_refuses_the_password,
    ],
    ids=lambda trouble: trouble.__name__,
)
def test_no_secret_reaches_prefect(trouble, world, source):
    source.withheld = frozenset({"SYN001"})
    with (
        slack(403, body="no hooksecret") as server,
        installed(world.environment | alerts(server) | trouble(world)),
    ):
        state = daily_pipeline(return_state=True)
    assert state.is_failed()
    known = all_that_prefect_knows(state)
    assert [secret for secret in SECRETS if secret in known] == []
