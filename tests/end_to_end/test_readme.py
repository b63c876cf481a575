"""Every command that the README shows is run: here, or by the test that is named here."""

import ast
import os
import re
import shlex
import subprocess

import pytest

from alpha_oracle.config import load_settings
from tests.end_to_end.api_clients import OPERATOR, api_here
from tests.end_to_end.command_line import ask
from tests.end_to_end.worlds import SYMBOLS
from tests.ports import a_free_port
from tests.readme import PROJECT, README, blocks, commands, sections

DATA = PROJECT / "deployments" / "data.md"
TEXT, DATA_TEXT = README.read_text(), DATA.read_text()
OF_PRODUCT = "alpha-oracle "
API = "http://127.0.0.1:8000"
EXAMPLE = "return_10"

HERE = "tests/end_to_end/test_readme.py"
UP = "tests/end_to_end/test_cli_up.py::test_up_runs_everything_once_and_down_leaves_nothing"
CUSTOM = "tests/end_to_end/test_custom_strategy.py"
OPERATING = "tests/end_to_end/test_cli_operating.py"
MODELS = "tests/end_to_end/test_cli_models.py"
REFERENCE = "tests/end_to_end/test_cli_reference.py"
REAL_FILES = f"{REFERENCE}::test_real_filings_positions_and_levels_come_in_by_hand"

RUN_BY = {
    "make demo": f"{HERE}::test_make_demo_is_the_demo",
    "make test": f"{HERE}::test_make_test_is_every_check_and_every_test",
    'export PATH="$PWD/.venv/bin:$PATH" ALPHA_ORACLE_HOME=~/.alpha-oracle/demo': (
        f"{HERE}::test_what_the_tour_exports_names_the_command_and_the_demo"
    ),
    "unset ALPHA_ORACLE_HOME": (
        f"{HERE}::test_what_the_tour_exports_names_the_command_and_the_demo"
    ),
    'curl -H "Authorization: Bearer $(cat ~/.alpha-oracle/api_token)"'
    f" {API}/api/positions": f"{HERE}::test_the_api_answers_the_call_by_curl",
    f".venv/bin/pytest -n 0 -k {EXAMPLE} tests/unit/features": (
        f"{HERE}::test_the_feature_of_the_example_is_tried_by_the_command_beside_it"
    ),
    ".venv/bin/pytest -n 0 tests/contracts/test_bar_source.py": (
        "tests/contracts/test_bar_source.py::test_rows_ascend_by_symbol_then_session"
    ),
    "alpha-oracle up": UP,
    "alpha-oracle status": UP,
    "alpha-oracle down": UP,
    ".venv/bin/python -m pip install ./my-rules": (
        f"{CUSTOM}::test_the_example_of_the_readme_is_listed_checked_and_ranked"
    ),
    "alpha-oracle strategies check QuietRiser": (
        f"{CUSTOM}::test_the_example_of_the_readme_is_listed_checked_and_ranked"
    ),
    "alpha-oracle approvals approve ID": f"{OPERATING}::test_an_order_that_waits_is_decided_once",
    "alpha-oracle kill resume --confirm RESUME": (
        f"{OPERATING}::test_a_resume_waits_for_the_cool_down_its_word_and_a_green_reconciliation"
    ),
    "alpha-oracle reconcile show": f"{OPERATING}::test_the_reconciliation_is_shown_by_symbol",
    "alpha-oracle risk transfer 2500 --confirm TRANSFER": (
        f"{OPERATING}::test_what_is_asked_of_the_worker_is_on_record_and_audited"
    ),
    "alpha-oracle train": (
        "tests/end_to_end/test_cli_train.py"
        "::test_a_model_goes_from_its_training_to_an_explained_signal_and_back"
    ),
    "alpha-oracle models promote ID": f"{MODELS}::test_a_model_that_passed_the_gate_is_put_to_use",
    "alpha-oracle models rollback": f"{MODELS}::test_a_rollback_returns_to_the_model_before",
    "alpha-oracle models explain SIGNAL_ID": (
        f"{MODELS}::test_a_signal_is_explained_by_what_moved_its_forecast"
    ),
    "alpha-oracle import fundamentals statements.csv": (
        f"{REFERENCE}::test_what_was_known_shows_in_the_features_of_that_instant"
    ),
    "alpha-oracle import insiders forms/ --covers-from 2020-01-02": REAL_FILES,
    "alpha-oracle import short-interest shrt20210715.csv": REAL_FILES,
    "alpha-oracle import volatility VIX_History.csv": REAL_FILES,
}
"""The test that runs a command in a setting of its own, or as long as it takes."""

FILES = {
    "members.csv": (
        "ticker,start_date,end_date",
        *(f"{symbol},2016-01-04," for symbol in (*SYMBOLS, "AAA")),
    ),
    "sectors.csv": ("symbol,sector", "AAA,Energy"),
    "prices/AAA.csv": (
        "symbol,date,open,high,low,close,volume",
        "AAA,2019-11-26,10,10.5,9.5,10.2,90000",
        "AAA,2019-11-27,10.2,10.4,10,10.3,80000",
    ),
    "actions.csv": ("symbol,ex_date,type,value", "AAA,2019-11-27,dividend,0.1"),
    "orders.csv": ("session,symbol,side,quantity", "2019-11-25,SYN001,BUY,10"),
}
"""What the commands read."""

