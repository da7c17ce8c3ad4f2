"""Made-up heads of the learned detector, and evidence of made-up attacks."""

from collections.abc import Sequence

import numpy as np

from calibration.fitting.attack_evidence import AttackEvidence
from calibration.fitting.detector_head import Genuine
from edge.domain.detector_head import DetectorHead


def a_head(features: Sequence[str], *, threshold: float = 0.0, seed: int = 1) -> DetectorHead:
    """Return a head with random numbers."""
    rng, count = np.random.default_rng(seed), len(features)
    return DetectorHead(
        features=tuple(features),
        center=rng.normal(size=count),
        scale=rng.uniform(0.5, 2.0, size=count),
        weights=rng.normal(size=count),
        bias=0.25,
        threshold=threshold,
    )


def genuine_of(names: Sequence[str], *, people: int = 60, each: int = 5, seed: int = 2) -> Genuine:
    """Return genuine attempts whose every number is about 0.8."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(people), each)
    return Genuine(columns={name: rng.normal(0.8, 0.05, size=len(owners)) for name in names}, owners=owners)


def attacks_of(names: Sequence[str], kinds: Sequence[str], *, shift: float, each: int = 20) -> AttackEvidence:
    """Return attacks like those attempts, but that every number lies ``shift`` higher."""
    rng, count = np.random.default_rng(3), each * len(kinds)
    return AttackEvidence(
        basis="b" * 64,
        names=tuple(names),
        values=rng.normal(0.8 + shift, 0.05, size=(count, len(names))),
        families=tuple(kind for kind in kinds for _ in range(each)),
        scenes=np.tile(np.arange(each), len(kinds)),
        victims=np.tile(np.arange(each), len(kinds)),
    )
