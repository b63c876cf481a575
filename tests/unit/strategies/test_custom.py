import sys
from textwrap import indent

import pytest

from alpha_oracle.strategies.custom import discover
from tests.packages import install

WHOLE = """
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Mine:
    name: ClassVar[str] = "Mine"
    features: ClassVar[tuple[str, ...]] = ("rsi_2",)
    window: int = 5
    min_hold_days: int = 2
    max_hold_days: int = 10

    def decide(self, market, features):
        raise NotImplementedError
"""


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A function that installs a package of one module, which is forgotten after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def add(source, *, module="mine", distribution="my-rules", point="mine", value="mine:Mine"):
        install(tmp_path, distribution, module=module, source=source, entries={point: value})

    yield add
    for name in set(sys.modules) - before:
        del sys.modules[name]


def reason_of(found):
    """The one thing that is broken, nothing else being found."""
    usable, [broken] = found
    assert usable == []
    return broken


def test_a_strategy_of_another_package_is_found_with_its_origin(packages):
    packages(WHOLE)
    [found], broken = discover(taken=())
    assert (found.strategy.name, found.strategy.window) == ("Mine", 5)
    assert (found.origin, found.entry_point) == ("my-rules 1.0", "mine = mine:Mine")
    assert broken == []


def test_without_packages_there_is_nothing():
    assert discover(taken=()) == ([], [])


def changed(old, new):
    assert WHOLE.count(old) == 1, old
    return WHOLE.replace(old, new)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "import nothing_of_that_name",
            "importing it failed with ModuleNotFoundError: No module named 'nothing_of_that_name'; "
            "mend the package, or uninstall it",
            id="import error",
        ),
        pytest.param("raise SystemExit(3)", "failed with SystemExit: 3", id="exits when imported"),
        pytest.param("class Mine", "failed with SyntaxError", id="no Python"),
        pytest.param("x = 1", "AttributeError: module 'mine' has no attribute", id="not there"),
        pytest.param("Mine = 3", "it is 3; name a class", id="no class"),
        pytest.param("class Mine:\n    pass", "no frozen dataclass; decorate it", id="plain class"),
        pytest.param(changed("frozen=True, ", ""), "no frozen dataclass", id="not frozen"),
        pytest.param(
            WHOLE + "    def informed_by(self, forecast):\n        return self\n",
            "Mine has a method informed_by, but models inform our own strategy alone",
            id="asks for forecasts",
        ),
        pytest.param(
            changed("window: int = 5", "window: int"),
            "Mine() failed with TypeError: Mine.__init__() missing 1 required keyword-only",
            id="no default",
        ),
        pytest.param(changed('= ("rsi_2",)', "= ()\n    del features"), "has no features", id="-"),
        pytest.param(changed('= "Mine"', "= 3"), "name is 3; expected str", id="name no text"),
        pytest.param(
            changed('= "Mine"', '= "My rule!"'), "name is 'My rule!'; expected up to", id="name"
        ),
        pytest.param(
            changed('("rsi_2",)', '["rsi_2"]'), "['rsi_2']; expected tuple", id="features a list"
        ),
        pytest.param(changed('"rsi_2"', "2"), "expected their names", id="features no names"),
        pytest.param(
            changed("rsi_2", "rsi_two"), "Mine: unknown features: rsi_two", id="unknown feature"
        ),
        pytest.param(
            changed("min_hold_days: int = 2", "min_hold_days: int = 1"),
            "min_hold_days must be 2 or more",
            id="too quick",
        ),
        pytest.param(
            changed("max_hold_days: int = 10", "max_hold_days: int = 253"),
            "max_hold_days must be 252 or less",
            id="too long",
        ),
        pytest.param(
            changed("max_hold_days: int = 10", "max_hold_days: float = 10.0"),
            "max_hold_days is 10.0; expected int",
            id="bound no int",
        ),
        pytest.param(
            changed("max_hold_days: int = 10", "max_hold_days: int = True"),
            "max_hold_days is True; expected int",
            id="bound a flag",
        ),
        pytest.param(
            changed("def decide(", "def decided("), "Mine has no method decide", id="no rule"
        ),
        pytest.param(
            WHOLE + indent("\ndef __post_init__(self):\n    raise ValueError('never')", "    "),
            "Mine() failed with ValueError: never",
            id="refuses itself",
        ),
    ],
)
def test_what_is_no_strategy_is_kept_with_the_reason(packages, source, message):
    packages(source)
    broken = reason_of(discover(taken=()))
    assert message in broken.reason
    assert broken.text.startswith("strategy mine = mine:Mine of package my-rules 1.0: ")


def test_a_broken_package_leaves_the_others_usable(packages):
    packages("1 / 0", module="bad", distribution="bad-rules", point="bad", value="bad:Rule")
    packages(WHOLE)
    [found], [broken] = discover(taken=())
    assert (found.strategy.name, broken.origin) == ("Mine", "bad-rules 1.0")


def test_a_name_of_ours_is_not_free(packages):
    packages(WHOLE)
    broken = reason_of(discover(taken={"Mine"}))
    assert broken.reason == "its name Mine is that of alpha-oracle itself too; rename one"


def test_of_two_that_claim_a_name_neither_is_used(packages):
    packages(WHOLE)
    packages(WHOLE, module="theirs", distribution="theirs", point="a", value="theirs:Mine")
    usable, broken = discover(taken=())
    assert usable == []
    assert [one.reason for one in broken] == [
        f"its name Mine is that of {rival} too; rename one"
        for rival in ("mine = mine:Mine of my-rules 1.0", "a = theirs:Mine of theirs 1.0")
    ]