SECTIONS = {f"README: {name}": text for name, text in sections(TEXT).items()} | {
    f"data.md: {name}": text for name, text in sections(DATA_TEXT).items()
}


def run_here(text):
    """The commands of a text that no other test runs."""
    return [command for command in commands(text) if command not in RUN_BY]


@pytest.fixture
def installation(world, prefect_url, tmp_path, monkeypatch):
    """An installation on the small market, in a folder with the files that commands read."""
    folder = tmp_path / "folder"
    for name, lines in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*lines, ""]))
    monkeypatch.chdir(folder)
    # What the command line would start for itself runs already.
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)
    monkeypatch.setenv("ALPHA_ORACLE_API__PORT", str(a_free_port()))
    return world


def shell(command, *, environment=None):
    """What a command says to a shell in the project's folder."""
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=PROJECT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("section", [name for name, text in SECTIONS.items() if run_here(text)])
def test_the_commands_of_a_section_do_their_work_one_after_the_other(section, installation):
    for command in run_here(SECTIONS[section]):
        assert command.startswith(OF_PRODUCT), f"nobody runs {command}"
        answer = ask(*shlex.split(command)[1:])
        assert (answer.code, bool(answer.out)) == (0, True), f"{command}\n{answer.err}{answer.out}"


def test_every_row_of_the_table_is_a_command_that_is_shown():
    assert RUN_BY.keys() - {*commands(TEXT), *commands(DATA_TEXT)} == set()


@pytest.mark.parametrize(("command", "test"), RUN_BY.items())
def test_the_test_that_is_named_exists_and_knows_the_command(command, test):
    name, _, function = test.partition("::")
    source = (PROJECT / name).read_text()
    defined = [one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)]
    assert function in {one.name for one in defined}
    if command.startswith(OF_PRODUCT):
        verb = re.match(r"alpha-oracle ([a-z]+)(?: ([a-z-]+)(?= |$))?", command)
        assert all(f'"{word}"' in source for word in verb.groups() if word)


def made(target):
    """The commands a target of the Makefile stands for, also where the tests are one."""
    alone = {"MAKEFLAGS": "", "MAKELEVEL": "0"}
    return shell(f"make --dry-run --no-print-directory {target}", environment=alone).splitlines()


def test_make_demo_is_the_demo():
    assert made("demo")[-1] == ".venv/bin/alpha-oracle demo"


def test_make_test_is_every_check_and_every_test():
    *_, ruff, formatted, mypy, imports, tests = made("test")
    assert [ruff, formatted] == [".venv/bin/ruff check .", ".venv/bin/ruff format --check ."]
    assert [mypy, imports] == [".venv/bin/mypy", ".venv/bin/lint-imports"]
    assert tests == '.venv/bin/pytest -n 2 -m "not benchmark"'


def test_what_the_tour_exports_names_the_command_and_the_demo(tmp_path):
    [begin] = [one for one in commands(TEXT) if one.startswith("export ")]
    [finish] = [one for one in commands(TEXT) if one.startswith("unset ")]
    home = 'echo "${ALPHA_ORACLE_HOME-unset}"'
    told = shell(
        f"{begin}; command -v alpha-oracle; {home}; {finish}; {home}",
        environment={"HOME": str(tmp_path)},
    )
    command, *homes = told.splitlines()
    assert command == f"{PROJECT}/.venv/bin/alpha-oracle"
    assert homes == [f"{tmp_path}/.alpha-oracle/demo", "unset"]


def test_the_api_answers_the_call_by_curl(operated, tmp_path):
    [command] = [one for one in commands(TEXT) if one.startswith("curl ")]
    token = tmp_path / ".alpha-oracle" / "api_token"
    token.parent.mkdir()
    token.write_text(OPERATOR)
    with api_here() as url:
        assert API in command
        called = command.replace(API, url)
        told = shell(called, environment={"HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"})
    assert told == '{"items":[],"next":null}'
    assert f"http://{load_settings().api.host}:{load_settings().api.port}" == API


@pytest.mark.slow
def test_the_feature_of_the_example_is_tried_by_the_command_beside_it(tmp_path):
    [example] = [one for one in blocks(TEXT, "python") if EXAMPLE in one]
    module = PROJECT / example.splitlines()[0].removeprefix("# ")
    head, _, _ = module.read_text().partition("@feature(")
    (tmp_path / "example.py").write_text(f"{head}{example}")
    [command] = [one for one in commands(TEXT) if EXAMPLE in one]
    environment = {"PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": "-p example -p no:cacheprovider"}
    told = shell(command, environment=environment)
    assert int(re.search(r"(\d+) passed", told).group(1)) > 5
