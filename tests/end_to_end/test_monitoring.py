"""Every alert rule and panel asks for what running processes tell."""

from contextlib import closing

import pytest
import redis

from tests.conftest import REDIS_DATABASES, own_database, with_redis_database
from tests.end_to_end.monitored import monitored
from tests.end_to_end.monitoring import Query, problems, queries, scraped
from tests.end_to_end.prometheus import BINARY, prometheus
from tests.end_to_end.trading_processes import Drill
from tests.end_to_end.trading_world import at_last, first

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def empty_database_url(postgres_url, run_name, worker, template):
    with own_database(postgres_url, f"{run_name}_{worker}_monitored", template=template) as url:
        yield url


@pytest.fixture(scope="module")
def empty_redis_url(redis_server_url, worker):
    url = with_redis_database(redis_server_url, worker % REDIS_DATABASES)
    with closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="module")
def drill(empty_database_url, empty_redis_url, nursery, tmp_path_factory):
    home = tmp_path_factory.mktemp("monitored") / "home"
    home.mkdir(mode=0o700)
    return Drill(
        home=home, database_url=empty_database_url, redis_url=empty_redis_url, nursery=nursery
    )


@pytest.fixture(scope="module")
def living(drill):
    """Its processes, once an order was filled."""
    with monitored(drill) as found:
        yield found


@pytest.fixture(scope="module")
def samples(living):
    """What the four processes tell, once they tell all that is asked, or do not for minutes."""

    def told():
        return [
            sample
            for job, address in living.urls.items()
            for sample in scraped(f"{address}/metrics", job=job, token=living.token)
        ]

    def lacking():
        found = told()
        return [one.place for one in queries() if problems(one, found)]

    at_last(lacking, [], seconds=120)
    return told()


@pytest.fixture(scope="module")
def server(living, tmp_path_factory):
    """The real Prometheus, where there is one."""
    if BINARY is None:
        pytest.skip("no prometheus on PATH")
    with prometheus(tmp_path_factory.mktemp("prometheus"), living) as server:
        yield server


@pytest.mark.parametrize("query", queries(), ids=lambda one: one.place)
def test_what_is_asked_for_is_told(query, samples):
    assert problems(query, samples) == []


def test_prometheus_answers_every_query_of_a_panel(server):
    panels = [one for one in queries() if one.place.startswith("panel")]
    unanswered = {one.place for one in panels if not server.result(one.expression)}
    assert unanswered == set()


def test_prometheus_takes_every_rule(server):
    rules = first(lambda: all("lastEvaluation" in one for one in server.rules()) and server.rules())
    assert {one["name"]: one["health"] for one in rules if one["health"] != "ok"} == {}
    firing = {one["name"] for one in rules if one["state"] == "firing"}
    # The model of the rehearsal was watched and found drifting.
    assert "ModelOutOfBounds" in firing
    assert firing.isdisjoint({"ProcessDown", "StoreDown", "KillSwitchActive", "PipelineOverdue"})


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("rate(alpha_oracle_no_such_total[5m])", "no sample of alpha_oracle_no_such_total"),
        ('up{job="nobody"}', "no sample of up"),
        ("sum by (strategy) (alpha_oracle_market_open)", "no label strategy"),
        ("up == on (strategy) up", "no label strategy"),
    ],
    ids=["another name", "another value", "a group that is none", "a match that is none"],
)
def test_a_query_for_what_nobody_tells_is_found(expression, problem, samples):
    query = Query(place="here", expression=expression, told_labels=frozenset())
    assert problem in problems(query, samples)


def test_all_that_is_told_is_asked_for_or_standard(samples):
    asked = " ".join(one.expression for one in queries())
    own = {name for name, _ in samples if name.startswith("alpha_oracle_")}
    endings = ("_bucket", "_sum", "_count", "_created")
    left = {name for name in own if name not in asked and not name.endswith(endings)}
    assert left == {"alpha_oracle_build_info", "alpha_oracle_orders_executed_total"}
