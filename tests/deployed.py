"""The files that a server is set up from, as tests read them."""

import re
from pathlib import Path

import yaml

from alpha_oracle.config_values import PREFIX

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "deployments"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
SECRETS = "/run/secrets"


def environment_of(name, secrets):
    """What a service is told, its files being where they are on this machine."""
    told = SERVICES[name].get("environment", {})
    here = {key: value.replace(SECRETS, str(secrets)) for key, value in told.items()}
    if f"{PREFIX}CONFIG" in here:
        here[f"{PREFIX}CONFIG"] = str(FOLDER / "alpha_oracle.toml")
    return here


def command_of(name):
    """A service's command, as the container runs it."""
    return [word.replace("$$", "$") for word in SERVICES[name]["command"]]


def instructions():
    """The Dockerfile's instructions: stage, word, rest."""
    text = (FOLDER / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stage, told = -1, []
    for line in filter(None, joined.splitlines()):
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        told.append((stage, word, rest))
    return told


def of_word(word, stage=None):
    """What the instructions of a word say; of one stage, or of all."""
    return [rest for at, one, rest in instructions() if one == word and stage in {None, at}]
