"""No rule of money and no reason of a rejection is without a test that shows it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.unit.execution.rules_of_money import IN_A_DAY, REASONS, RULES

ROOT = Path(__file__).parents[3]
BY_RULE = [
    (path, name) for shown in RULES.values() for path, names in shown.items() for name in names
]


@cache
def collected_from(path):
    """The tests that are collected from a file."""
    source = ROOT / path
    assert source.name.startswith("test_"), f"{path} is collected by nobody"
    tree = ast.parse(source.read_text(encoding="utf-8"))
    return {
        one.name
        for one in tree.body
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    }


def test_there_is_a_test_of_every_rule():
    assert sorted(RULES) == list(range(1, 21))
    assert all(name for shown in RULES.values() for name in shown.values())
    assert all(RULES.values())


@pytest.mark.parametrize(("path", "name"), sorted({*BY_RULE, *REASONS.values()}))
def test_what_shows_a_rule_is_there(path, name):
    assert name in collected_from(path)


def test_each_test_that_names_a_rule_is_in_its_row():
    named = {(int(name.split("_")[2]), name) for name in collected_from(IN_A_DAY)}

    assert named == {(rule, name) for rule in RULES for name in RULES[rule].get(IN_A_DAY, ())}
