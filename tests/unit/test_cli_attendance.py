"""Which command lines say that an operator is there."""

import pytest
from typer.main import get_command

from alpha_oracle.entrypoints.cli.attendance import CHANGING, changing_verb
from alpha_oracle.entrypoints.cli.main import app


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("pipeline run --date 2016-06-01", "pipeline"),
        ("--debug import bars prices.csv", "import"),
        ("models promote ml 3", "models_promote"),
        ("models --json list", None),
        ("train --help", None),
        ("orders", None),
        ("kill activate --confirm KILL", None),
        ("", None),
    ],
)
def test_a_verb_counts_where_it_changes_state(line, verb):
    assert changing_verb(line.split()) == verb


@pytest.mark.parametrize("verb", sorted(CHANGING))
def test_each_verb_that_counts_is_one(verb):
    command = get_command(app)
    for word in verb:
        command = command.commands[word]
    assert command.help
