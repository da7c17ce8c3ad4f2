"""Pairwise false matches: every probe against every enrolled person who is somebody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.rates import Rate
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint
from edge.recognition.gallery import Gallery

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Plain embeddings of all probes.

    Attributes:
        people: who is on each, n names.
        vectors: float32 (n, d) unit rows by model id.
    """

    people: Sequence[str]
    vectors: Mapping[str, Vectors]


def false_matches(gallery: Gallery, probes: Probes, point: MatchPoint) -> Rate:
    """Return the false match rate (ISO/IEC 19795-1) of templates against probes of other people, all against all.

    A comparison matches when the fused score and every model's floor are reached. Neither quality gate, screening nor
    defenses are asked. The comparisons share templates and probes, so the exact interval of the rate is narrower than
    that of as many independent ones.
    """
    return _counted(gallery, probes, point.floors, point)


def false_matches_alone(gallery: Gallery, probes: Probes, model_id: str, threshold: float) -> Rate:
    """Return the same for one model by itself at a threshold of its own."""
    return _counted(gallery, probes, {model_id: threshold}, None)


def _counted(gallery: Gallery, probes: Probes, floors: Mapping[str, float], point: MatchPoint | None) -> Rate:
    people = np.array(probes.people, dtype=object)
    hits = trials = 0
    for subject in gallery.subjects if len(people) else ():
        is_other = people != str(subject)
        hits += int(np.sum(_matched(gallery, subject, probes, floors, point) & is_other))
        trials += int(np.sum(is_other))
    return Rate(hits, trials)


def _matched(
    gallery: Gallery, subject: SubjectRef, probes: Probes, floors: Mapping[str, float], point: MatchPoint | None
) -> NDArray[np.bool_]:
    """Return which probes match a subject; bool (n,)."""
    scores = {model: gallery.scores(subject, model, probes.vectors[model]) for model in floors}
    reached = np.all([scores[model] >= floor for model, floor in floors.items()], axis=0)
    if point is not None:
        fused = np.sum([weight * scores[model] for model, weight in point.weights.items()], axis=0)
        reached &= fused >= point.threshold
    matched: NDArray[np.bool_] = reached
    return matched
