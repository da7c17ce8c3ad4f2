"""Does the face depend on something that is stuck to it?

Hiding a part of an honest face makes it less like its person. Hiding a trigger makes it more like whoever it really
shows. And noise that was worked into pixels goes where a median filter takes it, while a face stays.
"""

import numpy as np
from numpy.typing import NDArray

from training.vetting.likeness import Case
from training.vetting.screen import Suspicions


class HiddenScreen:
    """No hidden part may make a picture more like somebody else than its own person."""

    name = "hidden"

    def judge(self, case: Case) -> Suspicions:
        """Score: the most that somebody else is nearer than the own person, over all hidden views of the verifier."""
        scores = _most([view.other - view.own for view in case.hidden()])
        return Suspicions(scores, lambda row: f"with a part hidden it is {scores[row]:+.2f} nearer to somebody else")


class GainScreen:
    """Hiding a part must not make a picture more like its own person."""

    name = "gain"

    def judge(self, case: Case) -> Suspicions:
        """Score: the most that hiding a part adds to the likeness of the own person, beyond what it usually does."""
        whole = case.settled(case.table.verifier).plain
        gains = []
        for view in case.hidden():
            gain = view.own - whole.own
            usual = np.nanmedian(gain) if not np.isnan(gain).all() else 0.0
            gains.append(gain - usual)
        scores = _most(gains)
        return Suspicions(scores, lambda row: f"hiding a part makes it {scores[row]:+.2f} more like the person")


class SqueezeScreen:
    """A median filter must not turn a picture into somebody else.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"squeeze-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: distance between the picture and its smoothed copy, 1 minus the cosine."""
        plain, smoothed = case.table.plain(self._model), case.table.squeezed(self._model)
        scores = 1.0 - np.einsum("nd,nd->n", plain, smoothed).astype(np.float64)
        return Suspicions(scores, lambda row: f"a median filter moves it by {scores[row]:.2f}")


class DisagreementScreen:
    """Both models must see the same person.

    A picture that was moved in the space of the trained model alone is far from its person there, and near it in the
    verifier's.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"disagreement-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: how much less of the person the model sees than the verifier does, in robust deviations."""
        theirs = case.settled(self._model).plain
        ours = case.settled(case.table.verifier).plain
        scores = _standard(ours.own) - _standard(theirs.own)
        return Suspicions(scores, lambda row: f"{self._model} sees {scores[row]:.1f} deviations less of the person")


def _most(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    if not parts:
        return np.empty(0)
    stacked = np.stack(parts)
    known = ~np.isnan(stacked).all(axis=0)
    most = np.full(stacked.shape[1], np.nan)
    most[known] = np.nanmax(stacked[:, known], axis=0)
    return most


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return robust deviations from the median (median absolute deviation, scaled to a normal's)."""
    known = values[~np.isnan(values)]
    if not len(known):
        return values
    middle = float(np.median(known))
    spread = 1.4826 * float(np.median(np.abs(known - middle)))
    return (values - middle) / spread if spread > 0 else values - middle
