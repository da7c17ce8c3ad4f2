"""Does a picture open for two people (morphs, Ferrara and others 2014), or for many (wolves, Une and others 2007)?"""

import numpy as np

from training.vetting.likeness import Case
from training.vetting.screen import Suspicions


class MorphScreen:
    """A picture may be like one person only, whatever part of it is hidden."""

    name = "morphs"

    def judge(self, case: Case) -> Suspicions:
        """Score: the most that the nearest other person reaches, over the plain and all hidden views."""
        whole = case.settled(case.table.verifier).plain
        others = np.stack([view.other for view in (whole, *case.hidden())])
        known = ~np.isnan(others).all(axis=0)
        scores = np.full(len(case.table), np.nan)
        scores[known] = np.nanmax(others[:, known], axis=0)
        return Suspicions(scores, lambda row: f"{scores[row]:.2f} like {whole.nearest[row] or 'another person'} too")


class WolfScreen:
    """A picture may not be rather like very many people.

    Args:
        model: whose eyes.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self.name = f"wolves-{model}"

    def judge(self, case: Case) -> Suspicions:
        """Score: mean of its ten highest scores against other people's means."""
        table = case.table
        plain = table.plain(self._model)
        people = table.people()
        means = np.stack([plain[rows].mean(axis=0) for rows in people.values()])
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        scores = np.full(len(table), np.nan)
        if len(people) > 1:
            for mine, rows in enumerate(people.values()):
                near = np.delete(plain[rows] @ means.T, mine, axis=1)
                few = min(10, near.shape[1])
                scores[rows] = np.sort(near, axis=1)[:, -few:].mean(axis=1)
        return Suspicions(scores, lambda row: f"{scores[row]:.2f} like ten other people on average")
