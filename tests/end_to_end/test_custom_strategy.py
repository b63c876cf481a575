"""A user's own strategy, from the README to the ranking, and what a broken one does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.daily_pipeline import daily_pipeline
from tests.end_to_end.command_line import ask_process
from tests.end_to_end.worlds import SESSION, SYMBOLS
from tests.packages import install

README = Path(__file__).parents[2] / "README.md"
OURS = {"BreakoutStrategy", "MLSignalStrategy", "MeanReversionStrategy", "MomentumStrategy"}
LONGEST_EXAMPLE = 30

SEER = """
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from alpha_oracle.strategies.base import decisions


@dataclass(frozen=True, kw_only=True)
class Seer:
    name: ClassVar[str] = "Seer"
    features: ClassVar[tuple[str, ...]] = ()
    min_hold_days: int = 2
    max_hold_days: int = 5

    def decide(self, market, features):
        tomorrow = np.roll(market.close, -1, axis=0)
        rises = tomorrow > market.close
        return decisions(
            market, wanted=rises, strength=np.full(rises.shape, 0.5), exits=~rises
        )
"""

TORN = {"rule": "torn:Rule"}
TIRED = SEER.replace("Seer", "Tired").replace("tomorrow = np", "raise OSError('tired')  # ")


@pytest.fixture(autouse=True)
def flow_runs_are_recorded(prefect_url, monkeypatch):
    """What the command line would start for itself runs already."""
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)


@pytest.fixture
def packages(tmp_path):
    """A folder of packages of a user's own."""
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


def ask_with(packages, world, *arguments):
    """Ask the command line in a process that has a user's packages."""
    return ask_process({**world.environment, "PYTHONPATH": str(packages)}, *arguments)


def files_of_the_readme():
    """The files that the README shows, by the name in their first line."""
    section = README.read_text().split("**A strategy**")[1].split("**A feature**")[0]
    blocks = re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", section, re.DOTALL)
    return dict(blocks)


def install_the_example(sources, packages):
    sources.mkdir()
    for name, text in files_of_the_readme().items():
        (sources / name).write_text(text)
    options = ("--no-deps", "--no-build-isolation", "--offline", "--python", sys.executable)
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [uv, "pip", "install", "--quiet", *options, "--target", packages, sources], check=True
    )


def test_the_example_of_the_readme_is_short():
    lines = files_of_the_readme()["my_rules.py"].splitlines()
    assert 0 < len(lines) < LONGEST_EXAMPLE


def test_the_example_of_the_readme_is_listed_checked_and_ranked(world, packages, tmp_path):
    install_the_example(tmp_path / "sources", packages)

    listed = ask_with(packages, world, "strategies", "list", "--json")
    rows = {row["name"]: row for row in listed.document}
    assert (listed.code, set(rows)) == (0, {*OURS, "QuietRiser"})
    assert rows["QuietRiser"] == {
        "name": "QuietRiser",
        "features": ["momentum_12_1", "realised_volatility_20"],
        "min_hold_days": 5,
        "max_hold_days": 40,
        "parameters": {"max_volatility": 0.5},
        "package": "my-rules 1.0",
        "broken": None,
    }
    assert rows["MomentumStrategy"]["package"] == "alpha-oracle"

    checked = ask_with(packages, world, "strategies", "check", "QuietRiser", "--json")
    assert checked.code == 0
    assert checked.document["is_honest"]
    assert checked.document["entries"] > 100

    ranked = ask_with(packages, world, "rank", "--json")
    assert ranked.code == 0
    ranking = {rank["strategy"]: rank for rank in ranked.document}
    assert set(ranking) == {*OURS, "QuietRiser"}
    assert sorted(rank["rank"] for rank in ranking.values()) == [1, 2, 3, 4, 5]
    assert ranking["QuietRiser"]["trades"] > 0


def test_a_strategy_that_sees_the_future_is_told_when_and_where(world, packages):
    install(packages, "seer", module="seer", source=SEER, entries={"seer": "seer:Seer"})
    checked = ask_with(packages, world, "strategies", "check", "Seer")
    told = re.fullmatch(
        r"Seer sees the future: its wish for (\w+) on (\S+) is another one when the market ends "
        r"on (\S+)\n",
        checked.out,
    )
    assert (checked.code, bool(told)) == (1, True)
    symbol, session, known_to = told.groups()
    assert symbol in SYMBOLS
    assert session == known_to < str(SESSION)


def test_a_broken_package_is_named_and_what_to_mend(world, packages):
    install(packages, "torn", module="torn", source="import nowhere_at_all", entries=TORN)
    reason = (
        "importing it failed with ModuleNotFoundError: No module named 'nowhere_at_all'; "
        "mend the package, or uninstall it"
    )
    text = f"strategy rule = torn:Rule of package torn 1.0: {reason}"

    listed = ask_with(packages, world, "strategies", "list", "--json")
    assert listed.code == 1
    assert {row["name"] for row in listed.document if not row["broken"]} == OURS
    [broken] = [row for row in listed.document if row["broken"]]
    assert (broken["package"], broken["broken"]) == ("torn 1.0", reason)

    for question in (("rank",), ("strategies", "check", "Rule")):
        refused = ask_with(packages, world, *question)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.splitlines()[-1].startswith("alpha-oracle: ")
        assert text in refused.err.splitlines()[-1]

    [finding] = [
        row
        for row in ask_with(packages, world, "doctor", "--json").document
        if row["check"] == "strategies"
    ]
    assert finding == {"check": "strategies", "ok": False, "finding": text}


def test_a_broken_package_stops_no_daily_run_and_is_on_its_record(world, packages):
    whole = daily_pipeline()
    install(packages, "torn", module="torn", source="import nowhere_at_all", entries=TORN)
    run = ask_with(packages, world, "pipeline", "--date", whole.session, "--force", "--json")
    assert run.code == 0
    assert run.document["digest"] == whole.publication.digest
    assert (
        "strategy rule = torn:Rule of package torn 1.0: importing it failed"
        in (run.document["facts"]["strategies left out"])
    )
    assert "strategies left out" not in whole.facts


def test_a_strategy_that_fails_while_deciding_fails_the_run_by_name(world, packages):
    install(packages, "tired", module="tired", source=TIRED, entries={"tired": "tired:Tired"})
    ranked = ask_with(packages, world, "rank")
    assert (ranked.code, ranked.out) == (2, "")
    assert ranked.err.splitlines()[-1] == (
        "alpha-oracle: Tired.decide failed with OSError: tired; mend it, or uninstall its package"
    )
