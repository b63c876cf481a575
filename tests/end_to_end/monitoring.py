"""The queries of alert rules and panels, and the samples that a scrape of processes gives."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import httpx
import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

DEPLOYMENTS = Path(__file__).parents[2] / "deployments"
DASHBOARD = DEPLOYMENTS / "grafana" / "dashboards" / "alpha-oracle.json"
RULES = DEPLOYMENTS / "prometheus" / "alerts.yml"

OF_GRAFANA = {"$account": ".*", "$__rate_interval": "1m"}
"""What Grafana puts in place of its variables."""

OF_PROMETHEUS = (
    ("ALERTS", {"alertname": "ProcessDown", "alertstate": "firing"}),
    ("ALERTS", {"alertname": "ProcessDown", "alertstate": "pending"}),
)
"""What Prometheus makes itself of alert rules."""

NAMED_LABEL = re.compile(r"(?:\{\{\s*|\$labels\.)([a-z_]+)\s*\}\}")


@dataclass(frozen=True, kw_only=True)
class Query:
    """An expression with the labels that its legend or its texts speak of."""

    place: str
    expression: str
    told_labels: frozenset


def rules():
    """The alert rules."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard():
    """The dashboard."""
    return json.loads(DASHBOARD.read_text())


def queries():
    """Everything that is asked of Prometheus."""
    return [*_of_rules(), *_of_panels(), *_of_annotations()]


def _of_rules():
    for rule in rules():
        told = " ".join(rule["annotations"].values())
        yield Query(
            place=f"alert {rule['alert']}",
            expression=rule["expr"],
            told_labels=frozenset(NAMED_LABEL.findall(told)),
        )


def _of_panels():
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield Query(
                place=f"panel {panel['title']} {target['refId']}",
                expression=_filled_in(target["expr"]),
                told_labels=frozenset(NAMED_LABEL.findall(target["legendFormat"])),
            )


def _of_annotations():
    for one in dashboard()["annotations"]["list"]:
        if "expr" in one:
            yield Query(
                place=f"annotation {one['name']}", expression=one["expr"], told_labels=frozenset()
            )


def _filled_in(expression):
    for variable, value in OF_GRAFANA.items():
        expression = expression.replace(variable, value)
    return expression


def scraped(url, *, job, token=None):
    """The samples that a process tells, as name and labels, with those Prometheus adds."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.get(url, headers=headers, trust_env=False, timeout=60)
    answer.raise_for_status()
    added = {"job": job, "instance": httpx.URL(url).netloc.decode()}
    samples = [
        (sample.name, {**sample.labels, **added})
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]
    return [*samples, ("up", added)]


def problems(query, samples):
    """What of a query no sample of these answers."""
    selectors, grouped = _parts(promql_parser.parse(query.expression))
    found = [_matching(selector, samples) for selector in selectors]
    known = set().union(*(one.keys() for labels in found for one in labels))
    unknown = [str(one.name) for one, labels in zip(selectors, found, strict=True) if not labels]
    lacking = (grouped | query.told_labels) - known
    return [*(f"no sample of {name}" for name in unknown), *(f"no label {one}" for one in lacking)]


def _matching(selector, samples):
    return [
        labels
        for name, labels in (*samples, *OF_PROMETHEUS)
        if name == selector.name and all(_is_met(one, labels) for one in selector.matchers.matchers)
    ]


def _is_met(matcher, labels):
    # A pattern may be of what has not happened, like an answer of 500; its label must be there.
    is_equal = matcher.op == promql_parser.MatchOp.Equal
    return labels.get(matcher.name) == matcher.value if is_equal else matcher.name in labels


def _parts(expression):
    selectors, labels = [], set()

    def visit(node):
        match node:
            case promql_parser.VectorSelector():
                selectors.append(node)
            case promql_parser.AggregateExpr() if node.modifier:
                labels.update(node.modifier.labels)
            case promql_parser.BinaryExpr() if node.modifier and node.modifier.matching:
                labels.update(node.modifier.matching.labels)
            case _:
                pass

    promql_parser.walk(expression, visit)
    return selectors, labels
