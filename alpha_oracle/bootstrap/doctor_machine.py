"""What an installation needs of its machine: packages, home, disk, time zones, time and ports."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import requests
from packaging.requirements import Requirement

from alpha_oracle.bootstrap.ports import shared, trouble_with, wanted_ports
from alpha_oracle.bootstrap.presence import is_present
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from alpha_oracle.config import Settings

PACKAGE: Final = "alpha-oracle"
OLDEST_PYTHON: Final = (3, 11)
NEWEST_PYTHON: Final = (3, 13)
NEW_YORK: Final = "America/New_York"
SUMMER: Final = datetime(2025, 7, 1, tzinfo=UTC)
WINTER: Final = datetime(2025, 1, 2, tzinfo=UTC)
SUMMER_OFFSET: Final = timedelta(hours=-4)
WINTER_OFFSET: Final = timedelta(hours=-5)
NEEDED_BYTES: Final = 500_000_000
COMFORTABLE_BYTES: Final = 5_000_000_000
MAX_SKEW: Final = timedelta(seconds=5)
"""Quotes and heartbeats are seconds old; a clock that is off by more makes them stale or future."""

ASKED_SECONDS: Final = 3.0
OTHERS: Final = 0o077
OTHERS_WRITE: Final = 0o022


def check_packages(_settings: Settings) -> str:
    """Check Python and that each package is one this version works with."""
    here = sys.version_info[:2]
    if not OLDEST_PYTHON <= here <= NEWEST_PYTHON:
        raise ConfigurationError(
            f"Python {here[0]}.{here[1]} runs, 3.11 to 3.13 are needed; make the environment anew "
            "with one of them"
        )
    wrong = list(_wrong_packages(requires(PACKAGE) or ()))
    if wrong:
        raise ConfigurationError(
            f"{'; '.join(wrong)}; install what is locked (`uv sync --locked`) or these versions"
        )
    return f"Python {here[0]}.{here[1]}, {PACKAGE} {version(PACKAGE)}, its packages fit"


def _wrong_packages(texts: Iterable[str]) -> Iterator[str]:
    for requirement in map(Requirement, texts):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield f"{requirement.name} is not installed"
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} {found} is installed, {requirement.specifier} is needed"


def check_home(settings: Settings) -> str:
    """Check that home can be written, and that nobody else can read what is secret in it."""
    home = settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"{home} cannot be written ({error.strerror}); make it writable or set "
            "ALPHA_ORACLE_HOME to another folder"
        ) from None
    open_ones = list(_open_to_others(home))
    if open_ones:
        raise ConfigurationError("; ".join(open_ones))
    return f"{home} can be written, and its secrets are this user's alone"


def _open_to_others(home: Path) -> Iterator[str]:
    if home.stat().st_mode & OTHERS_WRITE:
        yield f"other users may write in {home}; `chmod go-w {home}`"
    for path in (home / "api_token", home / "alpha_oracle.toml"):
        with suppress(FileNotFoundError):
            if path.stat().st_mode & OTHERS:
                yield f"other users may read {path}; `chmod 600 {path}`"


def check_disk(settings: Settings) -> str:
    """Check that the disk of home has room for stores, logs and the feature cache."""
    free = shutil.disk_usage(settings.home).free
    told = f"{free / 1e9:,.1f} GB are free on the disk of {settings.home}"
    if free < NEEDED_BYTES:
        raise ConfigurationError(
            f"{told}, {NEEDED_BYTES / 1e9:g} GB at least are needed; free some, or set "
            "ALPHA_ORACLE_HOME to a folder on another disk"
        )
    if free < COMFORTABLE_BYTES:
        return f"{told}; REMARK: features.cache_max_mib alone may take more"
    return told


def check_time_zones(_settings: Settings) -> str:
    """Check that New York's time is known: sessions, schedules and the window hang on it."""
    try:
        zone = ZoneInfo(NEW_YORK)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"the time zone {NEW_YORK} is not known ({error}); install the package tzdata"
        ) from None
    offsets = (SUMMER.astimezone(zone).utcoffset(), WINTER.astimezone(zone).utcoffset())
    if offsets != (SUMMER_OFFSET, WINTER_OFFSET):
        raise ConfigurationError(
            f"the data of the time zone {NEW_YORK} is wrong (offsets {offsets[0]} and "
            f"{offsets[1]} where -4 and -5 hours are right); update tzdata, unset PYTHONTZPATH"
        )
    return f"{NEW_YORK} is known, with its summer time"


def check_clock(settings: Settings) -> str:
    """Compare the clock with the Internet's, where that can be asked."""
    if settings.clock.start_at is not None:
        return f"a rehearsal: time is pinned by clock.start_at {settings.clock.start_at}"
    url = settings.data.cboe.base_url
    try:
        before = datetime.now(UTC)
        answer = requests.head(url, timeout=ASKED_SECONDS)
        told = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (requests.RequestException, KeyError, ValueError, TypeError):
        return f"nothing to compare it with: {url} does not answer"
    after = datetime.now(UTC)
    # The header has whole seconds, and the answer took its time.
    skew = max(before - told - timedelta(seconds=1), told - after, timedelta(0))
    if skew > MAX_SKEW:
        raise ConfigurationError(
            f"the clock is off by {skew.total_seconds():,.0f} s (here {after:%H:%M:%S}, {url} says "
            f"{told:%H:%M:%S} UTC); set it, and keep it with NTP (`timedatectl set-ntp true`)"
        )
    return f"the clock agrees with {url}"


def check_ports(settings: Settings) -> str:
    """Check that every port our processes will listen on is theirs or free."""
    ports = wanted_ports(settings)
    troubles = shared(ports)
    for one in ports:
        # A process of ours that runs has it.
        if not is_present(settings.home, one.process):
            troubles += [trouble] if (trouble := trouble_with(one)) else []
    if troubles:
        raise ConfigurationError("; ".join(troubles))
    told = ", ".join(f"{one.setting} {one.port}" for one in ports)
    return f"free, or used by this installation: {told}"
