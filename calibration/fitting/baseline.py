"""Fits the baseline of a model's embeddings, and its thresholds on people that the fit has not seen.

Everything that is kept is a statistic of many people: a mean and a covariance, cuts of an isolation forest (one
coordinate each) and weights over random features. No row of ``vectors`` is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.decoys import decoys, separation
from calibration.fitting.forest import fit_forest
from edge.domain.baseline import CHECKS, Baseline, Ellipsoid, OneClassMachine, inwardness
from edge.domain.errors import ConfigError

Vectors = NDArray[np.float32]
Scores = NDArray[np.float64]
People = NDArray[np.int64]

FOLDS = 5
SAMPLES = (256, 1024)  # a tree; 256 is the paper's
GAMMAS = (0.1, 0.25, 0.5, 1.0)  # whitened, an ordinary face is about 1 from the middle
NUS = (0.01, 0.05, 0.2)
FEATURES = 512
SEED = 20261124


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaselineFit:
    """A baseline and how it held on people left out.

    Attributes:
        baseline: fitted on everybody; thresholds from ``held_out``.
        held_out: float64 (n,) scores by check, each from a fit without that person.
        separation: by check, the area under the ROC curve of ``held_out`` against made-up embeddings.
        caught: by check, the share of made-up embeddings below the threshold.
        chosen: the hyperparameters chosen.
    """

    baseline: Baseline
    held_out: Mapping[str, Scores]
    separation: Mapping[str, float]
    caught: Mapping[str, float]
    chosen: Mapping[str, float]


def require_scikit_learn() -> None:
    """Return if baselines can be fitted; to be asked before minutes of work that end in one.

    Raises:
        ConfigError: scikit-learn is not installed.
    """
    try:
        import sklearn  # noqa: F401 - only whether it is there
    except ModuleNotFoundError as error:
        raise ConfigError(
            "fitting baselines needs scikit-learn, which is not installed",
            hint="install the extra: pip install 'edge-gate[calibration]'",
        ) from error


def fit_baseline(model_id: str, vectors: Vectors, people: People, *, share: float) -> BaselineFit:
    """Fit the three parts and choose their hyperparameters by people left out.

    Args:
        model_id: whose embeddings.
        vectors: float32 (n, d) unit rows; pictures that are labeled wrongly or show no face left out.
        people: int64 (n,), who is on each picture.
        share: share of held-out rows that each check may refuse, 0..1.

    Raises:
        ConfigError: scikit-learn is not installed.
        ValueError: fewer people than folds, rows that are not finite, or a share that is none.
    """
    require_scikit_learn()
    if len(np.unique(people % FOLDS)) < FOLDS or vectors.ndim != 2 or len(people) != len(vectors):
        raise ValueError(f"people must cover {FOLDS} folds, one entry a row")
    if not np.isfinite(vectors).all() or not 0 < share < 1:
        raise ValueError("vectors must be finite and the share between 0 and 1")
    ellipsoid = fit_ellipsoid(vectors)
    everybody, folds = ellipsoid.whiten(vectors), _folds(vectors, people)
    choices = {
        "ellipsoid": _choose(share, folds, [({}, lambda _: inwardness)]),
        "forest": _choose(share, folds, [({"samples": n}, _forest_of(n)) for n in SAMPLES]),
        "machine": _choose(
            share, folds, [({"gamma": g, "nu": nu}, _machine_of(g, nu)) for g, nu in product(GAMMAS, NUS)]
        ),
    }
    samples, machine = int(choices["forest"].chosen["samples"]), choices["machine"].chosen
    return BaselineFit(
        baseline=Baseline(
            model_id=model_id,
            ellipsoid=ellipsoid,
            forest=fit_forest(everybody, samples=samples, seed=SEED)[0],
            machine=fit_machine(everybody, gamma=machine["gamma"], nu=machine["nu"])[0],
            thresholds={name: float(np.quantile(choices[name].held_out, share)) for name in CHECKS},
        ),
        held_out={name: choices[name].held_out for name in CHECKS},
        separation={name: choices[name].separation for name in CHECKS},
        caught={name: choices[name].caught for name in CHECKS},
        chosen={f"{name}_{key}": value for name in CHECKS for key, value in choices[name].chosen.items()},
    )


def fit_ellipsoid(vectors: Vectors) -> Ellipsoid:
    """Return mean and whitening of the shrunk covariance (Ledoit and Wolf, 2004) of rows (n, d)."""
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(vectors.astype(np.float64))
    return Ellipsoid(
        mean=fitted.location_.astype(np.float32),
        whitening=(np.linalg.cholesky(fitted.precision_) / np.sqrt(vectors.shape[1])).astype(np.float32),
    )


def fit_machine(vectors: Vectors, *, gamma: float, nu: float) -> tuple[OneClassMachine, Any]:
    """Return the one-class machine of whitened rows (n, d) as arrays, and scikit-learn's own pipeline."""
    from sklearn.kernel_approximation import RBFSampler
    from sklearn.linear_model import SGDOneClassSVM
    from sklearn.pipeline import make_pipeline

    fitted = make_pipeline(
        RBFSampler(gamma=gamma, n_components=FEATURES, random_state=SEED),
        SGDOneClassSVM(nu=nu, average=True, random_state=SEED, max_iter=200, tol=1e-5),
    ).fit(vectors)
    waves, plane = fitted.steps[0][1], fitted.steps[1][1]
    machine = OneClassMachine(
        frequencies=waves.random_weights_.astype(np.float32),
        phases=waves.random_offset_.astype(np.float32),
        weights=plane.coef_.ravel().astype(np.float32),
    )
    return machine, fitted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fold:
    """Rows whitened by an ellipsoid of everybody but the people left out: theirs, and made-up ones of theirs."""

    is_out: NDArray[np.bool_]
    kept: Vectors
    out: Vectors
    made_up: Vectors


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    held_out: Scores
    caught: float
    separation: float
    chosen: Mapping[str, float]


