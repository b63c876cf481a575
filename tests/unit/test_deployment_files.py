"""The files that a server is set up from: they agree with the code and with one another."""

import hashlib
import json
import re
import shlex
import subprocess
import tomllib
from fnmatch import fnmatch

import pytest
import yaml
from typer.main import get_command

from alpha_oracle.bootstrap.presence import ALWAYS_ON
from alpha_oracle.config import load_settings
from alpha_oracle.entrypoints.cli.main import app
from tests.deployed import (
    COMPOSE,
    FOLDER,
    OURS,
    PROJECT,
    SERVICES,
    command_of,
    environment_of,
    of_word,
)

ONCE = ("schema", "deployments")
PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*")


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """The folder that the script fills."""
    folder = tmp_path_factory.mktemp("deployment") / "secrets"
    subprocess.run([FOLDER / "secrets.sh", folder], check=True, capture_output=True)
    return folder


def words_of(command):
    """A command's words; those of a shell's script, if it runs one."""
    return shlex.split(command[2]) if command[:2] == ["sh", "-c"] else command


def is_verb(words):
    """Whether the words after `alpha-oracle` are a verb, with options that it has."""
    command = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    options = {name for one in command.params for name in one.opts}
    return not hasattr(command, "commands") and set(words) <= options


@pytest.mark.parametrize("name", SERVICES)
def test_each_image_is_of_one_version(name):
    assert PINNED.fullmatch(SERVICES[name]["image"])


def test_our_image_is_of_the_projects_version():
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"alpha-oracle:{version}"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_bounded_and_kept_running(name):
    service = SERVICES[name]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_says_whether_it_is_well(name):
    check = SERVICES[name]["healthcheck"]
    if name in ONCE:
        assert check == {"disable": True}
    else:
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert check.keys() >= {"interval", "timeout", "retries", "start_period"}


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_published_is_reached_from_this_machine_alone(name):
    for port in SERVICES[name].get("ports", ()):
        host, published, inner = port.split(":")
        assert host == "127.0.0.1"
        assert published == inner


def test_what_holds_data_has_no_way_out():
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_needs_is_there(name, secrets):
    service = SERVICES[name]
    for secret in service.get("secrets", ()):
        assert COMPOSE["secrets"][secret]["file"] == f"./secrets/{secret}"
        assert (secrets / secret).stat().st_size > 0
    for volume in service.get("volumes", ()):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (FOLDER / source).exists()
    for other, wanted in service.get("depends_on", {}).items():
        ends = wanted["condition"] == "service_completed_successfully"
        assert ends == (other in ONCE)


@pytest.mark.parametrize("name", SERVICES)
def test_a_secret_is_told_by_its_file_alone(name, secrets):
    service = json.dumps(SERVICES[name])
    named = set(re.findall(r"/run/secrets/(\w+)", service))
    assert named <= set(service_secrets(name))
    for secret in secrets.iterdir():
        assert secret.read_text() not in service


def service_secrets(name):
    return SERVICES[name].get("secrets", ())


@pytest.mark.parametrize("name", [name for name in OURS if name != "prefect"])
def test_what_our_services_are_told_are_settings(name, secrets):
    settings = load_settings(environment_of(name, secrets))
    assert "@postgres:5432/alpha_oracle" in settings.database.url.get_secret_value()
    assert "@redis:6379/0" in settings.redis.url.get_secret_value()
    assert [one.role for one in settings.api.tokens] == ["operator", "viewer"]
    assert settings.risk.autonomy_mode == "PAPER_ONLY"


def test_the_secrets_agree_and_stay_as_they_are(secrets):
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    subprocess.run([FOLDER / "secrets.sh", secrets], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    assert before["postgres_password"] in before["database_url"]
    assert before["redis_password"] in before["redis_url"]
    assert len(set(before.values())) == len(before)
    assert secrets.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["operator_token", "prometheus_token"])
