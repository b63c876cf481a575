"""Models on record, each test stating only what it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime

from alpha_oracle.domain.market import Symbol
from alpha_oracle.domain.models import (
    Contribution,
    FeatureDefinition,
    FeatureDrift,
    Interval,
    ModelHealth,
    ModelRecord,
    ModelStage,
    Prediction,
    ReturnClass,
    SignalExplanation,
    ValidationFigures,
)

TRAINED_AT = datetime(2016, 6, 5, 6, 0, tzinfo=UTC)
SESSION = date(2016, 6, 1)
UNKNOWN = Interval(value=None, low=None, high=None)


def figures(**changes):
    """Figures of a model that passes every gate, but for the fields given."""
    ordinary = ValidationFigures(
        windows=4,
        sessions=504,
        forecasts=50_000,
        accuracy=Interval(value=0.1 + 0.2, low=1 / 3, high=0.5),
        baseline_accuracy=0.3,
        log_loss=1.05,
        baseline_log_loss=1.1,
        log_loss_skill=Interval(value=0.05, low=0.01, high=0.09),
        rank_correlation=Interval(value=0.04, low=0.02, high=0.06),
        raw_calibration_error=0.09,
        calibration_error=0.02,
        trades=321,
        sharpe=Interval(value=1.2, low=0.1, high=2.3),
        baseline_sharpe=0.4,
        advantage=Interval(value=0.12, low=0.02, high=0.22),
        other_sharpes={"MomentumStrategy": 0.7, "BreakoutStrategy": None},
    )
    return replace(ordinary, **changes)


def a_record(model_id="2016-06-01-aaaaaaaa", **changes):
    """A candidate that passed the gate."""
    ordinary = ModelRecord(
        model_id=model_id,
        stage=ModelStage.CANDIDATE,
        trained_at=TRAINED_AT,
        train_start=date(2014, 6, 2),
        train_end=SESSION,
        as_of=TRAINED_AT.replace(day=1),
        code_version="0.1.0+1234",
        parameters={"learning_rate": 0.1, "max_depth": 4, "is_quick": True, "mode": "fast"},
        features=(
            FeatureDefinition(name="rsi_14", definition_hash="ab12", known_fraction=1 / 3),
            FeatureDefinition(name="atr_14", definition_hash="cd34", known_fraction=1.0),
        ),
        validation=figures(),
        refusals=(),
        window_keys=("k1", "k2"),
        terms_key="t1",
        files={"model.ubj": "00" * 32, "training.json": "11" * 32},
    )
    return replace(ordinary, **changes)


def a_prediction(symbol="AAPL", **changes):
    """A forecast of the session for a symbol."""
    ordinary = Prediction(
        session=SESSION,
        symbol=Symbol(symbol),
        model_id="m",
        down=0.1 + 0.2,
        neutral=0.25,
        up=1 / 3,
    )
    return replace(ordinary, **changes)


def an_explanation(signal_id="s", **changes):
    """Why a model forecast UP."""
    ordinary = SignalExplanation(
        signal_id=signal_id,
        model_id="m",
        forecast=ReturnClass.UP,
        confidence=0.1 + 0.5,
        contributions=(
            Contribution(feature="rsi_14", value=None, contribution=-1 / 3),
            Contribution(feature="atr_14", value=1e-300, contribution=0.25),
        ),
    )
    return replace(ordinary, **changes)


def a_health(model_id="m", **changes):
    """A model watched after the session, no horizon being over."""
    ordinary = ModelHealth(
        model_id=model_id,
        session=SESSION,
        features=(
            FeatureDrift(name="rsi_14", psi=1 / 3, ks=0.1, known_fraction=0.9),
            FeatureDrift(name="atr_14", psi=None, ks=None, known_fraction=0.0),
        ),
        outcomes=0,
        accuracy=None,
        baseline_accuracy=None,
        log_loss=None,
        calibration_error=None,
        breaches=("psi of rsi_14 is 0.33, above 0.25",),
    )
    return replace(ordinary, **changes)
