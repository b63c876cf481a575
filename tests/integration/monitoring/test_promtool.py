"""Prometheus' own tool on the files that are deployed, where there is one."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.monitoring import DEPLOYMENTS, RULES
from tests.end_to_end.prometheus import LOCAL, PROMTOOL

CASES = Path(__file__).with_name("alert_cases.yml")
SERVER = DEPLOYMENTS / "prometheus" / "prometheus.yml"

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="no promtool on PATH")


def promtool(*arguments):
    answer = subprocess.run(
        [PROMTOOL, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return answer.returncode, answer.stdout + answer.stderr


def test_alert_rules_are_accepted():
    code, told = promtool("check", "rules", RULES)
    assert code == 0, told


@pytest.mark.parametrize("config", [LOCAL, SERVER], ids=lambda one: one.name)
def test_configurations_are_accepted(config, tmp_path):
    shutil.copy(RULES, tmp_path)
    token = tmp_path / "token"
    token.write_text("a token")
    text = config.read_text().replace("/run/secrets/prometheus_token", str(token))
    (tmp_path / "prometheus.yml").write_text(text)
    code, told = promtool("check", "config", tmp_path / "prometheus.yml")
    assert code == 0, told


def test_alerts_fire_when_they_should_and_only_then():
    code, told = promtool("test", "rules", CASES)
    assert code == 0, told
