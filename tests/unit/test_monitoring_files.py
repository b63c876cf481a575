"""The dashboard and the configurations of Prometheus, as files."""

from collections import Counter
from itertools import combinations

import pytest
import yaml

from alpha_oracle.domain.risk import Severity
from tests.end_to_end.monitoring import DEPLOYMENTS, dashboard, rules

BOARD = dashboard()
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
ROWS = [panel for panel in BOARD["panels"] if panel["type"] == "row"]
UNITS = {"none", "short", "s", "bytes", "percentunit", "currencyUSD", "reqps"}
KINDS = {"stat", "timeseries", "table", "bargauge"}
WIDTH = 24


def the_file(*path):
    return yaml.safe_load(DEPLOYMENTS.joinpath(*path).read_text())


def test_panels_have_ids_of_their_own():
    counts = Counter(panel["id"] for panel in BOARD["panels"])
    assert [one for one, count in counts.items() if count > 1] == []


def test_no_panel_covers_another_or_leaves_the_board():
    for one, other in combinations(BOARD["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        is_beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        is_below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert is_beside or is_below, (one["title"], other["title"])
    assert all(one["gridPos"]["x"] + one["gridPos"]["w"] <= WIDTH for one in BOARD["panels"])


def test_the_board_is_read_from_the_question_to_the_detail():
    assert [row["title"].partition(":")[0] for row in ROWS] == [
        "Is it well?",
        "Trading day",
        "Risk limits beside their bounds",
        "Execution quality",
        "Pipeline and models",
        "Processes",
    ]


@pytest.mark.parametrize("panel", PANELS, ids=lambda one: one["title"])
def test_a_panel_says_what_it_shows_in_which_unit_and_from_where(panel):
    assert panel["type"] in KINDS
    assert panel["description"].endswith(".")
    assert panel["targets"]
    source = {"type": "prometheus", "uid": the_source()["uid"]}
    assert all(one["datasource"] == source for one in (panel, *panel["targets"]))
    assert len({one["refId"] for one in panel["targets"]}) == len(panel["targets"])
    units = set(units_of(panel))
    assert units
    assert units <= UNITS


def units_of(panel):
    """The units of a panel's values; a table has one for each column."""
    defaults = panel["fieldConfig"]["defaults"]
    if "unit" in defaults:
        yield defaults["unit"]
    for override in panel["fieldConfig"]["overrides"]:
        yield from (one["value"] for one in override["properties"] if one["id"] == "unit")


def the_source():
    (source,) = the_file("grafana", "provisioning", "datasources", "prometheus.yml")["datasources"]
    return source


def test_the_dashboard_lies_where_grafana_is_told_to_look():
    (provider,) = the_file("grafana", "provisioning", "dashboards", "alpha-oracle.yml")["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    assert the_source()["type"] == "prometheus"
    assert BOARD["uid"]


def test_both_configurations_ask_the_same_processes_under_the_same_names():
    server, local = (the_file("prometheus", name) for name in ("prometheus.yml", "local.yml"))
    jobs = [[job["job_name"] for job in one["scrape_configs"]] for one in (server, local)]
    assert jobs[0] == jobs[1] == ["api", "worker", "feed", "watch", "prometheus"]
    assert server["rule_files"] == local["rule_files"] == ["alerts.yml"]
    ports = [
        [job["static_configs"][0]["targets"][0].rpartition(":")[2] for job in one["scrape_configs"]]
        for one in (server, local)
    ]
    assert ports[0] == ports[1]


@pytest.mark.parametrize("rule", rules(), ids=lambda one: one["alert"])
def test_a_rule_says_how_bad_it_is_and_what_to_do(rule):
    assert rule["labels"]["severity"] in {one.value for one in Severity}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"].endswith(".")


def test_rules_have_names_of_their_own():
    counts = Counter(rule["alert"] for rule in rules())
    assert [one for one, count in counts.items() if count > 1] == []
