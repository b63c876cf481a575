"""The real Prometheus over processes of ours, with the rules as they are deployed."""

import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import yaml

from tests.end_to_end.monitoring import DEPLOYMENTS, RULES
from tests.end_to_end.trading_world import first
from tests.ports import a_free_port

LOCAL = DEPLOYMENTS / "prometheus" / "local.yml"
BINARY = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")


@dataclass(frozen=True, kw_only=True)
class Prometheus:
    """A server that scrapes every few seconds."""

    url: str

    def result(self, expression):
        """The samples that answer a query now."""
        return self._asked("query", query=expression)["result"]

    def rules(self):
        """The rules, with how their last evaluation went."""
        return [rule for group in self._asked("rules")["groups"] for rule in group["rules"]]

    def _asked(self, path, **parameters):
        url = f"{self.url}/api/v1/{path}"
        answer = httpx.get(url, params=parameters, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@contextmanager
def prometheus(folder, found):
    """Run it as `local.yml` says, with ports and token of an installation, and wait for data."""
    port = a_free_port()
    url = f"http://127.0.0.1:{port}"
    _set_up(folder, found, own=f"127.0.0.1:{port}")
    command = [
        BINARY,
        f"--config.file={folder / 'local.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            server = Prometheus(url=url)
            first(lambda: _is_ready(url))
            # A rate needs two samples of each.
            first(lambda: len(server.result("sum_over_time(up[20s]) >= 2")) == len(found.urls) + 1)
            yield server
        finally:
            process.terminate()


def _set_up(folder, found, *, own):
    shutil.copy(RULES, folder)
    (folder / "token").write_text(found.token)
    config = yaml.safe_load(LOCAL.read_text())
    config["global"] = {"scrape_interval": "5s", "evaluation_interval": "5s"}
    targets = {job: url.removeprefix("http://") for job, url in found.urls.items()}
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [({"prometheus": own} | targets)[job["job_name"]]]}]
    (folder / "local.yml").write_text(yaml.safe_dump(config))


def _is_ready(url):
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
