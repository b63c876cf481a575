import os

from tests.integration.embedded.processes import FORKS_AND_LEAVES, STORES, User


def test_the_first_user_starts_the_server_and_the_last_stops_it(store):
    with store.attached() as url:
        status = store.status()
        assert status.running
        assert status.url == url
        assert status.users == (os.getpid(),)
    assert not store.status().running
    assert store.status().users == ()


def test_one_process_may_attach_more_than_once(store):
    with store.attached():
        with store.attached():
            pass
        assert store.status().running
    assert not store.status().running


def test_a_detach_too_many_changes_nothing(store, name, used_home):
    with User(name, used_home) as user:
        user.url()
        store.detach()
        assert store.status().running


def test_two_processes_share_one_server(store, name, used_home):
    with User(name, used_home) as user:
        url = user.url()
        pid = store.status().pid
        with store.attached() as our_url:
            assert our_url == url
            assert store.status().pid == pid
            assert set(store.status().users) == {os.getpid(), user.pid}
        assert store.status().pid == pid
    assert not store.status().running


def test_processes_that_start_at_once_get_one_server(store, name, used_home):
    users = [User(name, used_home) for _ in range(4)]
    try:
        assert len({user.url() for user in users}) == 1
        assert set(store.status().users) == {user.pid for user in users}
        pid = store.status().pid
        for user in users[:-1]:
            user.leave()
            assert store.status().pid == pid
    finally:
        for user in users:
            user.__exit__()
    assert not store.status().running


def test_a_killed_user_leaves_the_server_to_the_next(store, name, used_home):
    with User(name, used_home) as user:
        user.url()
        pid = store.status().pid
        user.kill()
        assert store.status().users == ()
        with store.attached():
            assert store.status().pid == pid
    assert not store.status().running


def test_a_forked_child_counts_for_itself(store, name, used_home):
    with User(name, used_home, program=FORKS_AND_LEAVES) as user:
        user.url()
        with store.attached():
            pass
        status = store.status()
        assert status.running
        assert set(status.users) - {user.pid}
    assert not store.status().running


def test_the_server_lives_in_a_session_of_its_own(store):
    with store.attached():
        assert os.getsid(store.status().pid) != os.getsid(0)


def test_a_stop_ends_the_server_whoever_uses_it(store, name, used_home):
    with User(name, used_home) as user:
        user.url()
        assert store.stop()
        assert not store.status().running
        assert not store.stop()


def test_a_user_whose_server_was_stopped_may_attach_again(store):
    with store.attached():
        store.stop()
        with store.attached():
            assert store.status().running
        assert store.status().running
    assert not store.status().running


def test_asking_for_the_status_makes_nothing(name, tmp_path):
    status = STORES[name](tmp_path / "home").status()
    assert not status.running
    assert status.pid is None
    assert not STORES[name](tmp_path / "home").stop()
    assert list(tmp_path.iterdir()) == []
