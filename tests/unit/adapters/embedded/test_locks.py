import pytest

from alpha_oracle.adapters.embedded.locks import FileLock, is_held


@pytest.fixture
def two(tmp_path):
    locks = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    yield locks
    for lock in locks:
        lock.release()


def test_a_lock_is_shared_by_many_or_held_by_one(two):
    one, other = two
    assert one.acquire_shared()
    assert other.acquire_shared()
    assert not one.acquire_exclusive()
    other.release()
    assert one.acquire_exclusive()


def test_waiting_for_a_lock_ends_with_the_time_given(two):
    one, other = two
    assert one.acquire_exclusive()
    assert not other.acquire_shared(timeout_seconds=0.05)


def test_only_a_lock_held_by_one_is_held(two, tmp_path):
    one, other = two
    assert not is_held(tmp_path / "missing")
    assert not is_held(other.path)
    one.acquire_shared()
    assert not is_held(other.path)
    one.acquire_exclusive()
    assert is_held(other.path)


def test_a_closed_lock_has_no_descriptor_and_may_be_released_again(two):
    one, _ = two
    one.release()
    one.release()
    with pytest.raises(ValueError, match="is closed"):
        one.fileno()
