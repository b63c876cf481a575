"""What the README says that a test can hold to the product: its blocks, commands and settings."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[1]
README = PROJECT / "README.md"

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = "console"
KEYS_AND_DEFAULTS = re.compile(r"^\| (`.+?`) \| (`.+?`) \| .*\|$", re.MULTILINE)


def sections(text=None):
    """The text below each heading of the second degree, by heading."""
    _, *parts = re.split(r"^## (.+)\n", text or README.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def blocks(text, language):
    """The code blocks of a language, in order."""
    return [body for name, body in BLOCK.findall(text) if name == language]


def commands(text):
    """The commands of the console blocks, in order: lines continued are one, comments are none."""
    lines = "".join(blocks(text, CONSOLE)).replace("\\\n", "").splitlines()
    found = (re.sub(r"(^|\s+)#\s.*$", "", line).strip() for line in lines)
    return [" ".join(command.split()) for command in found if command]


def settings_of_the_table(text):
    """The default of each key of the table of settings, both as they are written there.

    A key that begins with a dot goes on with the section of the key before; one default counts
    for all keys of a row.
    """
    found = {}
    for keys, defaults in KEYS_AND_DEFAULTS.findall(text):
        names, values = re.findall(r"`(.+?)`", keys), re.findall(r"`(.+?)`", defaults)
        values = values * len(names) if len(values) == 1 else values
        section = ""
        for name, value in zip(names, values, strict=True):
            key = f"{section}{name}" if name.startswith(".") else name
            section = key.rpartition(".")[0]
            assert key not in found, f"{key} is in the table twice"
            found[key] = value
    return found
