import shutil
import signal

import pytest

from alpha_oracle.adapters.embedded.postgres import embedded_postgres
from alpha_oracle.adapters.embedded.redis import embedded_redis
from alpha_oracle.adapters.postgres.migrate import upgrade
from tests.end_to_end.killed import PLACES, outcome, run_in_new_process
from tests.end_to_end.worlds import installed, make_history, settings_of


@pytest.fixture(scope="module")
def undisturbed(worlds, prefect_url, tmp_path_factory):
    """What a run leaves behind that nobody killed."""
    with worlds(tmp_path_factory.mktemp("home")) as world:
        code, digest = run_in_new_process(world.environment, prefect_url)
        assert code == 0
        return outcome(world, digest)


@pytest.mark.parametrize("place", PLACES)
def test_a_rerun_after_a_kill_leaves_what_an_undisturbed_run_leaves(
    place, undisturbed, world, prefect_url
):
    code, _ = run_in_new_process(world.environment, prefect_url, place=place)
    assert code == -signal.SIGKILL
    world.await_the_killed()
    assert world.run_record()[0] == "running"
    code, digest = run_in_new_process(world.environment, prefect_url)
    assert code == 0
    assert outcome(world, digest) == undisturbed


def test_a_session_recomputed_in_another_process_gives_the_same_bytes(
    undisturbed, world, prefect_url
):
    _, first = run_in_new_process(world.environment, prefect_url)
    _, second = run_in_new_process(world.environment, prefect_url, force=True)
    assert first == second == undisturbed.digest
    assert outcome(world, second) == undisturbed


@pytest.fixture
def embedded_home(home):
    """A home whose stores are stopped and removed: a Postgres is large."""
    yield home
    for store in (embedded_postgres(home), embedded_redis(home)):
        store.stop()
    shutil.rmtree(home)


@pytest.mark.slow
def test_embedded_stores_carry_on_when_a_run_is_killed(prefect_url, embedded_home):
    # Nobody but the runs uses these stores: the killed one leaves them running, the next takes
    # them over and stops them.
    environment = settings_of(embedded_home, database_url=None, redis_url=None)
    with installed(environment):
        postgres = embedded_postgres(embedded_home)
        with postgres.attached() as url:
            upgrade(url)
            make_history(url)
        code, _ = run_in_new_process(
            environment, prefect_url, place="between announcing a signal and marking it"
        )
        assert code == -signal.SIGKILL
        assert postgres.status().running
        code, digest = run_in_new_process(environment, prefect_url)
        assert (code, digest is None) == (0, False)
        assert not postgres.status().running
        assert not embedded_redis(embedded_home).status().running
