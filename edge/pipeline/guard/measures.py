"""Numbers that tell a poisoned enrollment picture: how like its person it is, and how like everybody else.

Higher is more suspicious. A number that nothing can be said about, as when there is nobody else, is NaN.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain.profile import MatchPoint
from edge.pipeline.guard.look import Look, Rows
from edge.recognition.gallery import Gallery, Template

Scores = NDArray[np.float64]

UNLIKE = "unlike"
ODD = "odd"
GAIN = "gain"
RESEMBLES = "resembles"
BETWEEN = "between"
HIDDEN_OTHER = "hidden"
DISAGREEMENT = "disagreement"


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What honest pictures do anyway, on median, and is taken off.

    Attributes:
        own: likeness to the own person that three quarters of them stay below; where the others are more alike than
            that, as moments of one recording are, it is no fault to be less.
        gain: float64 (masks,), fused likeness to the own person with a part hidden, less without.
        disagreement: likeness to the own person in the first model's eyes, less that in the second's.
    """

    own: float
    gain: Scores
    disagreement: float


@dataclass(frozen=True, slots=True, eq=False)
class OwnLikeness:
    """How like the others of its person a picture is.

    Attributes:
        plain: fused score against the others, as the gate scores a face against a template of them.
        per_model: the same by model id.
        hidden: float64 (masks,) fused scores with a part hidden.
    """

    plain: float
    per_model: Mapping[str, float]
    hidden: Scores


def own_likeness(look: Look, others: Sequence[Look], point: MatchPoint) -> OwnLikeness:
    """Compare a picture with the others of its person by the rule that opens: centroid, held down by the median.

    Args:
        look: of the picture.
        others: of at least one other picture.
        point: how models are weighed.

    Raises:
        ValueError: no other picture.
    """
    templates = {m: Template.from_vectors(np.stack([other.plain[m] for other in others])) for m in look.plain}
    per_model = {m: float(templates[m].scores(row[np.newaxis])[0]) for m, row in look.plain.items()}
    hidden = {m: templates[m].scores(rows) for m, rows in look.hidden.items()}
    return OwnLikeness(plain=point.fuse(per_model), per_model=per_model, hidden=_fused(hidden, point))


def likeness_to_others(look: Look, gallery: Gallery, point: MatchPoint) -> Scores:
    """Return the most that anybody enrolled is like each view, float64 (1 + masks,), the plain one first.

    Everybody is compared with every view: a shortlist by the plain picture would miss whom a trigger hides. NaN where
    nobody is enrolled.
    """
    views: dict[str, Rows] = {m: np.vstack([row[np.newaxis], look.hidden[m]]) for m, row in look.plain.items()}
    count = len(next(iter(views.values())))
    if not len(gallery):
        return np.full(count, np.nan)
    most = np.full(count, -np.inf)
    for subject in gallery.subjects:
        scores = {model: gallery.scores(subject, model, rows) for model, rows in views.items()}
        most = np.maximum(most, _fused(scores, point))
    return most


def measures_of(
    look: Look, others: Sequence[Look], gallery: Gallery, point: MatchPoint, usual: Usual
) -> dict[str, float]:
    """Return every number of one picture by its screen's name.

    Args:
        look: of the picture.
        others: of the other pictures of its person; where there is none, what compares with them is NaN.
        gallery: everybody else who is enrolled.
        point: the joint operating point: ``unlike`` is how far below it a picture is.
        usual: of honest pictures.
    """
    other = likeness_to_others(look, gallery, point)
    found = {RESEMBLES: float(other.max())}
    found |= {f"squeeze-{m}": 1.0 - float(row @ look.squeezed[m]) for m, row in look.plain.items()}
    if not others:
        return found | dict.fromkeys((UNLIKE, ODD, GAIN, BETWEEN, HIDDEN_OTHER, DISAGREEMENT), math.nan)
    own = own_likeness(look, others, point)
    return found | {
        UNLIKE: point.threshold - own.plain,
        ODD: _at_most(_mutual_likeness(others, point), usual.own) - own.plain,
        GAIN: float((own.hidden - own.plain - usual.gain).max()),
        BETWEEN: float(other[0] - own.plain),
        HIDDEN_OTHER: float((other[1:] - own.hidden).max()),
        DISAGREEMENT: abs(model_difference(own, point) - usual.disagreement),
    }


def model_difference(own: OwnLikeness, point: MatchPoint) -> float:
    """Return how much more of the person the first model of the operating point sees than the second."""
    first, second = list(point.weights)[:2]
    return own.per_model[first] - own.per_model[second]


def _mutual_likeness(looks: Sequence[Look], point: MatchPoint) -> float:
    """Return how like each other pictures are, the median over them; NaN of a single one."""
    if len(looks) < 2:
        return math.nan
    return float(np.median([own_likeness(look, [o for o in looks if o is not look], point).plain for look in looks]))


def _at_most(value: float, cap: float) -> float:
    return value if math.isnan(value) else min(value, cap)


def _fused(scores: Mapping[str, Scores], point: MatchPoint) -> Scores:
    fused: Scores = np.sum([weight * scores[model] for model, weight in point.weights.items()], axis=0)
    return fused
