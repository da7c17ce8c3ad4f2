"""Fits the baseline of a model's embeddings, and its thresholds on people that the fit has not seen.

Everything that is kept is a statistic of many people: a mean and a covariance, cuts of an isolation forest (one
coordinate each) and weights over random features. No row of ``vectors`` is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.decoys import decoys, separation
from calibration.forest import fit_forest
from edge.domain.baseline import CHECKS, Baseline, Ellipsoid, OneClassMachine
from edge.domain.errors import ConfigError

Vectors = NDArray[np.float32]
Scores = NDArray[np.float64]
People = NDArray[np.int64]

FOLDS = 5
SAMPLES = (256, 1024)  # a tree; 256 is the paper's
GAMMAS = (0.25, 0.5, 1.0, 2.0)  # unit vectors of two people are about sqrt(2) apart
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
        chosen: the hyperparameters chosen.
    """

    baseline: Baseline
    held_out: Mapping[str, Scores]
    separation: Mapping[str, float]
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
    parts: dict[str, _Choice] = {
        "ellipsoid": _choose(vectors, people, [({}, fit_ellipsoid)]),
        "forest": _choose(vectors, people, [({"samples": n}, _forest_of(n)) for n in SAMPLES]),
        "machine": _choose(
            vectors, people, [({"gamma": g, "nu": nu}, _machine_of(g, nu)) for g, nu in product(GAMMAS, NUS)]
        ),
    }
    return BaselineFit(
        baseline=Baseline(
            model_id=model_id,
            ellipsoid=parts["ellipsoid"].part,
            forest=parts["forest"].part,
            machine=parts["machine"].part,
            thresholds={name: float(np.quantile(parts[name].held_out, share)) for name in CHECKS},
        ),
        held_out={name: parts[name].held_out for name in CHECKS},
        separation={name: parts[name].separation for name in CHECKS},
        chosen={f"{name}_{key}": value for name in CHECKS for key, value in parts[name].chosen.items()},
    )


def fit_ellipsoid(vectors: Vectors) -> Ellipsoid:
    """Return mean and whitening of the shrunk covariance (Ledoit and Wolf, 2004) of rows (n, d)."""
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(vectors.astype(np.float64))
    return Ellipsoid(
        mean=fitted.location_.astype(np.float32),
        whitening=np.linalg.cholesky(fitted.precision_).astype(np.float32),
    )


def fit_machine(vectors: Vectors, *, gamma: float, nu: float) -> tuple[OneClassMachine, Any]:
    """Return the one-class machine of rows (n, d) as arrays, and scikit-learn's own pipeline."""
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


@dataclass(frozen=True, slots=True, eq=False)
class _Choice:
    part: Any
    held_out: Scores
    separation: float
    chosen: Mapping[str, float]


_Fitter = Callable[[Vectors], Any]


def _forest_of(samples: int) -> _Fitter:
    return lambda vectors: fit_forest(vectors, samples=samples, seed=SEED)[0]


def _machine_of(gamma: float, nu: float) -> _Fitter:
    return lambda vectors: fit_machine(vectors, gamma=gamma, nu=nu)[0]


def _choose(vectors: Vectors, people: People, fitters: list[tuple[dict[str, float], _Fitter]]) -> _Choice:
    """Return the fit that best sets people left out apart from made-up embeddings, refitted on everybody."""
    tried = [(*_held_out(vectors, people, fit), chosen, fit) for chosen, fit in fitters]
    held_out, auc, chosen, fit = max(tried, key=lambda each: each[1])
    return _Choice(fit(vectors), held_out, auc, chosen)


def _held_out(vectors: Vectors, people: People, fit: _Fitter) -> tuple[Scores, float]:
    scores, made_up = np.empty(len(vectors)), np.empty(len(vectors))
    rng = np.random.default_rng(SEED)
    for fold in range(FOLDS):
        out = people % FOLDS == fold
        part = fit(vectors[~out])
        scores[out] = part.score(vectors[out])
        made_up[out] = part.score(decoys(vectors[out], rng))
    return scores, separation(scores, made_up)