_Score = Callable[[Vectors], Scores]
_Fitter = Callable[[Vectors], _Score]  # of whitened rows


def _forest_of(samples: int) -> _Fitter:
    return lambda white: fit_forest(white, samples=samples, seed=SEED)[0].score


def _machine_of(gamma: float, nu: float) -> _Fitter:
    return lambda white: fit_machine(white, gamma=gamma, nu=nu)[0].score


def _folds(vectors: Vectors, people: People) -> tuple[_Fold, ...]:
    rng = np.random.default_rng(SEED)
    folds = []
    for fold in range(FOLDS):
        is_out = people % FOLDS == fold
        ellipsoid = fit_ellipsoid(vectors[~is_out])
        kept, out, made_up = map(ellipsoid.whiten, (vectors[~is_out], vectors[is_out], decoys(vectors[is_out], rng)))
        folds.append(_Fold(is_out=is_out, kept=kept, out=out, made_up=made_up))
    return tuple(folds)


def _choose(share: float, folds: Sequence[_Fold], fitters: Sequence[tuple[dict[str, float], _Fitter]]) -> _Choice:
    """Return the hyperparameters whose fits catch most made-up embeddings while they refuse ``share`` of people."""
    tried = [_tried(share, folds, chosen, fit) for chosen, fit in fitters]
    return max(tried, key=lambda choice: (choice.caught, choice.separation))


def _tried(share: float, folds: Sequence[_Fold], chosen: Mapping[str, float], fit: _Fitter) -> _Choice:
    held_out = np.empty(len(folds[0].is_out))
    parts = []
    for fold in folds:
        score = fit(fold.kept)
        held_out[fold.is_out] = score(fold.out)
        parts.append(score(fold.made_up))
    made_up = np.concatenate(parts)
    caught = float(np.mean(made_up < np.quantile(held_out, share)))
    return _Choice(held_out, caught, separation(held_out, made_up), chosen)
