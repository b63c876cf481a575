"""Files of models in folders: tricks with paths, killed writers, readers beside writers."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from alpha_oracle.adapters.model_files import FolderModelFiles
from alpha_oracle.errors import ConfigurationError, ModelRefused

FILES = {"model.ubj": b"\x00trees", "calibrator.json": b"{}"}
ROOT = Path(__file__).parents[3]

KILLED_WHILE_IT_REPLACES = """
import os, signal, sys
from pathlib import Path
from alpha_oracle.adapters.model_files import FolderModelFiles

calls = int(sys.argv[2])

def count(event, _):
    global calls
    if event in {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree"}:
        calls -= 1
        if calls == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
FolderModelFiles(Path(sys.argv[1])).save("m", {"model.ubj": b"new", "more.json": b"[]"})
"""


@pytest.fixture
def files(tmp_path):
    return FolderModelFiles(tmp_path / "models")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


@pytest.mark.parametrize(
    "key",
    ["", ".", "..", "../m", "/etc", "m/", "a//b", "a/../b", ".lock", "a b", "m\x00", "m\n", "ü"],
)
def test_a_key_that_leads_elsewhere_is_none(files, key):
    with pytest.raises(ConfigurationError, match="is no key of a model's files"):
        files.load(key)
    with pytest.raises(ConfigurationError, match="is no key of a model's files"):
        files.save(key, FILES)


@pytest.mark.parametrize("name", ["", "..", "../model.ubj", "a/b", ".hidden", "a\x00"])
def test_a_name_that_leads_elsewhere_is_none_and_nothing_is_written(files, folder, name):
    with pytest.raises(ConfigurationError, match="is no name of a model's file"):
        files.save("m", {**FILES, name: b""})
    assert not folder.exists()


def test_a_key_is_a_folder_and_nothing_else_is_left_there(files, folder):
    files.save("windows/aaaa", FILES)
    files.save("windows/aaaa", {"model.ubj": b"new"})
    assert names_in(folder / "windows") == [".lock", "aaaa"]
    assert (folder / "windows" / "aaaa" / "model.ubj").read_bytes() == b"new"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_files_that_are_there_are_not_written_again(files, folder):
    files.save("m", FILES)
    before = (folder / "m").stat().st_ino
    files.save("m", dict(reversed(FILES.items())))
    assert (folder / "m").stat().st_ino == before


def linked(path):
    path.unlink()
    path.symlink_to("/etc/hostname")


def piped(path):
    path.unlink()
    os.mkfifo(path)


def nested(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [linked, piped, nested])
def test_what_is_no_plain_file_is_refused_and_may_be_replaced(files, folder, change):
    files.save("m", FILES)
    change(folder / "m" / "model.ubj")
    with pytest.raises(ModelRefused, match=r"model\.ubj is no plain file"):
        files.load("m")
    files.save("m", FILES)
    assert files.load("m") == FILES


def test_a_file_in_place_of_the_folder_is_refused_and_may_be_replaced(files, folder):
    folder.mkdir()
    (folder / "m").write_bytes(b"")
    with pytest.raises(ModelRefused, match="m is no folder"):
        files.load("m")
    files.save("m", FILES)
    assert files.load("m") == FILES


def test_a_writer_killed_at_any_step_leaves_files_whole_or_none(files, folder):
    new = {"model.ubj": b"new", "more.json": b"[]"}
    seen = []
    for step in range(1, 200):
        files.save("m", FILES)
        code = killed_at(folder, step)
        seen.append(files.load("m"))
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert seen[0] == FILES
    assert seen[-1] == new
    assert all(found in (FILES, new, None) for found in seen)
    files.save("m", FILES)
    assert names_in(folder) == [".lock", "m"]


def killed_at(folder, step):
    """Let a process replace the files, killed at a step; its exit code."""
    command = [sys.executable, "-c", KILLED_WHILE_IT_REPLACES, str(folder), str(step)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def test_who_reads_beside_writers_sees_the_files_of_one_of_them(files):
    kinds = [{f"{name}{kind}": kind.encode() * 999 for name in "abc"} for kind in ("x", "y")]
    files.save("m", kinds[0])
    done = threading.Event()
    seen = []

    def read():
        while not done.is_set():
            seen.append(files.load("m"))

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=write, args=(files, kind)) for kind in kinds]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert all(found is None or found in kinds for found in seen)
    assert files.load("m") in kinds


def write(files, content):
    for _ in range(40):
        files.save("m", content)


def test_files_that_the_disk_does_not_give_are_refused_and_can_be_put_there_anew(tmp_path):
    files = FolderModelFiles(tmp_path)
    (tmp_path / "m").symlink_to(tmp_path / "m")
    with pytest.raises(ModelRefused, match=r"m cannot be read .*mend the disk"):
        files.load("m")
    files.save("m", FILES)
    assert files.load("m") == FILES
