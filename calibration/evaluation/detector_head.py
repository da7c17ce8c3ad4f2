"""What a learned head is worth: how many attacks of a kind it finds that it has never seen, beside the other checks.

Leave one kind of attack out, and leave people out: a row of a kind is scored by a head fitted without that kind and
without the people of that row's fold, and genuine attempts by the same heads. Whether it pays is another question:
it takes a share of the one budget of false rejection, so the other checks become a little looser.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.fitting.agreement import FOLDS
from calibration.fitting.attack_evidence import AttackEvidence, Values
from calibration.fitting.defense_points import DETECTOR
from calibration.fitting.detector_head import Genuine, head_without, held_out_scores, kind_of, would_be_granted
from calibration.statistics.intervals import Interval, clopper_pearson
from calibration.statistics.joint_refusal import Measure, refused, share_out
from edge.defenses.evidence_vector import LEAST_SHIFT, evidence_names
from edge.defenses.squeeze import SQUEEZERS
from edge.domain.errors import UsageError
from edge.domain.profile import MatchPoint

SHARES = (0.001, 0.01)
"""Of genuine attempts that the head alone refuses, for its rate of detection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How many of some attacks are found.

    Attributes:
        hits: how many.
        of: of how many.
    """

    hits: int
    of: int

    @property
    def ci95(self) -> Interval | None:
        """The exact interval of the rate; None of none."""
        return clopper_pearson(self.hits, self.of) if self.of else None

    def __str__(self) -> str:
        if self.ci95 is None:
            return "-"
        low, high = self.ci95
        return f"{self.hits}/{self.of} [{low:.0%}, {high:.0%}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyRow:
    """One family, with its kind left out of the fit.

    Attributes:
        family: its name; ``all`` = every family, each with its own kind left out.
        pictures: how many were attacked.
        asked: how many would be grants without a defense; the others' rates are of these.
        alone: by share of genuine attempts refused, how many the head by itself finds.
        without: how many the other checks find with the whole budget.
        together: how many all find, the head too, with the same budget.
    """

    family: str
    pictures: int
    asked: int
    alone: Mapping[float, Found]
    without: Found
    together: Found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """What is tried.

    Attributes:
        genuine: attempts of split A as a head sees them.
        measures: what every other check measured of them.
        point: the operating point.
        budget: share of genuine attempts that all checks may refuse together.
    """

    genuine: Genuine
    measures: Mapping[str, Measure]
    point: MatchPoint
    budget: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tried:
    """Attacks of one kind: which each of the ways finds; bool (n,) each."""

    rows: AttackEvidence
    alone: Mapping[float, NDArray[np.bool_]]
    without: NDArray[np.bool_]
    together: NDArray[np.bool_]


def leave_one_out(trial: Trial, evidence: AttackEvidence) -> Iterator[FamilyRow]:
    """Yield a row a family, and one of all.

    Raises:
        UsageError: no attacks of two kinds would be grants.
        ConfigError: scikit-learn or scipy is not installed.
    """
    asked = would_be_granted(evidence, trial.point)
    kinds = sorted({kind_of(family) for family in asked.families})
    if len(kinds) < 2:
        raise UsageError(
            f"attacks of {len(kinds)} kinds would be grants, and leaving one out needs two",
            hint="make more with 'edge-gate redteam evidence'",
        )
    tried = [_tried(trial, asked, kind) for kind in kinds]
    for family in dict.fromkeys(evidence.families):
        yield _row(family, evidence.families.count(family), tried, [family])
    yield _row("all", len(evidence), tried, list(dict.fromkeys(asked.families)))


def check_values(evidence: AttackEvidence, point: MatchPoint, checks: Sequence[str]) -> dict[str, Values]:
    """Return what the named checks of :func:`defense_measures` would measure of attacks, float64 (n,) each."""
    return {check: _check_value(evidence, point, check) for check in checks}


def _check_value(evidence: AttackEvidence, point: MatchPoint, check: str) -> Values:
    name, _, model = check.partition(" ")
    if check == "random-score":
        fused: Values = np.sum([w * evidence.column(f"random mean {m}") for m, w in point.weights.items()], axis=0)
        return fused
    if name == "random-drop":
        return evidence.column(f"random drop {model}")
    values = evidence.column(check)
    return np.exp2(values) - LEAST_SHIFT if name in set(SQUEEZERS) else values


def _tried(trial: Trial, asked: AttackEvidence, kind: str) -> _Tried:
    is_kind = np.array([kind_of(family) == kind for family in asked.families])
    rows, others = asked.only(is_kind), asked.only(~is_kind)
    names = evidence_names(tuple(trial.point.weights))
    own = held_out_scores(trial.genuine, others, names)
    scores = _attack_scores(trial.genuine, others, rows, names)
    detector = Measure(own, is_floor=False)
    values = check_values(rows, trial.point, list(trial.measures))
    measures, with_head = dict(trial.measures), {**trial.measures, DETECTOR: detector}
    return _Tried(
        rows=rows,
        alone={share: detector_fails(detector, scores, share) for share in SHARES},
        without=_caught(measures, values, trial.budget),
        together=_caught(with_head, {**values, DETECTOR: scores}, trial.budget),
    )


def detector_fails(genuine: Measure, scores: Values, share: float) -> NDArray[np.bool_]:
    """Return which attacks lie above the threshold that refuses ``share`` of the genuine attempts."""
    return Measure(scores, is_floor=False).fails(genuine.threshold(share))


def _attack_scores(genuine: Genuine, others: AttackEvidence, rows: AttackEvidence, names: Sequence[str]) -> Values:
    scores = np.full(len(rows), np.nan)
    matrix = rows.matrix(names)
    for fold in range(FOLDS):
        is_out = rows.victims % FOLDS == fold
        if is_out.any():
            head = head_without(genuine, others, names, fold)
            scores[is_out] = head.scores({n: matrix[is_out, i] for i, n in enumerate(names)})
    return scores


def _caught(measures: Mapping[str, Measure], values: Mapping[str, Values], budget: float) -> NDArray[np.bool_]:
    thresholds = share_out(measures, budget).thresholds
    return refused({c: Measure(values[c], is_floor=m.is_floor) for c, m in measures.items()}, thresholds)


def _row(name: str, pictures: int, tried: Sequence[_Tried], families: Sequence[str]) -> FamilyRow:
    members = [np.isin(np.array(some.rows.families), families) for some in tried]
    asked = int(sum(m.sum() for m in members))

    def found(hits: Sequence[NDArray[np.bool_]]) -> Found:
        return Found(hits=int(sum((h & m).sum() for h, m in zip(hits, members, strict=True))), of=asked)

    return FamilyRow(
        family=name,
        pictures=pictures,
        asked=asked,
        alone={share: found([some.alone[share] for some in tried]) for share in SHARES},
        without=found([some.without for some in tried]),
        together=found([some.together for some in tried]),
    )
