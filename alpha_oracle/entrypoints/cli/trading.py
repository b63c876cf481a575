"""What verbs that trade by hand are asked, and how it is read: range, capital, sizing, costs."""

from __future__ import annotations

import json
from datetime import date
from math import inf
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alpha_oracle.domain.backtests import Sizing
from alpha_oracle.domain.market import BPS
from alpha_oracle.entrypoints.cli.options import DAY, parse_day
from alpha_oracle.errors import ConfigurationError

if TYPE_CHECKING:
    from alpha_oracle.domain.walk_forward import Parameter

CAPITAL = 100_000.0
SIZINGS = tuple(sizing.value for sizing in Sizing)

FirstOption = Annotated[
    date | None,
    typer.Option("--start", parser=parse_day, metavar=DAY, help="First session to trade on."),
]
LastOption = Annotated[
    date | None,
    typer.Option("--end", parser=parse_day, metavar=DAY, help="Last session, included."),
]
CapitalOption = Annotated[float, typer.Option("--capital", help="Cash at the start, USD.")]
SizingOption = Annotated[
    str, typer.Option("--sizing", help="half_kelly, or flat_cap: all at the position cap.")
]
WalkForwardOption = Annotated[
    bool, typer.Option("--walk-forward", help="Out of sample, window by window.")
]
SlippageOption = Annotated[
    float | None, typer.Option("--slippage-bps", min=0.0, help="On each side.")
]


def costs_asked(commission: str | None, slippage_bps: float | None) -> dict[str, Any]:
    """Return the fields of a form's costs: those of the settings, but for what is given.

    Raises:
        ConfigurationError: the commission is no amount, or slippage leaves nothing of a sale.
    """
    from alpha_oracle.config import load_settings

    if slippage_bps is not None and not slippage_bps < BPS:
        raise ConfigurationError(f"slippage is {slippage_bps:g} bps; give less than {BPS}")

    costs = load_settings().research.costs.model_dump()
    if commission is not None:
        costs |= {"schedule": "free", "commission_per_share_usd": _usd(commission)}
    if slippage_bps is not None:
        costs["slippage_bps"] = slippage_bps
    return costs


def parsed_sizing(text: str) -> str:
    """Return the sizing a text names.

    Raises:
        ConfigurationError: there is none of that name.
    """
    if text not in SIZINGS:
        raise ConfigurationError(f"sizing {text!r} is unknown; there are {', '.join(SIZINGS)}")
    return text


def parsed_assignment(text: str, *, form: str) -> tuple[str, str]:
    """Return name and value of a text like depth=3, of which `form` tells how it is written.

    Raises:
        ConfigurationError: it is none.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigurationError(f"{text!r} is no parameter; write {form}")
    return name.strip(), value


def parsed_value(text: str) -> Parameter:
    """Return the number, flag or text that stands for a parameter's value.

    Raises:
        ConfigurationError: it is something else.
    """
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = text
    if not isinstance(parsed, bool | int | float | str):
        raise ConfigurationError(f"{text!r}: a parameter is a number, a flag or a text")
    return parsed


def refuse_no_capital(capital: float, *, most: float = inf) -> None:
    """Refuse a capital that buys nothing, or more than `most` USD.

    Raises:
        ConfigurationError: it is not above 0, not finite or above the most.
    """
    if not 0 < capital < inf:
        raise ConfigurationError(f"capital is {capital:g} USD; give more than 0")
    if capital > most:
        raise ConfigurationError(f"capital is {capital:g} USD; give {most:g} at most")


def _usd(text: str) -> float:
    try:
        usd = float(text)
    except ValueError:
        usd = -1.0
    if not 0 <= usd < inf:
        raise ConfigurationError(f"commission {text!r} is no amount; give USD a share, like 0.005")
    return usd
