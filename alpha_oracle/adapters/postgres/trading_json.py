"""Verdicts and what they looked at as JSON that keeps every digit of a decimal."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from alpha_oracle.domain.risk import RiskAction, RiskCheckResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alpha_oracle.domain.risk import Measure


# Checks and what they look at have few names, which every order says anew.
_named: Final = lru_cache(maxsize=1_024)(json.dumps)


def encode_measures(measures: Mapping[str, Measure]) -> str:
    """Return what a check looked at as a JSON object; a decimal that is no number is its name."""
    parts = [f"{_named(name)}:{_measure(value)}" for name, value in measures.items()]
    return f"{{{','.join(parts)}}}"


def decode_measures(text: str) -> dict[str, Measure]:
    """Return what was encoded: a number with a point was a decimal, one without an integer."""
    measures: dict[str, Measure] = json.loads(text, parse_float=Decimal)
    return measures


def encode_verdicts(verdicts: Iterable[RiskCheckResult]) -> str:
    """Return verdicts as a JSON array, in their order; what a verdict leaves empty is left out."""
    return f"[{','.join([_verdict(verdict) for verdict in verdicts])}]"


def decode_verdicts(text: str) -> tuple[RiskCheckResult, ...]:
    """Return the verdicts that were encoded."""
    return tuple(_to_verdict(document) for document in json.loads(text, parse_float=Decimal))


def _verdict(verdict: RiskCheckResult) -> str:
    text = _begun(verdict.check, verdict.action, verdict.reason)
    if verdict.measured is not None:
        text += f',"measured":{_decimal(verdict.measured)}'
    if verdict.bound is not None:
        text += f',"bound":{_decimal(verdict.bound)}'
    if verdict.quantity is not None:
        text += f',"quantity":{verdict.quantity}'
    if verdict.missing:
        text += f',"missing":{json.dumps(verdict.missing)}'
    if verdict.inputs:
        text += f',"inputs":{encode_measures(verdict.inputs)}'
    return text + "}"


@lru_cache(maxsize=1_024)
def _begun(check: str, action: RiskAction, reason: str) -> str:
    # What lets an order pass says the same of every order.
    begun = f'{{"check":{json.dumps(check)},"action":"{action.value}"'
    return f'{begun},"reason":{json.dumps(reason)}' if reason else begun


def _measure(value: Measure) -> str:
    return _decimal(value) if isinstance(value, Decimal) else json.dumps(value)


def _decimal(value: Decimal) -> str:
    text = str(value)
    if "." in text:
        return text
    if not value.is_finite():
        return json.dumps(text)
    # A decimal without a point would be read back as an integer.
    return text if "E" in text else f"{text}.0"


def _to_verdict(document: dict[str, Any]) -> RiskCheckResult:
    known = {**document, "action": RiskAction(document["action"])}
    known["missing"] = tuple(document.get("missing", ()))
    for name in ("measured", "bound"):
        # A decimal that was no number was kept by its name.
        if isinstance(known.get(name), str):
            known[name] = Decimal(known[name])
    return RiskCheckResult(**known)