def test_a_token_that_is_replaced_alone_is_said_to_open_nothing_yet(tmp_path, name):
    script, folder = FOLDER / "secrets.sh", tmp_path / "secrets"
    subprocess.run([script, folder], check=True, capture_output=True)
    before = (folder / "api_tokens").read_text()
    (folder / name).unlink()
    told = subprocess.run([script, folder], check=False, capture_output=True, text=True)
    assert (told.returncode, name in told.stderr, "remove api_tokens" in told.stderr) == (
        1,
        True,
        True,
    )
    assert (folder / "api_tokens").read_text() == before

    (folder / "api_tokens").unlink()
    subprocess.run([script, folder], check=True, capture_output=True)
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert digest in (folder / "api_tokens").read_text()


@pytest.mark.parametrize("name", [name for name in OURS if name not in {"prefect", "flow-runs"}])
def test_our_services_run_verbs(name):
    words = words_of(command_of(name))
    if words[0] == "alpha-oracle":
        assert is_verb(words[1:])
    else:
        assert (name, words[0]) == ("deployments", "prefect")


def test_a_wrong_verb_or_option_is_none():
    assert is_verb(["worker", "--supervised"])
    assert not is_verb(["worker", "--unsupervised"])
    assert not is_verb(["db"])
    assert not is_verb(["wrok"])


@pytest.mark.parametrize("name", ALWAYS_ON)
def test_each_always_on_process_has_a_container_that_is_asked_for_its_health(name):
    assert words_of(command_of(name))[:2] == ["alpha-oracle", name]
    check = SERVICES[name]["healthcheck"]["test"]
    assert check[-1] == name or "/healthz" in check[-1]


def test_redis_forgets_nothing_that_it_was_told():
    options = " ".join(words_of(command_of("redis")))
    for wanted in ("--appendonly yes", "--appendfsync everysec", "--maxmemory-policy noeviction"):
        assert wanted in options


def test_prometheus_asks_where_our_processes_answer(secrets):
    asked = {
        target
        for job in yaml.safe_load((FOLDER / "prometheus/prometheus.yml").read_text())[
            "scrape_configs"
        ]
        for target in job["static_configs"][0]["targets"]
    }
    ports = {
        "worker": load_settings(environment_of("worker", secrets)).execution.metrics_port,
        "feed": load_settings(environment_of("feed", secrets)).feed.metrics_port,
        "watch": load_settings(environment_of("watch", secrets)).alerts.metrics_port,
        "api": load_settings(environment_of("api", secrets)).api.port,
    }
    assert asked == {f"{name}:{port}" for name, port in ports.items()} | {"localhost:9090"}
    assert "api" in load_settings(environment_of("api", secrets)).api.allowed_hosts


def test_the_image_is_built_on_a_python_that_the_project_supports():
    bases = {rest.split()[0] for rest in of_word("FROM")}
    (base,) = bases
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-bookworm", base)


def test_the_image_is_built_from_the_locked_libraries():
    lock = tomllib.loads((PROJECT / "uv.lock").read_text())["package"]
    (uv,) = [package["version"] for package in lock if package["name"] == "uv"]
    ran = " && ".join(of_word("RUN", 0))
    assert f'"uv=={uv}"' in ran
    assert ran.count("uv sync --locked --no-dev") == 2
    versions = {package["name"]: package.get("version") for package in lock}
    assert tuple(map(int, versions["fastapi"].split(".")[:2])) < (0, 151)
    assert versions["prefect"].startswith("3.8.")


def test_the_image_runs_as_nobody_who_may_write_to_it():
    (user,) = of_word("USER", 1)
    assert user == SERVICES["worker"]["user"] == "10001:10001"
    assert of_word("VOLUME", 1) == ["/data"]
    assert SERVICES["worker"]["volumes"] == ["home:/data"]
    assert of_word("HEALTHCHECK", 1)
    assert is_verb(json.loads(of_word("CMD", 1)[-1])[1:])


def test_all_that_the_image_copies_is_there_and_is_not_ignored():
    rules = (PROJECT / ".dockerignore").read_text().splitlines()
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    copied = [word for rest in of_word("COPY", 0) for word in rest.split()[:-1]]
    assert set(copied) == set(kept)
    assert all((PROJECT / name).exists() for name in copied)
    assert not any(fnmatch("deployments/secrets", rule) for rule in kept)
