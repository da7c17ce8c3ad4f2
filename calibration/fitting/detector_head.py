"""Fits the learned head: genuine attempts of split A against attacks on people of split A that would be grants.

Only would-be grants teach it and only they are counted: the gate asks no defense about any other picture, and a head
that recognizes pictures which do not match anyway would look good and be worth nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.agreement import FOLDS
from calibration.fitting.attack_evidence import AttackEvidence, Values
from calibration.fitting.attempts import Attempts
from edge.defenses.evidence_vector import LEARNED, Columns, Measurements, evidence_columns, evidence_names
from edge.domain.detector_head import DetectorHead
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint

STRENGTH = 1.0
"""Inverse of the ridge penalty, scikit-learn's C, of standardized numbers."""
FEWEST_ATTACKS = 20
"""Would-be grants that a head is fitted on; of fewer, every fold would hold one or two."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Genuine:
    """Genuine attempts as a head sees them.

    Attributes:
        columns: float64 (n,) by name; what others learned from people as said by fits without that person.
        owners: int64 (n,), who came.
    """

    columns: Columns
    owners: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadFit:
    """A head and how it held on people left out.

    Attributes:
        head: fitted on everybody; its threshold is still to be shared out.
        held_out: float64 (n,), the score of every genuine attempt, from a head without that person.
        attacks: how many would-be grants it learned from.
    """

    head: DetectorHead
    held_out: Values
    attacks: int


def genuine_columns(attempts: Attempts, learned: Columns, caps: Mapping[str, float]) -> Columns:
    """Return the columns of genuine attempts.

    Args:
        attempts: what was measured.
        learned: float64 (n,) by check, ``agreement`` and those of the baselines.
        caps: most that a score counts as, by model id.
    """
    found = Measurements(
        plain=attempts.plain,
        random=attempts.random,
        shifts=attempts.shifts,
        agreement=learned["agreement"],
        baselines={f"{check} {m}": learned[f"{check} {m}"] for m in attempts.plain for check in LEARNED},
    )
    return evidence_columns(found, caps)


def would_be_granted(evidence: AttackEvidence, point: MatchPoint) -> AttackEvidence:
    """Return the rows whose plain picture matches: those about which the gate would ask its defenses."""
    plain = {m: evidence.column(f"plain {m}") for m in point.weights}
    fused = np.sum([weight * plain[m] for m, weight in point.weights.items()], axis=0)
    matches = np.all([plain[m] >= floor for m, floor in point.floors.items()], axis=0) & (fused >= point.threshold)
    is_whole = np.isfinite(evidence.matrix(evidence_names(tuple(point.weights)))).all(axis=1)
    return evidence.only(matches & is_whole)


def fit_head(genuine: Genuine, attacks: AttackEvidence, models: Sequence[str]) -> HeadFit:
    """Fit a head on everybody, and one without the people of each fold to judge them by.

    Args:
        genuine: attempts of split A.
        attacks: would-be grants alone.
        models: in the order of the profile's weights.

    Raises:
        UsageError: there are too few attacks.
        ConfigError: scikit-learn is not installed.
    """
    if len(attacks) < FEWEST_ATTACKS:
        raise UsageError(
            f"{len(attacks)} attacks would be grants, and a head needs {FEWEST_ATTACKS}",
            hint="make more scenes with 'edge-gate redteam evidence --scenes N'",
        )
    names = evidence_names(models)
    return HeadFit(
        head=_fitted(genuine, attacks, names),
        held_out=held_out_scores(genuine, attacks, names),
        attacks=len(attacks),
    )


def held_out_scores(genuine: Genuine, attacks: AttackEvidence, names: Sequence[str]) -> Values:
    """Return the score of every genuine attempt from a head that has not seen the person, float64 (n,)."""
    scores = np.full(len(genuine.owners), np.nan)
    for fold in range(FOLDS):
        is_out, head = genuine.owners % FOLDS == fold, head_without(genuine, attacks, names, fold)
        scores[is_out] = head.scores({name: values[is_out] for name, values in genuine.columns.items()})
    return scores


def head_without(genuine: Genuine, attacks: AttackEvidence, names: Sequence[str], fold: int) -> DetectorHead:
    """Return the head fitted without the people of one fold, whether they came or were aimed at."""
    is_kept = genuine.owners % FOLDS != fold
    others = Genuine(columns={n: v[is_kept] for n, v in genuine.columns.items()}, owners=genuine.owners[is_kept])
    return _fitted(others, attacks.only(attacks.victims % FOLDS != fold), names)


def design(
    genuine: Genuine, attacks: AttackEvidence, names: Sequence[str]
) -> tuple[Values, NDArray[np.int64], Values]:
    """Return rows (n, names), what they are (1 = an attack) and their weights.

    Attacks together weigh as much as genuine attempts do, and every family as much as any other.
    """
    rows = np.vstack([np.stack([genuine.columns[n] for n in names], axis=1), attacks.matrix(names)])
    count = len(genuine.owners)
    kinds = np.array([kind_of(family) for family in attacks.families])
    _, index, sizes = np.unique(kinds, return_inverse=True, return_counts=True)
    of_attacks = count / (len(sizes) * sizes[index])
    labels = np.concatenate([np.zeros(count, np.int64), np.ones(len(attacks), np.int64)])
    return rows, labels, np.concatenate([np.ones(count), of_attacks])


def kind_of(family: str) -> str:
    """Return what a family is a variety of: ``oblivious`` of ``oblivious pgd-20 @4``."""
    return family.split(" ", 1)[0]


def _fitted(genuine: Genuine, attacks: AttackEvidence, names: Sequence[str]) -> DetectorHead:
    from sklearn.linear_model import LogisticRegression

    rows, labels, weights = design(genuine, attacks, names)
    center = rows[labels == 0].mean(axis=0)
    scale = np.maximum(rows[labels == 0].std(axis=0), np.finfo(np.float32).eps)
    found = LogisticRegression(C=STRENGTH, max_iter=2000).fit((rows - center) / scale, labels, sample_weight=weights)
    return DetectorHead(
        features=tuple(names),
        center=center,
        scale=scale,
        weights=found.coef_.ravel().astype(np.float64),
        bias=float(found.intercept_[0]),
        threshold=0.0,
    )
