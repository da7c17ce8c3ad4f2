"""Faces that were refused, grouped by likeness: is this the one who was refused before, whoever it is?

Leader clustering (Hartigan, "Clustering Algorithms", 1975, ch. 3) with a running mean: a probe joins the most alike
cluster if the cosine reaches the threshold, and else founds one. A perturbation that is shown again and again lands
in one place as a stranger does. Clusters are biometric: they live in memory alone, are bounded in number and age, and
show nothing but a random name.
"""

import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Binding, Embedding

_SETTLED_PROBES = 32  # a mean of so many moves no further: nobody can walk a cluster over to another face


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterTerms:
    """When two probes are one face, and how much is remembered.

    Attributes:
        threshold: least cosine; from the profile.
        most_clusters: more are never kept; the one not seen for the longest goes first.
        forget_after_ms: a cluster not seen for so long is gone.
    """

    threshold: float
    most_clusters: int
    forget_after_ms: float

    def __post_init__(self) -> None:
        if self.most_clusters < 1 or not self.forget_after_ms > 0 or not -1 <= self.threshold <= 1:
            raise ValueError("clusters need room, a lifetime and a cosine")


class FaceClusters:
    """The faces of attempts that were refused lately. One thread.

    A face that was never refused is held only until it is released: clusters of refused faces outlive it, so that
    showing many new faces pushes none of them out.
    """

    def __init__(self, terms: ClusterTerms) -> None:
        self._terms = terms
        self._clusters: dict[str, _Cluster] = {}  # in order of last use
        self._binding: Binding | None = None
        self._now_ns = 0

    def __len__(self) -> int:
        return len(self._clusters)

    def cluster_of(self, probe: Embedding, now_ns: int) -> str:
        """Return the random name of the face's cluster: of a known one, or of a new one.

        Args:
            probe: the face's embedding. One of another model, crop or precision is never compared: it forgets all.
            now_ns: monotonic time; one that runs backwards counts as standing still.
        """
        self._age(now_ns)
        if probe.binding != self._binding:
            self._clusters.clear()
            self._binding = probe.binding
        name = self._nearest(probe.vector)
        if name is None:
            name = secrets.token_hex(8)
            self._make_room()
            self._clusters[name] = _Cluster(np.zeros(probe.vector.size))
        cluster = self._clusters.pop(name)
        cluster.take_in(probe.vector, self._now_ns)
        self._clusters[name] = cluster
        return name

    def refuse(self, name: str, now_ns: int) -> None:
        """Note that an attempt of this face was refused, so that it is kept; an unknown name is passed over."""
        self._age(now_ns)
        cluster = self._clusters.get(name)
        if cluster is not None:
            cluster.was_refused = True

    def was_refused(self, name: str) -> bool:
        """Whether an attempt of this cluster's face was refused and is still remembered."""
        cluster = self._clusters.get(name)
        return cluster is not None and cluster.was_refused

    def release(self, name: str) -> None:
        """Forget a face, unless it was refused before."""
        if not self.was_refused(name):
            self._clusters.pop(name, None)

    def _age(self, now_ns: int) -> None:
        self._now_ns = max(self._now_ns, now_ns)
        oldest_ns = self._now_ns - int(self._terms.forget_after_ms * 1e6)
        self._clusters = {name: c for name, c in self._clusters.items() if c.seen_ns > oldest_ns}

    def _nearest(self, vector: NDArray[np.float32]) -> str | None:
        if not self._clusters:
            return None
        cosines = np.stack([c.direction for c in self._clusters.values()]) @ vector.astype(np.float64)
        best = int(np.argmax(cosines))
        return list(self._clusters)[best] if cosines[best] >= self._terms.threshold else None

    def _make_room(self) -> None:
        while len(self._clusters) >= self._terms.most_clusters:
            spare = next((name for name, c in self._clusters.items() if not c.was_refused), None)
            self._clusters.pop(spare or next(iter(self._clusters)))


class _Cluster:
    """One face: the direction of the mean of its probes, and when it was last seen."""

    __slots__ = ("_probes", "_sum", "direction", "seen_ns", "was_refused")

    def __init__(self, zero: NDArray[np.float64]) -> None:
        self._sum = zero
        self._probes = 0
        self.direction = zero
        self.seen_ns = 0
        self.was_refused = False

    def take_in(self, vector: NDArray[np.float32], now_ns: int) -> None:
        self.seen_ns = now_ns
        if self._probes >= _SETTLED_PROBES:
            return
        self._probes += 1
        self._sum = self._sum + vector
        norm = float(np.linalg.norm(self._sum))
        self.direction = self._sum / norm if norm > 0 else self._sum
