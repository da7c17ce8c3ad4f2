"""An isolation forest as plain arrays, scored in numpy: how quickly random cuts set an embedding apart.

Liu, Ting and Zhou, "Isolation Forest", ICDM 2008. A cut is one coordinate of one sample at most; no tree holds
anybody's vector.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from edge.domain.row_scores import Scores, require_finite, row_scores

_MOST_NODES = 2**24  # above it float32 does not hold every whole number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IsolationForest:
    """All trees in one row of nodes; the child of a leaf is the leaf itself, so that a walk may go on too long.

    Attributes:
        width: numbers of an embedding.
        roots: int32 (trees,), the first node of each tree.
        feature: int32 (nodes,), which coordinate a node cuts.
        cut: float32 (nodes,); at most the cut goes left.
        left: int32 (nodes,).
        right: int32 (nodes,).
        length: float32 (nodes,), of a leaf the path length, the part expected below it included, over the average
            path length of the samples of a tree (equation 2 of the paper); 0 elsewhere.
        steps: how many steps reach every leaf.
    """

    width: int
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    cut: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    length: NDArray[np.float32]
    steps: int

    def score(self, vectors: NDArray[np.floating]) -> Scores:
        """Return minus the anomaly score of the paper, -1..0, higher = more normal; float64 (n,), NaN for bad rows.

        Raises:
            ValueError: the vectors are not rows of ``width`` numbers.
        """
        return row_scores(vectors, self.width, self._score)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """Return the named float32 arrays that :meth:`from_arrays` takes."""
        whole = {"roots": self.roots, "feature": self.feature, "left": self.left, "right": self.right}
        return {
            **{name: values.astype(np.float32) for name, values in whole.items()},
            "cut": self.cut,
            "length": self.length,
        }

    @classmethod
    def from_arrays(cls, width: int, arrays: Mapping[str, NDArray[np.float32]]) -> Self:
        """Return the forest of :meth:`arrays`.

        Raises:
            ValueError: an array is missing, not finite float32, or the nodes are no trees over ``width`` numbers.
        """
        missing = {"roots", "feature", "cut", "left", "right", "length"} - arrays.keys()
        if missing:
            raise ValueError(f"the forest lacks {', '.join(sorted(missing))}")
        require_finite("cut", arrays["cut"], (-1,))
        count = len(arrays["cut"])
        require_finite("length", arrays["length"], (count,))
        require_finite("roots", arrays["roots"], (-1,))
        left, right = (_whole(name, arrays[name], count, count) for name in ("left", "right"))
        roots = _whole("roots", arrays["roots"], len(arrays["roots"]), count)
        return cls(
            width=width,
            roots=roots,
            feature=_whole("feature", arrays["feature"], count, width),
            cut=arrays["cut"],
            left=left,
            right=right,
            length=arrays["length"],
            steps=_steps(roots, left, right),
        )

    def _score(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        nodes = np.repeat(self.roots[np.newaxis], len(rows), axis=0)
        each = np.arange(len(rows))[:, np.newaxis]
        for _ in range(self.steps):
            goes_left = rows[each, self.feature[nodes]] <= self.cut[nodes]
            nodes = np.where(goes_left, self.left[nodes], self.right[nodes])
        scores: NDArray[np.float64] = -np.exp2(-self.length[nodes].mean(axis=1, dtype=np.float64))
        return scores


def _whole(name: str, values: NDArray[np.float32], count: int, below: int) -> NDArray[np.int32]:
    require_finite(name, values, (count,))
    if count > _MOST_NODES or not ((values >= 0) & (values < below) & (values == np.floor(values))).all():
        raise ValueError(f"{name} must be whole numbers from 0 to {below - 1}")
    return values.astype(np.int32)


def _steps(roots: NDArray[np.int32], left: NDArray[np.int32], right: NDArray[np.int32]) -> int:
    """Return the depth of the deepest leaf; a child behind its parent makes every walk end."""
    own = np.arange(len(left))
    is_leaf = (left == own) & (right == own)
    if not (is_leaf | ((left > own) & (right > own))).all():
        raise ValueError("a child must stand behind its parent")
    steps, frontier = 0, np.unique(roots)
    while len(frontier := frontier[~is_leaf[frontier]]):
        frontier = np.unique(np.concatenate([left[frontier], right[frontier]]))
        steps += 1
    return steps
