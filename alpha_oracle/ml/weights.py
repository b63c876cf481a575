"""How much each sample counts: once however often its return is seen, and each class alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alpha_oracle.domain.models import ReturnClass

if TYPE_CHECKING:
    from numpy.typing import NDArray


def average_uniqueness(is_used: NDArray[np.bool_], *, horizon: int) -> NDArray[np.float64]:
    """Return each label's average uniqueness, `sessions x symbols`, 0 where none is used.

    The label of session t spans the returns of t+1 to t+`horizon`. A session's uniqueness is one
    over the symbol's labels that span it; a label's is the mean over its sessions (Lopez de Prado
    2018, sections 4.3 and 4.4). Alone it is 1, amid a full overlap 1/`horizon`.
    """
    sessions, symbols = is_used.shape
    # Row s is the session s+1: spanned by the labels of s and of the `horizon` - 1 rows before.
    spanning = np.zeros((sessions + horizon, symbols))
    for ahead in range(horizon):
        spanning[ahead : ahead + sessions] += is_used
    with np.errstate(divide="ignore"):
        share = np.where(spanning > 0.0, 1.0 / spanning, 0.0)
    total = np.zeros(is_used.shape)
    for ahead in range(horizon):
        total += share[ahead : ahead + sessions]
    mean: NDArray[np.float64] = np.where(is_used, total / horizon, 0.0)
    return mean


def class_factors(classes: NDArray[np.int8], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return one factor a class by which weighted classes count alike; 0 for one that is absent.

    `classes` are known, `weights` theirs, of any one shape.
    """
    mass = np.bincount(classes.ravel(), weights.ravel(), minlength=len(ReturnClass))
    present = mass > 0.0
    even = mass.sum() / present.sum()
    factors: NDArray[np.float64] = np.divide(even, mass, out=np.zeros(len(mass)), where=present)
    return factors


def sample_weights(
    classes: NDArray[np.int8], uniqueness: NDArray[np.float64], factors: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return uniqueness times the factor of the class, of mean 1 over the samples.

    `classes` are known, `uniqueness` theirs, of any one shape.
    """
    weights = uniqueness * factors[classes]
    weights /= weights.mean()
    return weights.astype(np.float32)
