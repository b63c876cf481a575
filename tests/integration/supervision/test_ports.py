"""Ports that somebody else has, and ports that two of ours would have."""

import os
import socket

import pytest

from alpha_oracle.bootstrap.ports import refuse_taken, wanted_ports
from alpha_oracle.config import parse_settings
from alpha_oracle.errors import ConfigurationError
from tests.ports import a_free_port


def settings(**sections):
    sections.setdefault("api", {"port": a_free_port()})
    return parse_settings(sections, origin="the test")


@pytest.mark.parametrize(
    ("section", "key", "process"),
    [
        ("api", "port", "api"),
        ("execution", "metrics_port", "worker"),
        ("feed", "metrics_port", "feed"),
    ],
)
def test_a_port_taken_is_named_with_its_holder_and_its_setting(section, key, process):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError) as refused:
            refuse_taken(settings(**{section: {key: port}}))
    told = str(refused.value)
    assert f"port {port} on 127.0.0.1, where the {process} is to answer, cannot be had" in told
    assert f"pid {os.getpid()}: " in told
    assert told.endswith(f"set {section}.{key}")


def test_two_settings_with_one_port_are_named():
    port = a_free_port()
    with pytest.raises(ConfigurationError, match=r"api\.port and feed\.metrics_port are both"):
        refuse_taken(settings(api={"port": port}, feed={"metrics_port": port}))


def test_free_ports_are_no_trouble():
    wanted = settings(execution={"metrics_port": a_free_port()})
    assert [one.setting for one in wanted_ports(wanted)] == ["api.port", "execution.metrics_port"]
    refuse_taken(wanted)
