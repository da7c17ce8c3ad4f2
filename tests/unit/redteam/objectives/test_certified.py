"""The attacker's view of the certificate is the gate's: equal scores, and a gradient through every copy."""

import numpy as np
import pytest

from edge.daemon.assembly import read_profile
from edge.daemon.models import SCREENING, load_models
from edge.settings.load import load_settings
from edge.vision.occlusion import views_of
from engines.golden import embedder_pictures
from engines.render.spec import CropGeometry

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")
pytestmark = pytest.mark.models

SIDE = 112
WHOLE = CropGeometry(np.eye(2, 3), 1)


def test_copies_lack_what_the_gate_says_they_lack() -> None:
    from redteam.campaign.arsenal import Twins
    from redteam.objectives.certified import CertificateLacks

    settings = load_settings(None)
    probe, other = (np.ascontiguousarray(picture[..., ::-1]) for picture in embedder_pictures(SIDE)[:2])
    with load_models(settings.engine) as models:
        profile = read_profile(settings, models, environment="development")
        certificate = next(c for c in profile.certificates if c.name == "tiered")
        embedder = models.stage(SCREENING).embedder
        of_probe, of_other = (embedder.embed(p, WHOLE, views_of(certificate.masks)) for p in (probe, other))
        template = certificate.template(of_other[np.newaxis])
        scores = certificate.scores(template, of_probe)
        twins = Twins.load(settings.engine, profile, (certificate,))
    lacks = CertificateLacks(twins.picture, (certificate,), [{certificate.name: template}])
    frames = torch.from_numpy(probe.transpose(2, 0, 1)[np.newaxis].astype(np.float32)).requires_grad_()
    matrices = {SCREENING: torch.eye(2, 3, dtype=torch.float64)[np.newaxis]}
    found = lacks.lacks(frames, matrices, slice(0, 1), room=0.0)
    wanted = np.maximum(certificate.thresholds - scores, 0)
    assert wanted.max() > 0.1
    np.testing.assert_allclose(found.detach().numpy()[0], wanted, atol=0.03)
    found.sum().backward()
    assert frames.grad is not None
    assert float(frames.grad.abs().max()) > 0
