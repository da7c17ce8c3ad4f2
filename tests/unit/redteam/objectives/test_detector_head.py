"""The attacker's head is the gate's, and it has a gradient."""

from dataclasses import replace

import numpy as np
import pytest

from edge.defenses.base import ViewEvidence
from edge.defenses.evidence_vector import evidence_columns, evidence_names, measurements_of
from edge.defenses.randomize import VIEW_COUNT
from edge.defenses.squeeze import SQUEEZED_VIEWS
from edge.domain.profile import Agreement
from tests.support.baselines import a_baseline
from tests.support.detector_heads import a_head
from tests.support.profiles import a_profile

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

MODELS, DIM = ("a", "b"), 8
VIEWS = ("plain", *(f"random-{i}" for i in range(VIEW_COUNT)), *(view.name for view in SQUEEZED_VIEWS))
CAPS = {"a": 0.7, "b": 0.9}
MAP = np.random.default_rng(4).normal(size=(DIM + 1, DIM)).astype(np.float32)
AGREEMENT = Agreement(source="a", target="b", weights=MAP, threshold=0.5)
PROFILE = replace(
    a_profile(),
    agreement=AGREEMENT,
    plain_score_caps=CAPS,
    baselines=tuple(a_baseline(model, DIM) for model in MODELS),
    detector_head=a_head(evidence_names(MODELS)),
)


def _seen() -> ViewEvidence:
    rng = np.random.default_rng(5)
    vectors, scores = {}, {}
    for model in MODELS:
        rows = rng.normal(size=DIM) + 0.2 * rng.normal(size=(len(VIEWS), DIM))
        vectors[model] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        scores[model] = rng.uniform(0.5, 0.95, size=len(VIEWS))
    return ViewEvidence(views=VIEWS, vectors=vectors, scores=scores, fused=np.zeros(len(VIEWS)))


def test_it_scores_as_the_gate_does_and_has_a_gradient() -> None:
    from redteam.objectives.detector_head import ROOM, SHARE_OF_LACK, HeadTwin

    seen, head = _seen(), PROFILE.detector_head
    assert head is not None
    theirs = evidence_columns(measurements_of(seen, AGREEMENT, PROFILE.baselines), CAPS)
    twin = HeadTwin.of(PROFILE)
    assert twin is not None
    vectors = {m: torch.from_numpy(v)[None].requires_grad_() for m, v in seen.vectors.items()}
    scores = {m: torch.from_numpy(s).float()[None] for m, s in seen.scores.items()}
    cosine = torch.from_numpy(theirs["agreement"]).float()
    randoms = slice(1, 1 + VIEW_COUNT)
    ours = twin.scores(vectors, scores, cosine, randoms)
    assert float(ours.detach()) == pytest.approx(float(head.scores(theirs)[0]), abs=2e-2)
    (gradient,) = torch.autograd.grad(ours.sum(), vectors["a"])
    assert bool(gradient.isfinite().all())
    assert float(gradient.abs().max()) > 0
    strict = HeadTwin.of(replace(PROFILE, detector_head=replace(head, threshold=float(ours.detach()) - 1.0)))
    assert strict is not None
    lack = float(strict.lack(vectors, scores, cosine, randoms).detach())
    assert lack == pytest.approx(SHARE_OF_LACK * (1.0 + ROOM), abs=1e-5)


def test_a_profile_without_a_head_has_no_twin() -> None:
    from redteam.objectives.detector_head import HeadTwin

    assert HeadTwin.of(replace(PROFILE, detector_head=None)) is None
