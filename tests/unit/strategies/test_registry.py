from dataclasses import dataclass

import pytest

from alpha_oracle.errors import ConfigurationError
from alpha_oracle.features import registry as feature_registry
from alpha_oracle.strategies import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    name: str = "Candidate"
    min_hold_days: int = 2
    max_hold_days: int = 10
    features: tuple[str, ...] = ()

    def decide(self, market, features):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        pytest.param(Candidate(min_hold_days=1), "min_hold_days must be 2 or more", id="too quick"),
        pytest.param(Candidate(name="MomentumStrategy"), "is registered", id="name taken"),
        pytest.param(
            Candidate(min_hold_days=5, max_hold_days=4), "4 is below min_hold_days 5", id="bounds"
        ),
    ],
)
def test_registration_refuses_what_breaks_a_rule(candidate, message):
    with pytest.raises(ConfigurationError, match=message):
        registry.register(candidate)
    assert candidate not in registry.all()


def test_the_rules_and_the_model_are_registered_by_name():
    names = [strategy.name for strategy in registry.all()]
    assert names == [
        "BreakoutStrategy",
        "MLSignalStrategy",
        "MeanReversionStrategy",
        "MomentumStrategy",
    ]
    assert registry.named("MomentumStrategy").name == "MomentumStrategy"


def test_an_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(ConfigurationError, match="unknown strategy Carry; there are BreakoutStr"):
        registry.named("Carry")


@pytest.mark.parametrize("strategy", registry.all(), ids=lambda strategy: strategy.name)
def test_every_strategy_reads_registered_features(strategy):
    assert len(feature_registry.named(strategy.features)) == len(strategy.features)
