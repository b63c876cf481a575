"""The README's table of settings, its links and its examples, held to the product."""

import re
import tomllib
from enum import Enum
from pathlib import Path

import pytest

from alpha_oracle.config import Settings, parse_settings
from alpha_oracle.config_sections import Section
from tests.readme import PROJECT, README, blocks, sections, settings_of_the_table

TEXT = README.read_text()
HOME = "~/.alpha-oracle"
LINKS = re.compile(r"\]\(([^)#:]+)\)")


def leaves(section, prefix=""):
    """Every key of a tree of settings with its value."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def as_written(value):
    """A value as the table writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return " ".join(value) or "unset"
    if isinstance(value, Path):
        return HOME if value == Path(HOME).expanduser() else str(value)
    return "0" if value == 0 else str(value or "unset")


def test_the_table_holds_every_setting_with_its_default():
    table = settings_of_the_table(sections()["Settings"])
    assert table == {key: as_written(value) for key, value in leaves(Settings())}


def test_every_file_that_is_linked_to_is_there():
    links = LINKS.findall(TEXT)
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []


@pytest.mark.parametrize("example", blocks(TEXT, "toml"), ids=lambda text: text.split("\n")[0])
def test_an_example_of_settings_is_accepted(example):
    tree = tomllib.loads(example)
    if "project" not in tree:
        settings = parse_settings(tree, origin="the README")
        assert settings != Settings()
