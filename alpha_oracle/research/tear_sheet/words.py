"""Figures in words: one way to write a number, everywhere on the page."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "\N{EN DASH}"
SPACE: Final = "\N{NO-BREAK SPACE}"
"""Between a number and its unit."""

LEAST_PCT: Final = 0.1
MINUS: Final = "\N{MINUS SIGN}"


def number(value: float | None, *, digits: int = 2, signed: bool = False) -> str:
    """Return a number with thousands apart; a dash where there is none."""
    if value is None:
        return UNKNOWN
    written = f"{value:{'+' if signed else ''},.{digits}f}"
    if not any(character in "123456789" for character in written):
        return written.lstrip("+-")
    return written.replace("-", MINUS)


def percent(value: float | None, *, digits: int = 1, signed: bool = False) -> str:
    """Return percent points; a dash where there are none."""
    return value_with(number(value, digits=digits, signed=signed), "%")


def chance(probability: float | None) -> str:
    """Return a probability (0 to 1) in percent; what is all but certain is not called certain."""
    if probability is None:
        return UNKNOWN
    points = probability * 100
    if points < LEAST_PCT:
        return f"< {percent(LEAST_PCT)}"
    return f"> {percent(100 - LEAST_PCT)}" if points > 100 - LEAST_PCT else percent(points)


def chance_said(probability: float) -> str:
    """Return a probability (0 to 1) for use in a sentence."""
    return chance(probability).replace("<", "less than").replace(">", "more than")


def usd(value: float | None, *, signed: bool = False) -> str:
    """Return whole dollars; a dash where there are none."""
    return value_with(number(value, digits=0, signed=signed), "USD")


def count(many: int, noun: str, *, plural: str = "") -> str:
    """Return how many of something: 1 trade, 1,204 trades."""
    return f"{many:,} {noun if many == 1 else plural or noun + 's'}"


def value_with(written: str, unit: str) -> str:
    """Return a written number and its unit, or the dash alone."""
    return written if written == UNKNOWN else f"{written}{SPACE}{unit}"


def begun(said: str) -> str:
    """Return what is said with a capital to begin with."""
    return said[:1].upper() + said[1:]
