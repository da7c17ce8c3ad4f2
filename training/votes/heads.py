"""One linear head a contributor, over embeddings of a model that is never trained.

Deep partition aggregation (Levine and Feizi, ICLR 2021) with contributors as the partition: whatever a contributor
brings reaches their own head alone, so that one of them changes at most one vote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class VotingHeads:
    """Heads of all contributors.

    Attributes:
        people: names, in the order of the classes.
        weights: float64 (contributors, people, d), the unit mean of a person's embeddings that a contributor brought;
            NaN where they brought none.
    """

    people: tuple[str, ...]
    weights: NDArray[np.float64]

    @staticmethod
    def fit(rows: NDArray[np.float32], names: Sequence[str], contributors: Sequence[str]) -> "VotingHeads":
        """Return the heads of some pictures.

        Args:
            rows: float32 (n, d) unit embeddings.
            names: who each picture is said to show.
            contributors: who brought each.
        """
        people, who = tuple(sorted(set(names))), tuple(sorted(set(contributors)))
        weights = np.full((len(who), len(people), rows.shape[1]), np.nan)
        of_name, of_contributor = np.array(names), np.array(contributors)
        for head, contributor in enumerate(who):
            for person, name in enumerate(people):
                own = rows[(of_name == name) & (of_contributor == contributor)]
                if len(own):
                    mean = own.mean(axis=0, dtype=np.float64)
                    weights[head, person] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return VotingHeads(people, weights)

    def votes(self, rows: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return int (n, contributors): the person that each head names.

        Args:
            rows: float32 (n, d) unit embeddings.
        """
        scores = np.einsum("nd,hpd->nhp", rows.astype(np.float64), self.weights)
        return np.asarray(np.argmax(np.nan_to_num(scores, nan=-np.inf), axis=2), np.int64)
